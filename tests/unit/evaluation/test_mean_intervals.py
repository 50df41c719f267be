from __future__ import annotations

from embedtune.evaluation.mean_intervals import mean_interval
from embedtune.vocabulary.evaluation import Scores

SCORES = Scores("mrr", {f"q{n}": (n % 4) / 3 for n in range(48)})
ALONE = {query: query for query in SCORES.per_query}


def interval(groups=ALONE, scores=SCORES, system="base", seed=1):
    return mean_interval(system, scores, groups, 500, seed)


def test_the_mean_lies_within():
    low, high = interval()
    assert 0 < low < SCORES.mean < high < 1
    assert interval() == (low, high)
    assert interval(seed=2) != interval(system="other") != (low, high)


def test_questions_about_one_section_are_one_piece_of_evidence():
    together = interval({f"q{n}": f"g{n // 8}" for n in range(48)})
    alike = interval({f"q{n}": f"g{n % 4}" for n in range(48)})
    assert alike[1] - alike[0] > interval()[1] - interval()[0]
    assert together != interval()


def test_a_mean_is_never_above_one_or_below_zero():
    nearly = Scores("mrr", {f"q{n}": float(n > 0) for n in range(20)})
    low, high = interval(ALONE, nearly)
    assert (low < 0.95, high) == (True, 1.0)
