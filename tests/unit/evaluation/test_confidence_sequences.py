from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.evaluation.confidence_sequences import balance_evidence, confidence_sequence, sequential_mean

ALPHA = 0.05


def written_out(observations, alpha):
    """Theorem 2 of Waudby-Smith and Ramdas, one observation after the other."""
    mean, variance, total, squares = 0.5, 0.25, 0.5, 0.25
    bets = weighted = spread = 0.0
    ends = []
    for time, seen in enumerate(observations, start=1):
        bet = min(math.sqrt(2 * math.log(2 / alpha) / (variance * time * math.log(1 + time))), 0.5)
        bets += bet
        weighted += bet * seen
        spread += 4 * (seen - mean) ** 2 * (-math.log(1 - bet) - bet) / 4
        radius = (math.log(2 / alpha) + spread) / bets
        ends.append((max(weighted / bets - radius, 0), min(weighted / bets + radius, 1)))
        total += seen
        mean = total / (time + 1)
        squares += (seen - mean) ** 2
        variance = squares / (time + 1)
    return ends


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.sampled_from([0.01, 0.05, 0.5]))
def test_it_is_the_published_sequence(observations, alpha):
    lows, highs = confidence_sequence(np.array(observations), alpha)
    np.testing.assert_allclose(list(zip(lows, highs, strict=True)), written_out(observations, alpha), atol=1e-9)


@pytest.mark.parametrize("mean", [0.02, 0.3, 0.5, 0.9])
def test_the_true_mean_is_hardly_ever_outside_at_any_time(mean):
    generator = np.random.default_rng(7)
    missed = 0
    for _ in range(300):
        lows, highs = confidence_sequence((generator.random(800) < mean).astype(float), ALPHA)
        missed += bool((lows > mean).any() or (highs < mean).any())
    assert missed <= 300 * ALPHA


def test_a_fixed_interval_would_miss_it_far_more_often():
    generator = np.random.default_rng(7)
    missed = 0
    for _ in range(300):
        seen = (generator.random(800) < 0.5).astype(float)
        times = np.arange(1, 801)
        off = np.abs(seen.cumsum() / times - 0.5) > 1.96 * 0.5 / np.sqrt(times)
        missed += bool(off[30:].any())
    assert missed > 300 * 3 * ALPHA


def test_the_interval_narrows_to_the_mean():
    seen = [float(number % 10 < 3) for number in range(20_000)]
    found = sequential_mean(seen, ALPHA)
    assert found.value == pytest.approx(0.3)
    assert found.low < 0.3 < found.high
    assert found.high - found.low < 0.04
    assert found.n == 20_000


def test_nothing_is_known_without_observations():
    assert (sequential_mean([], ALPHA).low, sequential_mean([], ALPHA).high) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_the_interval_lies_within_0_and_1_and_the_right_way_round(observations):
    found = sequential_mean(observations, ALPHA)
    assert 0 <= found.low <= found.high <= 1


def test_a_right_division_gives_little_evidence_at_any_time():
    generator = np.random.default_rng(3)
    shares = np.r_[np.full(300, 0.1), np.full(300, 0.5)]
    alarms = sum(balance_evidence((generator.random(600) < shares).tolist(), shares.tolist()) > 20 for _ in range(400))
    assert alarms <= 400 / 20


@pytest.mark.parametrize(("meant", "got"), [(0.5, 0.4), (0.1, 0.2), (0.5, 1.0)])
def test_a_wrong_division_is_found(meant, got):
    generator = np.random.default_rng(4)
    assigned = (generator.random(3000) < got).tolist()
    assert balance_evidence(assigned, [meant] * 3000) > 1000


def test_no_units_are_no_evidence():
    assert balance_evidence([], []) == 1.0
