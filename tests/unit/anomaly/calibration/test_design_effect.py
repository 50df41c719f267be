import numpy as np
import pytest
from scipy.stats import binom, norm

from embedtune.anomaly.calibration.design_effect import design_effect, independent_queries
from embedtune.anomaly.calibration.thresholds import Thresholds


def test_different_questions_are_worth_their_number():
    for count in range(20, 400, 7):
        scores = np.random.default_rng(count).uniform(size=count)
        assert independent_queries(scores, range(count)) == count


def test_copies_are_worth_one_another():
    scores = np.repeat(np.random.default_rng(1).uniform(size=50), 4)
    assert independent_queries(scores, np.repeat(range(50), 4).tolist()) == pytest.approx(50, abs=3)


def test_groups_that_say_nothing_cost_little():
    worth = [
        independent_queries(np.random.default_rng(seed).uniform(size=200), np.repeat(range(50), 4).tolist())
        for seed in range(30)
    ]
    assert np.mean(worth) > 140


def test_the_effect_of_copies_is_their_number():
    values = np.repeat(np.random.default_rng(1).normal(size=50), 4)
    assert design_effect(values, np.repeat(range(50), 4)) == pytest.approx(4)
    assert design_effect(values, range(200)) == pytest.approx(1)


def test_few_groups_count_as_one_query_each():
    scores = np.random.default_rng(1).uniform(size=200)
    assert independent_queries(scores, np.repeat(range(8), 25).tolist()) == 8
    assert independent_queries(np.ones(30), [0] * 30) == 1


def test_equal_scores_tell_nothing_of_their_groups():
    assert independent_queries(np.ones(120), np.repeat(range(40), 3).tolist()) == 40
    assert independent_queries(np.ones(30), range(30)) == 30


def drawn(sizes, noise, generator):
    """Scores of groups that share a part; the rate of a threshold t is the normal tail beyond it."""
    shared = np.repeat(generator.normal(size=len(sizes)), sizes)
    return (shared + noise * generator.normal(size=sum(sizes))) / np.sqrt(1 + noise**2)


@pytest.mark.parametrize("noise", [0.3, 1.0])
@pytest.mark.parametrize("sizes", [[25] * 8, [10] * 20, [5] * 40, [3] * 70, [10] * 10 + [1] * 100, [4] * 100])
def test_what_is_stated_is_kept_with_groups(sizes, noise):
    """Of the detectors that state the confidence, where a tenth of them do, at most one in twenty breaks it."""
    generator = np.random.default_rng(3)
    groups = np.repeat(range(len(sizes)), sizes).tolist()
    broken, on_average = [], []
    for _ in range(250):
        scores = drawn(sizes, noise, generator)
        thresholds = Thresholds.of(scores, (), 0.05, 0.95, groups)
        if not thresholds.guarantee.given:
            assert "no rate is promised" in thresholds.guarantee.sentence
            continue
        rate = norm.sf(thresholds.threshold())
        if thresholds.guarantee.confidence:
            assert "an estimated confidence of 95%" in thresholds.guarantee.sentence
            broken.append(rate > 0.05)
        else:
            assert "on average" in thresholds.guarantee.sentence
            on_average.append(rate)
    assert sum(broken) <= binom.ppf(0.95, max(len(broken), 25), 0.05)
    assert not on_average or np.mean(on_average) <= 0.05 + 1.645 * np.std(on_average) / np.sqrt(len(on_average))


def test_groups_cost_no_promise_that_can_be_kept():
    generator = np.random.default_rng(4)
    groups = np.repeat(range(70), 3).tolist()
    made = [Thresholds.of(drawn([3] * 70, 1.0, generator), (), 0.05, 0.95, groups).guarantee for _ in range(30)]
    assert all(guarantee.confidence == 0.95 for guarantee in made)
    assert np.mean([guarantee.worth for guarantee in made]) > 95
