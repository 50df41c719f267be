from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from embedtune.evaluation.assignment_evidence import assignment_evidence

LIMIT = 1000


@pytest.mark.parametrize("shares", [np.full(500, 0.01), np.full(500, 0.05), np.repeat([0.1, 0.5, 0.0, 0.9], 125)])
def test_a_right_division_gives_little_evidence_at_any_time(shares):
    generator = np.random.default_rng(3)
    drawn = generator.random((400, 500)) < shares
    alarms = sum(assignment_evidence(row.tolist(), shares.tolist()) > 20 for row in drawn)
    assert alarms <= 400 / 20


def test_the_mean_over_all_that_can_happen_is_1():
    """It is a martingale: what it is at the end (not its greatest value) has the expectation 1."""
    shares = [0.05, 0.5, 0.9, 0.01]
    expected = 0.0
    shifts = [sign * 2.0**power for sign in (-1, 1) for power in range(-7, 4)]
    for case in itertools.product([False, True], repeat=len(shares)):
        chance = math.prod(share if got else 1 - share for got, share in zip(case, shares, strict=True))
        last = np.mean([math.prod(_ratio(*one, shift) for one in zip(case, shares, strict=True)) for shift in shifts])
        assert assignment_evidence(list(case), shares) >= max(last, 1) * (1 - 1e-9)
        expected += chance * last
    assert expected == pytest.approx(1.0)


def _ratio(got, share, shift):
    odds = math.exp(shift) * share / (1 - share)
    other = odds / (1 + odds)
    return other / share if got else (1 - other) / (1 - share)


@pytest.mark.parametrize(
    ("share", "units", "candidates"),
    [(0.01, 10_000, 0), (0.05, 1000, 0), (0.05, 1000, 100), (0.5, 3000, 1200), (0.1, 3000, 600), (0.5, 600, 600)],
)
def test_a_wrong_division_is_found_at_small_shares_too(share, units, candidates):
    assigned = np.diff(np.arange(units + 1) * candidates // units) > 0
    assert assignment_evidence(assigned.tolist(), [share] * units) > LIMIT


@pytest.mark.parametrize(("share", "units", "candidates"), [(0.01, 10_000, 100), (0.05, 1000, 50)])
def test_as_many_as_expected_are_no_fault(share, units, candidates):
    assigned = np.diff(np.arange(units + 1) * candidates // units) > 0
    assert assignment_evidence(assigned.tolist(), [share] * units) < 20


@pytest.mark.parametrize(("got", "share"), [(True, 0.0), (False, 1.0)])
def test_what_cannot_be_is_a_fault_at_once(got, share):
    assert assignment_evidence([got], [share]) > LIMIT
    assert assignment_evidence([not got], [share]) == pytest.approx(1.0)


def test_no_units_are_no_evidence():
    assert assignment_evidence([], []) == 1.0
