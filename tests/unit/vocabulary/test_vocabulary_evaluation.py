from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.vocabulary.evaluation import Comparison, Qrels, Ranked, Run, Scores

GRADES = {"q2": {"s1": 2, "s2": 0}, "q1": {"s3": 1}, "q3": {"s1": 0}, "q4": {}}
names = st.text("abc", min_size=1, max_size=2)
grades = st.dictionaries(names, st.dictionaries(names, st.integers(0, 3), max_size=3), max_size=4)


def test_what_is_relevant():
    qrels = Qrels(GRADES)
    assert qrels.query_ids == ("q1", "q2")
    assert len(qrels) == 2
    assert qrels.grades("q2") == {"s1": 2, "s2": 0}
    assert qrels.relevant("q2") == {"s1"}
    assert qrels.relevant("q3") == qrels.relevant("unknown") == frozenset()
    assert dict(qrels.grades("unknown")) == {}


def test_judgements_cannot_be_changed():
    given_grades = {"q1": {"s1": 1}}
    qrels = Qrels(given_grades)
    with pytest.raises(TypeError):
        qrels.grades("q1")["s2"] = 1
    given_grades["q1"]["s2"] = 1
    given_grades["q2"] = {"s1": 1}
    assert qrels == Qrels({"q1": {"s1": 1}})


@given(grades, grades)
def test_equality_is_that_of_the_judgements(one, other):
    assert (Qrels(one) == Qrels(other)) == (one == other)
    assert (Qrels(one).digest == Qrels(other).digest) == (one == other)
    assert hash(Qrels(one)) == hash(Qrels(dict(reversed(one.items()))))


def test_grades_make_a_difference():
    assert Qrels({"q": {"s": 1}}) != Qrels({"q": {"s": 2}})
    assert Qrels({"q": {"s": 1}}) != {"q": {"s": 1}}


@given(grades, st.lists(names, max_size=3))
def test_a_restriction_keeps_the_named_queries(judged, wanted):
    expected = {query: value for query, value in judged.items() if query in wanted}
    assert Qrels(judged).restricted_to(wanted) == Qrels(expected)


def test_missing_is_not_asked_and_not_found_nothing():
    run = Run("base", "sha256:0", {"q1": (), "q9": (Ranked("s1", 1.0),)})
    assert run.missing(Qrels(GRADES)) == ("q2",)
    assert Run("base", "sha256:0", MappingProxyType({})).missing(Qrels(GRADES)) == ("q1", "q2")


def test_scores():
    scores = Scores("mrr", {"q1": 1.0, "q2": 0.5, "q3": 0.0})
    assert scores.mean == 0.5
    assert scores.over(["q1", "q2"]) == Scores("mrr", {"q1": 1.0, "q2": 0.5})
    assert Scores("mrr", {}).mean == 0.0
    with pytest.raises(KeyError):
        scores.over(["q9"])


def compare(baseline=0.5, candidate=0.6, low=0.02, high=0.18, n=10):
    return Comparison("mrr", "base", "tuned", baseline, candidate, low, high, 0.01, n)


def test_a_comparison_cannot_be_a_bare_difference():
    with pytest.raises(TypeError):
        Comparison("mrr", "base", "tuned", 0.5, 0.6)


@pytest.mark.parametrize("n", [0, -1])
def test_a_comparison_over_nothing_is_refused(n):
    with pytest.raises(ValueError, match="at least one query"):
        compare(n=n)


def test_an_interval_the_wrong_way_round_is_refused():
    with pytest.raises(ValueError, match="wrong way round"):
        compare(low=0.2, high=0.1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"p_adjusted": 0.001}, "between the p-value and 1"),
        ({"p_adjusted": 1.5}, "between the p-value and 1"),
        ({"detectable": 0.0}, "above 0"),
        ({"detectable": float("nan")}, "above 0"),
    ],
)
def test_impossible_figures_beside_the_interval_are_refused(changes, reason):
    with pytest.raises(ValueError, match=reason):
        replace(compare(), **changes)


@pytest.mark.parametrize(("p_adjusted", "verdict"), [(0.05, "better"), (0.051, "no clear difference")])
def test_one_of_several_slices_needs_a_corrected_p_value_too(p_adjusted, verdict):
    assert replace(compare(), p_adjusted=p_adjusted).verdict == verdict


def test_differences():
    assert compare().delta == pytest.approx(0.1)
    assert compare().relative == pytest.approx(0.2)
    assert compare(baseline=0.0).relative is None


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.2, "better"),
        (-0.2, -0.01, "worse"),
        (-0.1, 0.1, "no clear difference"),
        (0.0, 0.2, "no clear difference"),
        (-0.2, 0.0, "no clear difference"),
    ],
)
def test_the_verdict_is_whether_the_interval_excludes_0(low, high, verdict):
    assert compare(low=low, high=high).verdict == verdict
