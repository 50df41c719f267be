import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.anomaly.conformal import (
    ascending,
    confidence_of,
    conformal_p_values,
    conformal_threshold,
    flagged,
    smallest_calibration,
    threshold_rank,
)
from embedtune.errors import InputError

NINETEEN = np.arange(1.0, 20.0)
rates = st.integers(1, 99).map(lambda percent: percent / 100)
# Few distinct values, so that ties are common.
tied_scores = st.lists(st.integers(0, 8).map(float), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("alpha", "needed"), [(0.05, 19), (0.01, 99), (0.1, 9), (0.03, 33), (0.5, 1), (0.3, 3), (0.001, 999)]
)
def test_smallest_calibration_is_where_the_smallest_p_value_reaches_alpha(alpha, needed):
    assert smallest_calibration(alpha) == needed
    assert Fraction(1, needed + 1) <= Fraction(str(alpha)) < Fraction(1, needed)


@pytest.mark.parametrize(
    ("count", "alpha", "rank"),
    [(19, 0.05, 19), (20, 0.05, 20), (39, 0.05, 38), (9, 0.9, 1), (9, 0.3, 7), (99, 0.07, 93)],
)
def test_threshold_rank_by_hand(count, alpha, rank):
    assert threshold_rank(count, alpha) == rank


def test_threshold_is_the_score_of_that_rank_in_any_order():
    assert conformal_threshold(NINETEEN[::-1], 0.05) == 19.0
    assert conformal_threshold(NINETEEN[::-1], 0.1) == 18.0


def test_p_values_by_hand():
    p_values = conformal_p_values(np.array([0.0, 1.0, 10.0, 10.5, 19.0, 20.0]), NINETEEN)
    assert p_values.tolist() == [1.0, 1.0, 11 / 20, 10 / 20, 2 / 20, 1 / 20]


def test_too_few_scores_are_reported_with_the_numbers():
    with pytest.raises(InputError, match=r"18 calibration queries .*alpha = 0\.05: at least 19.*1 more.*0\.05263"):
        conformal_threshold(NINETEEN[:18], 0.05)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, math.nan])
def test_alpha_must_be_a_rate(alpha):
    with pytest.raises(InputError, match="not a rate"):
        smallest_calibration(alpha)


@pytest.mark.parametrize("scores", [[1.0, math.nan], [math.inf, 1.0], [[1.0], [2.0]]])
def test_scores_must_be_one_row_of_finite_numbers(scores):
    with pytest.raises(InputError, match="finite"):
        ascending(np.array(scores))


@given(tied_scores, rates, st.floats(-1, 9))
def test_threshold_and_p_value_say_the_same(scores, alpha, asked):
    calibration = ascending(np.array(scores))
    if len(calibration) < smallest_calibration(alpha):
        return
    above = asked > conformal_threshold(calibration, alpha)
    p_values = conformal_p_values(np.array([asked]), calibration)
    assert flagged(p_values, alpha, len(calibration)).tolist() == [above]


@given(tied_scores, rates)
def test_each_score_left_out_in_turn_is_flagged_at_most_at_rate_alpha(scores, alpha):
    # The guarantee itself: of n + 1 exchangeable scores each is equally likely to be the fresh one.
    values = np.array(scores)
    if len(values) - 1 < max(smallest_calibration(alpha), 1):
        return
    flags = [values[i] > conformal_threshold(np.delete(values, i), alpha) for i in range(len(values))]
    assert Fraction(sum(flags), len(values)) <= Fraction(str(alpha))


@given(tied_scores, st.lists(st.floats(-1, 9), min_size=2, max_size=10))
def test_p_values_fall_as_scores_rise_and_are_never_zero(scores, asked):
    p_values = conformal_p_values(np.sort(asked), ascending(np.array(scores)))
    assert (np.diff(p_values) <= 0).all()
    assert p_values.min() >= 1 / (len(scores) + 1)
    assert p_values.max() <= 1


def test_confidence_by_hand():
    # One score at alpha 1/2 has rank 1: the rate is uniform, Beta(1, 1).
    assert confidence_of(0.25, 1, 0.5) == pytest.approx(0.25)
    # The largest of 19: the rate stays below b unless all 19 fall into the other 1 - b.
    assert confidence_of(0.1, 19, 0.05) == pytest.approx(1 - 0.9**19)
    assert confidence_of(0.0, 19, 0.05) == 0
    assert confidence_of(1.0, 19, 0.05) == 1


def test_confidence_is_the_share_of_calibrations_that_keep_the_bound():
    generator = np.random.default_rng(5)
    thresholds = [conformal_threshold(generator.uniform(size=99), 0.05) for _ in range(4000)]
    share = np.mean(1 - np.array(thresholds) <= 0.07)
    assert share == pytest.approx(confidence_of(0.07, 99, 0.05), abs=0.025)


@pytest.mark.parametrize(("n", "alpha"), [(500, 0.03), (2000, 0.04)])
def test_at_most_five_percent_with_95_percent_confidence(n, alpha):
    assert confidence_of(0.05, n, alpha) >= 0.95
    assert confidence_of(0.05, n, 0.05) < 0.6


def test_confidence_needs_a_bound_and_enough_scores():
    with pytest.raises(InputError, match=r"1\.5"):
        confidence_of(1.5, 100, 0.05)
    with pytest.raises(InputError, match="at least 19"):
        confidence_of(0.05, 10, 0.05)
