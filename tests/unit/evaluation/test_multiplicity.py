import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.evaluation.multiplicity import corrected_over_slices, holm
from embedtune.vocabulary.evaluation import Comparison


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=12))
def test_holm_lies_between_no_correction_and_bonferroni_and_keeps_the_order(p_values):
    corrected = holm(p_values)
    for raw, fixed in zip(p_values, corrected, strict=True):
        assert raw <= fixed <= min(1.0, raw * len(p_values))
    by_raw = [fixed for _, fixed in sorted(zip(p_values, corrected, strict=True))]
    assert by_raw == sorted(by_raw)


def compared(slice_name, p_value, metric="mrr", candidate="tuned", n=10):
    return Comparison(metric, "base", candidate, 0.5, 0.6, 0.05, 0.15, p_value, n, slice_name)


def test_a_family_is_one_metric_of_one_pair():
    items = [
        compared("domain=a", 0.02),
        compared("domain=b", 0.03),
        compared("domain=a", 0.02, metric="ndcg@10"),
        compared("domain=a", 0.02, candidate="other"),
    ]
    assert [item.p_adjusted for item in corrected_over_slices(items, 20)] == [0.04, 0.04, 0.02, 0.02]


def test_all_questions_and_slices_that_hold_them_all_are_no_further_tests():
    items = [compared("all", 0.02, n=20), compared("origin=human", 0.02, n=20), compared("domain=a", 0.02)]
    found = corrected_over_slices(items, 20)
    assert [item.p_adjusted for item in found] == [None, None, 0.02]
    assert [item.slice for item in found] == ["all", "origin=human", "domain=a"]


def test_a_slice_that_stands_out_by_chance_alone_is_no_claim():
    items = [compared(f"domain={name}", 0.02) for name in "abc"]
    assert {item.verdict for item in items} == {"better"}
    assert {item.verdict for item in corrected_over_slices(items, 30)} == {"no clear difference"}
