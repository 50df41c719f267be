import numpy as np
from anomaly_samples import on_sphere

from embedtune.anomaly.grouping import groups_of


def test_neighbours_of_neighbours_are_one_group():
    near = np.eye(12)
    near[1, :2] = (0.85, 0.5)  # near the first
    near[2, :3] = (0.5, 0.85, 0)  # near the second, not the first
    near[1, 0], near[2, 0] = 0.85, 0.45
    groups = groups_of(on_sphere(near))
    assert groups[0] == groups[1] == groups[2]
    assert len(set(groups)) == 10


def test_in_a_narrow_domain_only_what_is_nearer_is_one_group():
    angles = np.radians(np.repeat(np.arange(0, 360, 30), 2) + np.tile([0, 2], 12))
    groups = groups_of(on_sphere(np.stack([np.cos(angles), np.sin(angles)], axis=1)))
    assert groups == np.repeat(np.arange(0, 24, 2), 2).tolist()


def test_where_all_are_alike_they_are_one_group():
    assert groups_of(on_sphere(np.ones((1200, 4)))) == [0] * 1200


def test_given_groups_are_numbered_in_order():
    assert groups_of(np.zeros((4, 2), np.float32), ["b", "a", "b", "c"]) == [0, 1, 0, 2]
