from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.evaluation.confidence_sequences import deviation, mean_before, sequential_mean

ALPHA = 0.05
BETS = [0.75 / 2**number for number in range(10)]


@given(st.floats(0, 1e6), st.sampled_from([0.001, 0.05, 0.5]))
def test_the_mean_over_the_bets_reaches_its_limit_there(squares, alpha):
    reached = float(deviation(np.float64(squares), alpha))
    exponents = [bet * reached - (-math.log(1 - bet) - bet) * squares - math.log(2 / alpha) for bet in BETS]
    assert sum(math.exp(one) for one in exponents) / len(BETS) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("squares", [10.0, 100.0, 1e4, 1e6])
def test_it_costs_less_than_three_times_the_width_for_one_look(squares):
    reached = float(deviation(np.float64(squares), ALPHA)) / math.sqrt(squares)
    assert 1.96 < reached < 3 * 1.96


def missed(means, seen):
    """Whether the mean of the means so far is outside of the interval at any time."""
    radius = deviation(((seen - mean_before(seen)) ** 2).cumsum(), ALPHA)
    return bool((np.abs((seen - means).cumsum()) > radius).any())


@pytest.mark.parametrize(
    "means",
    [
        np.full(600, 0.02),
        np.full(600, 0.5),
        np.r_[np.full(300, 0.6), np.full(300, 0.3)],
        0.5 + 0.4 * np.sin(np.arange(600) / 50),
    ],
)
def test_the_mean_so_far_is_hardly_ever_outside_at_any_time_though_it_moves(means):
    generator = np.random.default_rng(7)
    wrong = sum(missed(means, (generator.random(600) < means).astype(float)) for _ in range(100))
    assert wrong <= 100 * ALPHA


def test_a_fixed_interval_would_miss_it_far_more_often():
    generator = np.random.default_rng(7)
    wrong = 0
    for _ in range(300):
        seen = (generator.random(800) < 0.5).astype(float)
        times = np.arange(1, 801)
        off = np.abs(seen.cumsum() / times - 0.5) > 1.96 * 0.5 / np.sqrt(times)
        wrong += bool(off[30:].any())
    assert wrong > 300 * 3 * ALPHA


def test_the_interval_narrows_to_the_mean():
    seen = [float(number % 10 < 3) for number in range(20_000)]
    found = sequential_mean(seen, ALPHA)
    assert found.value == pytest.approx(0.3)
    assert found.low < 0.3 < found.high
    assert found.high - found.low < 0.03
    assert found.n == 20_000


def test_drift_does_not_look_like_precision():
    """Rates of .6 and then .3: the mean so far is .45, and no earlier interval says anything of it."""
    generator = np.random.default_rng(8)
    seen = (generator.random(4000) < np.r_[np.full(2000, 0.6), np.full(2000, 0.3)]).astype(float).tolist()
    found = sequential_mean(seen, ALPHA)
    assert found.low < 0.45 < found.high
    assert found.value == pytest.approx((found.low + found.high) / 2)
    assert found.high - found.low > 4 * math.sqrt(0.25 / 4000)


def test_nothing_is_known_without_observations():
    assert (sequential_mean([], ALPHA).low, sequential_mean([], ALPHA).high) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_interval_holds_its_mean_and_lies_within_0_and_1(observations):
    found = sequential_mean(observations, ALPHA)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_prediction_is_made_from_earlier_observations_alone(observations):
    expected = [(0.5 + sum(observations[:number])) / (number + 1) for number in range(len(observations))]
    assert mean_before(np.array(observations)).tolist() == pytest.approx(expected)
