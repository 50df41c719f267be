import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.evaluation.equal_sections import collapsed_qrels, collapsed_run, equal_sections, standing_for
from embedtune.evaluation.metrics import Measure, score_run
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run

NAMES = ("recall@1", "recall@3", "accuracy@1", "precision@3", "ndcg@10", "mrr", "map")
MEASURES = [Measure.parse(name) for name in NAMES]


def run_of(*ids):
    return Run("base", "sha256:0", {"q": tuple(Ranked(section, -float(place)) for place, section in enumerate(ids))})


def values(run, grades, standing):
    scores = score_run(collapsed_run(run, standing), collapsed_qrels(Qrels({"q": grades}), standing), MEASURES)
    return [scores[name].mean for name in NAMES]


def test_texts_are_equal_but_for_white_space():
    texts = {"b": "Zentrix 40\nBleed the  pump.", "a": "Zentrix 40 Bleed the pump.", "c": "Zentrix 41 Bleed the pump."}
    assert equal_sections(texts) == {"a": "a", "b": "a"}


def test_sections_without_text_are_equal_to_none():
    assert equal_sections({"a": "", "b": " \n", "c": "word"}) == {}


def test_words_that_run_together_are_another_text():
    assert equal_sections({"a": "pump 12 3", "b": "pump 1 23"}) == {}


def test_finding_the_copy_that_was_not_judged_finds_the_answer():
    standing = standing_for([("judged", "copy")])
    assert values(run_of("copy", "x"), {"judged": 1}, standing) == values(run_of("judged", "x"), {"judged": 1}, {})


def test_a_copy_never_counts_twice_and_is_never_in_the_way():
    standing = standing_for([("a", "a2", "a3")])
    found = run_of("x", "a2", "a", "a3", "b")
    assert values(found, {"a": 1, "b": 1}, standing) == values(run_of("x", "a", "b"), {"a": 1, "b": 1}, {})
    assert [entry.section_id for entry in collapsed_run(found, standing).rankings["q"]] == ["x", "a", "b"]


def test_copies_that_are_both_judged_are_one_answer_with_the_higher_grade():
    standing = standing_for([("a", "a2")])
    collapsed = collapsed_qrels(Qrels({"q": {"a": 1, "a2": 3, "b": 0}, "r": {"b": 0}}), standing)
    assert dict(collapsed.grades("q")) == {"a": 3, "b": 0}
    assert dict(collapsed.grades("r")) == {"b": 0}
    assert values(run_of("a2"), {"a": 1, "a2": 3}, standing)[0] == 1.0


def test_scores_decide_which_copy_is_first():
    run = Run("base", "", {"q": (Ranked("a", 0.1), Ranked("x", 0.5), Ranked("a2", 0.9))})
    collapsed = collapsed_run(run, standing_for([("a", "a2")]))
    assert collapsed.rankings["q"] == (Ranked("a", 0.9), Ranked("x", 0.5))


def test_what_was_not_asked_and_what_found_nothing_stay_apart():
    run = Run("base", "", {"q": ()})
    collapsed = collapsed_run(run, {"a": "a", "b": "a"})
    assert collapsed.rankings == {"q": ()}
    assert collapsed.missing(Qrels({"q": {"a": 1}, "r": {"a": 1}})) == ("r",)


def test_a_section_named_twice_is_still_refused():
    with pytest.raises(InputError, match="twice"):
        values(run_of("a", "x", "a"), {"a": 1}, standing_for([("a", "a2")]))


def test_without_equal_sections_nothing_is_touched():
    run, qrels = run_of("a"), Qrels({"q": {"a": 1}})
    assert collapsed_run(run, {}) is run
    assert collapsed_qrels(qrels, {}) is qrels


@given(
    st.permutations("abcdef"),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), min_size=1),
    st.integers(0, 6),
)
def test_renaming_within_groups_changes_no_figure(order, grades, depth):
    """Whichever copies a system names, and whichever were judged, the figures are those of the groups."""
    groups = [("a", "b"), ("c", "d", "e")]
    standing = standing_for(groups)
    swapped = {"a": "b", "b": "a", "c": "e", "e": "c"}
    found = order[:depth]
    before = values(run_of(*found), grades, standing)
    assert values(run_of(*(swapped.get(s, s) for s in found)), grades, standing) == before
    assert values(run_of(*found), {swapped.get(s, s): g for s, g in grades.items()}, standing) == before
    assert all(0 <= value <= 1 for value in before)
