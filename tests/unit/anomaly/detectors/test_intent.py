import numpy as np
import pytest
from anomaly_samples import QUESTIONS, LetterTokens, fitted

from embedtune.anomaly.detectors.intent import Intent
from embedtune.anomaly.knowledge.texts import attacks
from embedtune.anomaly.windows import words
from embedtune.errors import ModelError


class Deaf(LetterTokens):
    """Has no tokens for some words, as a tokenizer has none for control characters."""

    def ids(self, texts):
        return [[] if text.startswith("\x00") else found for text, found in zip(texts, super().ids(texts), strict=True)]


@pytest.fixture(scope="module")
def intent():
    return fitted(detectors=("intent",)).combination.detectors["intent"]


def test_known_orders_are_beyond_normal_queries(intent):
    orders = [intent.window_scores(words(text)).max() for text in attacks()]
    normal = [intent.window_scores(words(text)).max() for text in QUESTIONS]
    assert np.quantile(orders, 0.1) > np.quantile(normal, 0.9)


def test_an_order_shows_in_its_window(intent):
    text = f"how do I descale the steam wand {attacks()[0]} when should I oil the pump"
    scores = intent.window_scores(words(text))
    assert 0 < int(np.argmax(scores)) < len(scores) - 1


def test_a_word_without_tokens_says_nothing(intent):
    arrays = dict(intent.arrays())
    deaf = Intent.from_arrays(arrays, Deaf())
    assert np.isfinite(deaf.window_scores(["\x00"])).all()
    assert deaf.window_scores(["how", "\x00"]) == pytest.approx(deaf.window_scores(["how"]))


def test_the_tokens_must_be_as_many_as_when_it_was_fitted(intent):
    class Fewer(LetterTokens):
        vectors = LetterTokens.vectors[:100]

    with pytest.raises(ModelError, match="does not fit"):
        Intent.from_arrays(dict(intent.arrays()), Fewer())
    with pytest.raises(ModelError, match="this model has none"):
        Intent.from_arrays({}, None)
