from collections import Counter

import numpy as np
from anomaly_samples import PASSAGES, QUESTIONS, TokenEncoder

from embedtune.anomaly.detectors import word_counts
from embedtune.anomaly.detectors.word_counts import BEGIN, WordCounts
from embedtune.anomaly.fitting import fit_detector
from embedtune.anomaly.preparation import KnownPassages, NormalQueries
from embedtune.config.anomaly_settings import AnomalySettings


def test_words_and_pairs_are_counted():
    counts = WordCounts.of([("a", "b", "a"), ("a", "b")])
    assert counts.words == Counter(a=3, b=2)
    assert counts.pairs == Counter({f"{BEGIN} a": 2, "a b": 2, "b a": 1})


def test_of_too_many_the_common_ones_are_kept_and_no_more_held():
    draw = np.random.default_rng(1)
    texts = [("the", "pump", str(number), str(draw.integers(10**9))) for number in range(2000)]
    counts = WordCounts.of(texts, most=50)
    assert (len(counts.words), len(counts.pairs)) == (50, 50)
    assert counts.words["the"] == counts.pairs["the pump"] == 2000
    assert WordCounts.of(texts, most=50) == counts


def test_a_large_corpus_does_not_make_a_large_detector(tmp_path, monkeypatch):
    settings = AnomalySettings(detectors=("wording",))
    noise = [f"{text} {number}x{number} is part {number}y" for number, text in enumerate(PASSAGES * 20)]
    sizes = []
    for most in (word_counts.MOST, 300):
        monkeypatch.setattr(WordCounts.of.__func__, "__defaults__", (most,))
        made = fit_detector(
            TokenEncoder(), NormalQueries(QUESTIONS[:100]), settings=settings, seed=1, passages=KnownPassages(noise)
        )
        sizes.append(len(made.combination.arrays()["wording.pairs.hashes"]))
        assert made.score_texts(TokenEncoder(), ["xkqj zzvw pplo rrtt"])[0].verdict == "anomalous"
    assert sizes[0] > 5000
    assert sizes[1] <= 600
