from __future__ import annotations

from dataclasses import replace

import pytest

from embedtune.report.content import Tone
from embedtune.report.system_rows import system_rows
from embedtune.report.verdict import detectable_text, difference_text, verdict
from embedtune.vocabulary.evaluation import Comparison, GateResult
from report_samples import METRIC, QUESTIONS, SETTINGS, good_ranks, poor_ranks, record, run, source

PASSED, FAILED = GateResult("gain", passed=True, reason="yes"), GateResult("domains", passed=False, reason="no")


def said(**changes):
    made = source(**changes)
    return verdict(made, system_rows(made))


def first(ranks):
    return sum(rank == 1 for rank in ranks)


def test_better():
    found = said()
    assert found.tone is Tone.GOOD
    assert found.headline == "tuned finds more than base"
    counts = f"tuned puts a right section first for {first(good_ranks())} of {QUESTIONS} questions, base for "
    assert found.sentence.startswith(
        f"{counts}{first(poor_ranks())}: a difference larger than chance explains (in nDCG@10, a score from 0 to 1: +"
    )
    assert found.sentence.count(". ") == 0
    assert found.basis.startswith(
        "base is the model as it was before training, tuned is the model that is judged. "
        f"Measured on {QUESTIONS} questions written by people, over {QUESTIONS} sections."
    )


def test_a_sample_is_called_one():
    runs = [run("base", poor_ranks()), run("tuned", good_ranks())]
    found = said(record=record(runs, sample={"asked": QUESTIONS, "of": 500, "seed": 7}))
    assert f"on {QUESTIONS} questions written by people, drawn from 500 with seed 7, over" in found.basis


def comparison(pair, detectable):
    return Comparison("ndcg@10", *pair, 0.5, 0.6, 0.0, 0.2, 0.05, 80, detectable=detectable)


def test_the_smallest_difference_that_could_be_seen_is_said_in_one_sentence():
    one, other = comparison(("base", "tuned"), 0.0314), comparison(("base", "bm25"), 0.0625)
    ending = "is found four times in five; a smaller one may be missed."
    assert detectable_text([one]) == f"With 80 questions like these a true difference in nDCG@10 of 0.031 {ending}"
    both = detectable_text([other, one, comparison(("bm25", "tuned"), None)])
    assert f"of 0.031 to 0.062, depending on the two systems, {ending}" in both
    assert detectable_text([comparison(("base", "tuned"), None)]) == detectable_text([]) == ""
    assert said().detectable.startswith(f"With {QUESTIONS} questions like these")


def test_worse():
    found = said(record=record([run("base", good_ranks()), run("tuned", poor_ranks())]))
    assert found.tone is Tone.BAD
    assert found.headline == "tuned finds less than base"
    assert "larger than chance explains (in nDCG@10, a score from 0 to 1: -" in found.sentence


def test_no_clear_difference():
    ranks = poor_ranks()
    found = said(record=record([run("base", ranks), run("tuned", [*reversed(ranks)])]))
    assert found.tone is Tone.UNCLEAR
    assert found.headline == "No clear difference between tuned and base"
    assert "chance alone may explain" in found.sentence


def test_equal_systems():
    ranks = good_ranks()
    found = said(record=record([run("base", ranks), run("tuned", ranks)]))
    assert found.headline == "No clear difference between tuned and base"
    assert f"for {first(ranks)} of {QUESTIONS} questions, base for {first(ranks)}" in found.sentence


def test_counts_are_named_at_a_depth_where_they_move_as_the_metric_does():
    before = [3] * QUESTIONS
    before[0] = 1
    after = [2] * QUESTIONS
    found = said(record=record([run("base", before), run("tuned", after)]))
    assert found.tone is Tone.GOOD
    assert " first for 0 of" not in found.sentence
    assert "equally many" in found.sentence


def test_a_gain_that_fails_a_gate_is_told_with_caution():
    made = source()
    found = said(record=replace(made.record, gates=(PASSED, FAILED)))
    assert found.tone is Tone.CAUTION
    assert found.headline.endswith(", but not everywhere")
    assert found.sentence.endswith("1 of 2 conditions for publishing fails.")


def test_too_few_questions():
    few = SETTINGS.model_copy(update={"min_slice": 100})
    found = said(record=record([run("base", poor_ranks()), run("tuned", good_ranks())], settings=few))
    assert found.tone is Tone.UNCLEAR
    assert found.headline == "Too few questions for a conclusion"
    assert f"{QUESTIONS} questions are too few to tell a difference from chance: 100 are needed" in found.sentence


def test_one_system():
    found = said(record=record([run("base", good_ranks())], pairs=()), headline=None)
    assert found.tone is Tone.UNCLEAR
    assert "nothing to compare" in found.headline
    assert f"first for {first(good_ranks())}" in found.sentence


def test_several_systems_that_were_not_compared():
    found = said(record=record([run("one", good_ranks()), run("two", good_ranks())], pairs=()), headline=None)
    assert found.headline == "Several systems, not compared"
    assert "base" in found.sentence


@pytest.mark.parametrize(
    ("ranks", "said_of_best"),
    [(good_ranks(), "It has the highest nDCG@10 of the 3 systems."), ([1] * QUESTIONS, "third has the highest")],
)
def test_the_best_of_several_systems_is_named(ranks, said_of_best):
    third = [None] * QUESTIONS if ranks == good_ranks() else ranks
    runs = [run("base", poor_ranks()), run("tuned", good_ranks()), run("third", third)]
    assert said_of_best in said(record=record(runs)).basis


@pytest.mark.parametrize(
    ("origin", "words"), [("generated", "made by a program"), ("human and generated", "some written by people")]
)
def test_who_wrote_the_questions(origin, words):
    made = source()
    runs = made.record.evaluation.runs
    assert words in said(record=record(runs, question_origin=origin)).basis


def test_a_difference_comes_with_its_interval():
    (comparison,) = [c for c in source().record.evaluation.comparisons if c.slice == "all" and c.metric == METRIC]
    text = difference_text(comparison)
    assert text.startswith(f"{comparison.delta:+.3f}, 95 % interval {comparison.ci_low:+.3f} to ")
