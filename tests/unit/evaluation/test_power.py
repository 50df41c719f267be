import numpy as np
import pytest

from embedtune.evaluation.power import detectable_difference
from embedtune.evaluation.significance import GroupedDifferences


def test_many_questions_detect_what_the_normal_formula_says():
    differences = np.random.default_rng(1).normal(0.3, 0.4, 2000)
    expected = (1.95996 + 0.84162) * differences.std(ddof=1) / np.sqrt(2000)
    assert detectable_difference(GroupedDifferences.of(differences)) == pytest.approx(expected, rel=2e-3)


def test_the_true_difference_itself_plays_no_part():
    differences = np.random.default_rng(2).normal(0.0, 0.4, 50)
    moved = detectable_difference(GroupedDifferences.of(differences + 0.2))
    assert moved == pytest.approx(detectable_difference(GroupedDifferences.of(differences)))


def test_copies_of_questions_detect_no_more():
    differences = np.random.default_rng(3).normal(0.0, 0.4, 20)
    once = detectable_difference(GroupedDifferences.of(differences))
    labels = [str(i) for i in range(20) for _ in range(5)]
    assert detectable_difference(GroupedDifferences.of(np.repeat(differences, 5), labels)) == pytest.approx(once)


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_without_any_spread_nothing_is_known(value):
    assert detectable_difference(GroupedDifferences.of([value] * 30)) is None


def test_a_difference_of_that_size_is_found_four_times_in_five():
    rng = np.random.default_rng(4)
    size = detectable_difference(GroupedDifferences.of(rng.normal(0.0, 1.0, 30)))
    spread = 1.0 / np.sqrt(30)
    found = 0
    for _ in range(2000):
        sample = rng.normal(0.0, 1.0, 30) + 2.87 * spread
        found += abs(sample.mean()) > 2.045 * sample.std(ddof=1) / np.sqrt(30)
    assert 0.75 < found / 2000 < 0.85
    assert size == pytest.approx(2.90 * spread, rel=0.3)
