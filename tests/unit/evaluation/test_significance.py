from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.evaluation import significance
from embedtune.evaluation.significance import (
    GroupedDifferences,
    bootstrap_interval,
    bootstrap_intervals,
    randomisation_p_value,
    randomisation_p_values,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_grouping_adds_up_within_groups():
    grouped = GroupedDifferences.of([1.0, 2.0, -3.0, 0.5], ["x", "y", "x", "y"])
    assert grouped.sums.tolist() == [-2.0, 2.5]
    assert grouped.sizes.tolist() == [2.0, 2.0]
    assert grouped.mean == pytest.approx(0.125)
    assert len(grouped) == 2


@pytest.mark.parametrize(("differences", "groups"), [([], None), ([1.0], []), ([1.0], ["a", "b"])])
def test_differences_and_groups_must_match(differences, groups):
    with pytest.raises(ValueError, match="one entry a query"):
        GroupedDifferences.of(differences, groups)


def test_equal_systems_have_no_interval_and_p_one():
    grouped = GroupedDifferences.of([0.0] * 20)
    assert bootstrap_interval(grouped, 200, rng()) == (0.0, 0.0)
    assert randomisation_p_value(grouped, 200, rng()) == 1.0


def test_a_constant_difference_has_an_interval_of_one_point_and_the_least_p():
    grouped = GroupedDifferences.of([0.25] * 40)
    assert bootstrap_interval(grouped, 300, rng()) == pytest.approx((0.25, 0.25))
    assert randomisation_p_value(grouped, 300, rng()) == pytest.approx(1 / 301)


def test_differences_that_cancel_have_p_one():
    assert randomisation_p_value(GroupedDifferences.of([0.3, -0.3, 0.1, -0.1]), 500, rng()) == 1.0


def test_the_p_value_comes_near_the_exact_one():
    differences = [0.5, 0.2, 0.1, -0.1, 0.4, 0.3, -0.2]
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in product((1, -1), repeat=7)]
    exact = np.mean([value >= sum(differences) - 1e-9 for value in sums])
    assert randomisation_p_value(GroupedDifferences.of(differences), 20_000, rng()) == pytest.approx(exact, abs=0.01)


def test_the_interval_comes_near_that_of_normal_theory_for_many_queries():
    differences = rng(3).normal(0.1, 0.3, 800)
    low, high = bootstrap_interval(GroupedDifferences.of(differences), 4000, rng())
    margin = 1.96 * differences.std(ddof=1) / np.sqrt(800)
    assert low == pytest.approx(differences.mean() - margin, abs=0.002)
    assert high == pytest.approx(differences.mean() + margin, abs=0.002)


def test_copies_of_one_question_are_no_new_evidence():
    differences = rng(1).normal(0.1, 0.4, 15)
    once = GroupedDifferences.of(differences)
    copied = GroupedDifferences.of(np.repeat(differences, 20), [str(i) for i in range(15) for _ in range(20)])
    naive = GroupedDifferences.of(np.repeat(differences, 20))
    # Groups are numbered by name, so the draws meet other groups: equal up to resampling noise.
    assert bootstrap_interval(copied, 4000, rng()) == pytest.approx(bootstrap_interval(once, 4000, rng()), abs=0.03)
    assert np.ptp(bootstrap_interval(copied, 4000, rng())) > 3 * np.ptp(bootstrap_interval(naive, 4000, rng()))
    assert randomisation_p_value(copied, 4000, rng()) == pytest.approx(
        randomisation_p_value(once, 4000, rng()), abs=0.04
    )


def test_unequal_groups_weigh_by_their_queries():
    grouped = GroupedDifferences.of([1.0, 1.0, 1.0, 0.0], ["big", "big", "big", "small"])
    assert grouped.mean == 0.75
    assert grouped.residuals.tolist() == [0.75, -0.75]
    assert grouped.standard_error == pytest.approx(np.sqrt(2) * np.sqrt(2 * 0.75**2) / 4)
    # Sizes of 3 and 1 tell as much as 1.6 equal groups: no less than one degree of freedom is left.
    assert grouped.degrees_of_freedom == 1.0


def test_groups_of_one_size_have_the_usual_standard_error():
    differences = rng(4).normal(size=25)
    grouped = GroupedDifferences.of(differences)
    assert grouped.standard_error == pytest.approx(differences.std(ddof=1) / 5)
    assert grouped.degrees_of_freedom == pytest.approx(24)


def test_one_great_group_leaves_little_certainty():
    labels = ["great"] * 60 + [str(i) for i in range(20)]
    differences = rng(6).normal(size=80)
    great, even = GroupedDifferences.of(differences, labels), GroupedDifferences.of(differences)
    assert great.degrees_of_freedom == 1.0
    assert np.ptp(bootstrap_interval(great, 500, rng())) > 3 * np.ptp(bootstrap_interval(even, 500, rng()))


def test_differences_together_have_the_intervals_and_p_values_they_have_alone():
    grouped = [GroupedDifferences.of(rng(seed).normal(0.2, 1.0, 30)) for seed in (1, 2, 3)]
    intervals, p_values = bootstrap_intervals(grouped, 500, rng(7)), randomisation_p_values(grouped, 500, rng(8))
    for one, interval, p_value in zip(grouped, intervals, p_values, strict=True):
        assert bootstrap_interval(one, 500, rng(7)) == pytest.approx(interval)
        assert randomisation_p_value(one, 500, rng(8)) == p_value


def test_differences_on_other_groups_are_not_resampled_together():
    one, other = GroupedDifferences.of([1.0, 2.0, 3.0]), GroupedDifferences.of([1.0, 2.0, 3.0], ["a", "a", "b"])
    with pytest.raises(ValueError, match="the same groups"):
        bootstrap_intervals([one, other], 10, rng())


def test_skewed_differences_have_a_lopsided_interval():
    grouped = GroupedDifferences.of([0.0] * 20 + [1.0, 0.9, 0.1, 0.2])
    low, high = bootstrap_interval(grouped, 2000, rng())
    assert high - grouped.mean > 1.2 * (grouped.mean - low)


def test_one_group_has_no_interval():
    with pytest.raises(ValueError, match="at least two groups"):
        bootstrap_interval(GroupedDifferences.of([0.1, 0.2], ["a", "a"]), 100, rng())


def test_one_group_proves_nothing():
    assert randomisation_p_value(GroupedDifferences.of([0.1, 0.2], ["a", "a"]), 100, rng()) == 1.0


def test_the_seed_decides():
    grouped = GroupedDifferences.of(rng(5).normal(size=30))
    assert bootstrap_interval(grouped, 300, rng(7)) == bootstrap_interval(grouped, 300, rng(7))
    assert bootstrap_interval(grouped, 300, rng(7)) != bootstrap_interval(grouped, 300, rng(8))


def test_small_batches_cover_every_sample(monkeypatch):
    grouped = GroupedDifferences.of([0.25] * 7)
    monkeypatch.setattr(significance, "_CELLS_AT_ONCE", 20)
    assert bootstrap_interval(grouped, 101, rng()) == pytest.approx((0.25, 0.25))
    assert randomisation_p_value(GroupedDifferences.of([0.0] * 7), 101, rng()) == 1.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=2, max_size=30))
def test_swapping_the_systems_keeps_p_and_mirrors_the_interval(differences):
    grouped, swapped = (GroupedDifferences.of([sign * d for d in differences]) for sign in (1, -1))
    assert randomisation_p_value(grouped, 99, rng()) == randomisation_p_value(swapped, 99, rng())
    low, high = bootstrap_interval(grouped, 199, rng())
    assert low <= grouped.mean <= high
    assert bootstrap_interval(swapped, 199, rng()) == pytest.approx((-high, -low), abs=1e-9)


@pytest.mark.parametrize(("groups", "size"), [(15, 1), (60, 1), (15, 5)])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(groups, size):
    """Skewed, discrete differences as metrics have them, with a share that the whole group has in common."""
    generator = rng(20_24)
    labels = [str(i) for i in range(groups) for _ in range(size)]
    values, chances = np.array([-0.5, 0.0, 0.5, 1.0]), [0.1, 0.5, 0.2, 0.2]
    truth = float(values @ chances)
    covered = 0
    for _ in range(400):
        common = np.repeat(generator.choice(values, groups, p=chances), size)
        own = generator.choice(values, groups * size, p=chances)
        differences = 0.7 * common + 0.3 * own
        low, high = bootstrap_interval(GroupedDifferences.of(differences, labels), 200, generator)
        covered += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_p_values_of_equal_systems_are_small_as_rarely_as_they_say():
    generator = rng(11)
    p_values = [
        randomisation_p_value(GroupedDifferences.of(generator.normal(size=20)), 199, generator) for _ in range(400)
    ]
    assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.08
