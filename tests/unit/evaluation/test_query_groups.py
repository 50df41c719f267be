from hypothesis import given
from hypothesis import strategies as st

from embedtune.evaluation.query_groups import query_groups
from embedtune.vocabulary.evaluation import Qrels

QRELS = Qrels({"q1": {"a": 1}, "q2": {"a": 2, "b": 1}, "q3": {"b": 1}, "q4": {"c": 1, "a": 0}, "q5": {"d": 1}})


def test_without_section_groups_every_query_stands_alone():
    assert query_groups(QRELS, None) == {q: q for q in ("q1", "q2", "q3", "q4", "q5")}


def test_sharing_a_relevant_section_is_transitive_and_irrelevant_sections_do_not_link():
    assert query_groups(QRELS, {}) == {"q1": "q1", "q2": "q1", "q3": "q1", "q4": "q4", "q5": "q5"}


def test_near_duplicate_sections_link_their_queries():
    groups = query_groups(QRELS, {"c": "cluster", "d": "cluster"})
    assert groups["q4"] == groups["q5"] == "q4"


def test_a_group_named_like_an_ungrouped_section_is_not_that_section():
    groups = query_groups(Qrels({"q1": {"a": 1}, "q2": {"b": 1}}), {"a": "b"})
    assert groups == {"q1": "q1", "q2": "q2"}


@given(
    st.dictionaries(
        st.integers(0, 12).map(str), st.sets(st.integers(0, 8).map(str), min_size=1, max_size=3), min_size=1
    )
)
def test_groups_are_the_connected_components(relevant):
    groups = query_groups(Qrels({q: dict.fromkeys(s, 1) for q, s in relevant.items()}), {})
    expected = {}
    for query in relevant:
        reached, sections = {query}, set(relevant[query])
        while more := {q for q in relevant if q not in reached and relevant[q] & sections}:
            reached |= more
            sections |= set().union(*(relevant[q] for q in more))
        expected[query] = min(reached)
    assert groups == expected
