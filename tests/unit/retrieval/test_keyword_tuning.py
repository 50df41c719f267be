from __future__ import annotations

import pytest

from embedtune.errors import InputError
from embedtune.retrieval.keyword_tuning import tune_keywords
from embedtune.retrieval.tuning import MIN_QUESTIONS
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.retrieval import KeywordSettings

DEFAULT = KeywordSettings()
OTHER, STEMMED = KeywordSettings(1.6, 0.75), KeywordSettings(0.9, 0.4, stemming=True)
RIGHT, WRONG = [("right", 2.0), ("wrong", 1.0)], [("wrong", 2.0), ("right", 1.0)]


def reciprocal_rank(ranking, grades):
    return next((1 / rank for rank, id_ in enumerate(ranking, start=1) if grades.get(id_, 0) > 0), 0.0)


def questions(count):
    return Qrels({f"q{number:03d}": {"right": 1} for number in range(count)})


def found(qrels, right, first=0):
    """Return candidates that are right from one question to another."""
    return {query: RIGHT if first <= number < right else WRONG for number, query in enumerate(qrels.query_ids)}


@pytest.mark.parametrize(("right", "chosen"), [(10, DEFAULT), (12, DEFAULT), (20, STEMMED)])
def test_another_than_the_default_must_be_clearly_better(right, chosen):
    qrels = questions(40)
    tried = {DEFAULT: found(qrels, 10), OTHER: found(qrels, 9), STEMMED: found(qrels, right, 1)}

    result = tune_keywords(qrels, tried, DEFAULT, reciprocal_rank)

    assert result.keywords == chosen
    assert result.default_value == pytest.approx((10 + 30 / 2) / 40)
    assert (result.tried, result.n) == (3, 40)
    assert ("no more than one standard error" in result.reason) == (right == 12)


def test_among_equals_the_one_nearest_to_the_default_is_best():
    qrels = questions(30)
    far = KeywordSettings(2.0, 0.9)
    tried = {far: found(qrels, 30), OTHER: found(qrels, 30), DEFAULT: found(qrels, 0), STEMMED: found(qrels, 30)}
    assert tune_keywords(qrels, tried, DEFAULT, reciprocal_rank).keywords == OTHER


def test_few_questions_leave_the_default():
    qrels = questions(MIN_QUESTIONS - 1)
    result = tune_keywords(qrels, {}, DEFAULT, reciprocal_rank)
    assert (result.keywords, result.dev_value, result.tried) == (DEFAULT, None, 0)


def test_the_default_must_have_been_tried():
    qrels = questions(30)
    with pytest.raises(InputError, match=r"k1 0\.9, b 0\.4"):
        tune_keywords(qrels, {OTHER: found(qrels, 3)}, DEFAULT, reciprocal_rank)
