import numpy as np
import pytest

from embedtune.anomaly.division import drawn_groups

SIZES = [10] * 10 + [1] * 100
GROUPS = np.repeat(range(len(SIZES)), SIZES).tolist()


def test_large_groups_are_on_either_side_as_often():
    """One group of ten queries has the chance of a single one to calibrate, whatever comes first."""
    shares = []
    for seed in range(300):
        rows = drawn_groups(GROUPS, 100, 180, seed)
        shares.append(np.mean([GROUPS[row] < 10 for row in rows]))
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)


def test_one_large_group_calibrates_in_half_of_the_draws():
    groups = [0] * 60 + list(range(1, 141))
    whole = [drawn_groups(groups, 100, 180, seed)[:60] == list(range(60)) for seed in range(200)]
    assert 0.4 < np.mean(whole) < 0.75  # what ends the drawing is a large group more often than not
    assert all(len({row for row in drawn_groups(groups, 100, 180, s) if row < 60}) in {0, 60} for s in range(20))


def test_there_are_as_many_as_wanted_unless_a_group_is_too_large():
    assert len(drawn_groups(range(79), 59, 59, 1)) == 59
    for seed in range(20):
        assert 59 <= len(drawn_groups(GROUPS, 59, 180, seed)) < 69
    assert drawn_groups([0] * 50, 20, 30, 1) == []
    assert drawn_groups(GROUPS, 59, 180, 3) == drawn_groups(GROUPS, 59, 180, 3)
