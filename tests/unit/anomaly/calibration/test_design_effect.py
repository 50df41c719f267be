import numpy as np
import pytest

from embedtune.anomaly.calibration.design_effect import design_effect, independent_queries
from embedtune.anomaly.calibration.guarantee import promise


def test_different_questions_are_worth_their_number():
    for count in range(20, 400, 7):
        scores = np.random.default_rng(count).uniform(size=count)
        assert independent_queries(scores, range(count)) == count


def test_copies_are_worth_one_another():
    scores = np.repeat(np.random.default_rng(1).uniform(size=50), 4)
    assert independent_queries(scores, np.repeat(range(50), 4).tolist()) == pytest.approx(50, abs=2)


def test_groups_that_say_nothing_cost_little():
    worth = [
        independent_queries(np.random.default_rng(seed).uniform(size=200), np.repeat(range(50), 4).tolist())
        for seed in range(30)
    ]
    assert np.mean(worth) > 160


def test_the_effect_of_copies_is_their_number():
    values = np.repeat(np.random.default_rng(1).normal(size=50), 4)
    assert design_effect(values, np.repeat(range(50), 4)) == pytest.approx(4)
    assert design_effect(values, range(200)) == pytest.approx(1)


def test_equal_scores_are_taken_as_independent():
    assert independent_queries(np.ones(30), [0] * 30) == 30


def test_with_groups_the_promise_is_kept():
    # Groups of five that share most of their score; the rate of a threshold t is 1 - t.
    generator = np.random.default_rng(3)
    groups = np.repeat(range(40), 5).tolist()
    kept = {True: [], False: []}
    for _ in range(600):
        shared = np.repeat(generator.normal(size=40), 5)
        scores = (shared + 0.3 * generator.normal(size=200)) / np.sqrt(1.09)
        for heeded, found in kept.items():
            worth = independent_queries(scores, groups) if heeded else None
            threshold = np.sort(scores)[-1 - promise(200, 0.05, 0.95, worth).beyond]
            found.append(threshold >= 1.6449)
    assert np.mean(kept[True]) > np.mean(kept[False]) + 0.05
