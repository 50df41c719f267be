import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.anomaly.calibration.conformal import ascending, at_least, conformal_p_values
from embedtune.errors import InputError

NINETEEN = np.arange(1.0, 20.0)
# Few distinct values, so that ties are common.
tied_scores = st.lists(st.integers(0, 8).map(float), min_size=1, max_size=60)


def test_p_values_by_hand():
    p_values = conformal_p_values(np.array([0.0, 1.0, 10.0, 10.5, 19.0, 20.0, math.inf]), NINETEEN)
    assert p_values.tolist() == [1.0, 1.0, 11 / 20, 10 / 20, 2 / 20, 1 / 20, 1 / 20]


def test_infinite_calibration_scores_count_against_flagging():
    assert at_least(np.array([math.inf, 5.0]), ascending(np.array([math.inf, 1.0, 2.0]))).tolist() == [1, 1]


@pytest.mark.parametrize("scores", [[1.0, math.nan], [[1.0], [2.0]]])
def test_scores_must_be_one_row_of_numbers(scores):
    with pytest.raises(InputError, match="one row of numbers"):
        ascending(np.array(scores))


def test_ascending_scores_are_read_only():
    ordered = ascending(np.array([3.0, 1.0]))
    assert ordered.tolist() == [1.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        ordered[0] = 9


@given(tied_scores, st.lists(st.floats(-1, 9), min_size=2, max_size=10))
def test_p_values_fall_as_scores_rise_and_are_never_zero(scores, asked):
    p_values = conformal_p_values(np.sort(asked), ascending(np.array(scores)))
    assert (np.diff(p_values) <= 0).all()
    assert p_values.min() >= 1 / (len(scores) + 1)
    assert p_values.max() <= 1


@given(tied_scores, st.integers(1, 99))
def test_each_score_left_out_in_turn_has_a_small_p_value_at_most_as_often_as_it_says(scores, percent):
    # The law itself: of n + 1 exchangeable scores each is equally likely to be the fresh one.
    values = np.array([*scores, 0.0])
    rare = [
        conformal_p_values(values[i : i + 1], ascending(np.delete(values, i)))[0] <= percent / 100
        for i in range(len(values))
    ]
    assert sum(rare) <= len(values) * percent / 100 + 1e-9
