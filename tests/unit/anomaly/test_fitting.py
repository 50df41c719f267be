import hashlib

import numpy as np
import pytest
from anomaly_samples import DIMENSION, on_sphere
from hypothesis import given
from hypothesis import strategies as st

from embedtune.anomaly.detector import Verdict
from embedtune.anomaly.fitting import split_queries, train_anomaly_detector
from embedtune.config.settings import AnomalySettings
from embedtune.errors import InputError

SETTINGS = AnomalySettings(alpha=0.1, epochs=5)
QUERIES = [f"How do I check part {number}?" for number in range(90)]


class WordEncoder:
    """Sums a fixed random vector a word."""

    name = "words"
    digest = "sha256:words"
    dimension = DIMENSION

    def __init__(self):
        self.encoded = []

    def encode(self, texts):
        self.encoded.append(list(texts))
        return on_sphere(np.array([sum(map(self._word, text.split())) for text in texts]))

    def _word(self, word):
        return np.random.default_rng(list(hashlib.sha256(word.encode()).digest())).normal(size=DIMENSION)


@given(st.permutations(QUERIES))
def test_the_split_does_not_depend_on_the_order(queries):
    assert split_queries(queries, alpha=0.1, seed=1) == split_queries(QUERIES, alpha=0.1, seed=1)


def test_a_third_calibrates_and_nothing_is_on_both_sides():
    split = split_queries(QUERIES, alpha=0.1, seed=1)
    assert len(split.calibration) == 30
    assert sorted(split.fit + split.calibration) == sorted(QUERIES)
    assert split_queries(QUERIES, alpha=0.1, seed=2) != split


def test_a_small_alpha_takes_as_many_as_it_needs():
    split = split_queries(QUERIES, alpha=0.02, seed=1)
    assert (len(split.calibration), len(split.fit)) == (49, 41)


def test_repetitions_and_blanks_are_left_out():
    doubles = [text.upper() for text in QUERIES] + [f"  {text.replace(' ', '  ')}\n" for text in QUERIES]
    assert split_queries([*QUERIES, "", " \t", *doubles], alpha=0.1, seed=1) == split_queries(
        QUERIES, alpha=0.1, seed=1
    )


def test_given_calibration_queries_are_used_and_never_fitted_on():
    own = [*QUERIES[:12], "one that is new", "how do I check PART 0?"]
    split = split_queries(QUERIES, own, alpha=0.1, seed=1)
    assert sorted(split.calibration) == sorted(own[:-1])
    assert sorted(split.fit) == sorted(QUERIES[12:])


@pytest.mark.parametrize(
    ("normal", "own", "reason"),
    [
        ([], None, r"0 distinct queries to fit on and 0 to calibrate"),
        (QUERIES[:28], None, r"19 distinct queries to fit on and 9 .*fitting needs 20, and alpha = 0\.1 needs 9"),
        (QUERIES[:5] * 40, None, r"0 distinct queries to fit on and 5"),
        (QUERIES, QUERIES[:8], r"82 distinct queries to fit on and 8 to calibrate"),
        (QUERIES, [], r"90 distinct queries to fit on and 0 to calibrate"),
    ],
)
def test_too_few_queries_are_refused_before_encoding(normal, own, reason):
    encoder = WordEncoder()
    with pytest.raises(InputError, match=reason):
        train_anomaly_detector(encoder, normal, settings=SETTINGS, seed=1, calibration_queries=own)
    assert encoder.encoded == []


@pytest.mark.parametrize(("alpha", "calibration"), [(0.1, 9), (0.3, 3)])
def test_the_smallest_number_of_queries_is_enough(alpha, calibration):
    split = split_queries(QUERIES[: 20 + calibration], alpha=alpha, seed=1)
    assert (len(split.fit), len(split.calibration)) == (20, calibration)
    with pytest.raises(InputError, match="too few"):
        split_queries(QUERIES[: 19 + calibration], alpha=alpha, seed=1)


def test_a_detector_from_queries():
    encoder = WordEncoder()
    detector = train_anomaly_detector(encoder, QUERIES, settings=SETTINGS, seed=1)
    split = split_queries(QUERIES, alpha=0.1, seed=1)
    assert encoder.encoded == [list(split.fit), list(split.calibration)]
    detector.check_digest("sha256:words")
    assert (detector.card.fit_queries, detector.card.calibration_queries) == (60, 30)
    assert (detector.card.hidden, detector.card.code) == (128, 64)
    far, near = detector.score(encoder.encode(["purple monkeys dance gladly", "How do I check part 500?"]))
    assert far.verdict is Verdict.ANOMALOUS
    assert near.score < far.score


def test_the_order_of_the_queries_changes_no_byte(tmp_path):
    for name, queries in (("one", QUERIES), ("two", QUERIES[::-1])):
        train_anomaly_detector(WordEncoder(), queries, settings=SETTINGS, seed=1).save(tmp_path / name)
    for name in ("detector.json", "detector.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
