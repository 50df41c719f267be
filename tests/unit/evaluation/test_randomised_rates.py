from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.evaluation.randomised_rates import randomised_rates

ALPHA = 0.05


def drawn(seed, shares, rates, gain=0.0):
    generator = np.random.default_rng(seed)
    treated = generator.random(len(shares)) < shares
    outcomes = (generator.random(len(shares)) < rates + gain * treated).astype(float)
    return treated, outcomes


def estimated(treated, shares, outcomes, until=None):
    columns = (column[:until].tolist() for column in (treated, shares, outcomes))
    return randomised_rates(*columns, ALPHA)


ROLL_OUT = (np.repeat([0.01, 0.05, 0.5, 1.0, 0.5], 120), np.repeat([0.6, 0.5, 0.3, 0.9, 0.2], 120))


@pytest.mark.parametrize(("shares", "rates"), [ROLL_OUT, (np.full(600, 0.5), np.full(600, 0.1))])
def test_no_effect_is_hardly_ever_excluded_at_any_look(shares, rates):
    wrong = 0
    for seed in range(40):
        treated, outcomes = drawn(seed, shares, rates)
        looks = (estimated(treated, shares, outcomes, until).difference for until in range(20, 601, 20))
        wrong += any(look.low > 0 or look.high < 0 for look in looks)
    assert wrong <= 40 * ALPHA


def test_the_rates_of_both_arms_are_covered_while_they_move():
    shares, rates = ROLL_OUT
    weights = shares * (1 - shares)
    wrong = 0
    for seed in range(40):
        treated, outcomes = drawn(seed, shares, rates)
        for until in range(50, 601, 50):
            found = estimated(treated, shares, outcomes, until)
            truth = (weights * rates)[:until].sum() / weights[:until].sum()
            wrong += not all(one.low <= truth <= one.high for one in (found.treated, found.untreated))
    assert wrong <= 40 * ALPHA


def test_the_estimate_is_right_on_average_and_its_interval_not_wide():
    shares, rates = np.repeat([0.05, 0.5], 1500), np.repeat([0.6, 0.3], 1500)
    found = [estimated(*_ordered(seed, shares, rates)).difference for seed in range(100)]
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx(0.1, abs=4 * values.std() / 10)
    # 1.96 standard errors would be right for one look.
    assert np.mean([one.high - one.low for one in found]) < 2 * 4.5 * values.std()


def _ordered(seed, shares, rates):
    treated, outcomes = drawn(seed, shares, rates, gain=0.1)
    return treated, shares, outcomes


def test_who_could_not_have_met_the_other_arm_counts_for_nothing():
    shares = np.array([0.5, 0.0, 1.0, 0.5])
    found = randomised_rates([True, False, True, False], shares.tolist(), [1.0, 1.0, 1.0, 0.0], ALPHA)
    assert (found.untreated.n, found.treated.n, found.difference.n) == (1, 1, 2)
    nothing = randomised_rates([True], [1.0], [1.0], ALPHA)
    assert (nothing.difference.low, nothing.difference.high, nothing.treated.n) == (-1.0, 1.0, 0)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.99), st.floats(0, 1)), max_size=30))
def test_intervals_hold_their_values_within_what_is_possible(units):
    columns = [list(column) for column in zip(*units, strict=True)] or [[], [], []]
    found = randomised_rates(*columns, ALPHA)
    for one, least in ((found.treated, 0), (found.untreated, 0), (found.difference, -1)):
        assert least <= one.low <= one.value <= one.high <= 1
