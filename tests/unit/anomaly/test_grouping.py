import numpy as np
from anomaly_samples import on_sphere

from embedtune.anomaly.grouping import groups_of


def test_neighbours_of_neighbours_are_one_group():
    angles = np.radians([0, 30, 60, 170, 200, 90 + 180])
    vectors = on_sphere(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    first, second, third, fourth, fifth, last = groups_of(vectors)
    assert first == second == third
    assert fourth == fifth
    assert len({first, fourth, last}) == 3


def test_more_than_a_block_of_copies_is_one_group():
    assert set(groups_of(on_sphere(np.ones((1200, 4))))) == {0}


def test_given_groups_are_numbered_in_order():
    assert groups_of(np.zeros((4, 2), np.float32), ["b", "a", "b", "c"]) == [0, 1, 0, 2]
