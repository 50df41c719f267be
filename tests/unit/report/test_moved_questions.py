from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.report.moved_questions import QUESTIONS, moved_questions, shortened
from report_samples import good_ranks, poor_ranks, queries, source

BETWEEN = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


@pytest.fixture(scope="module")
def moved():
    made = source()
    return moved_questions(made, *made.record.evaluation.runs)


def test_the_largest_changes_come_first(moved):
    improved, worsened = moved
    assert len(improved) == QUESTIONS
    gains = [question.after - question.before for question in improved]
    assert gains == sorted(gains, reverse=True)
    assert all(gain > 0 for gain in gains)
    losses = [question.after - question.before for question in worsened]
    assert losses == sorted(losses)
    assert all(loss < 0 for loss in losses)


def test_equal_changes_are_in_order_of_ids(moved):
    lost = [f"q{n:02}" for n, rank in enumerate(poor_ranks()) if rank == 1 and good_ranks()[n] == 7]
    assert [question.query_id for question in moved[1]] == lost
    not_found = [f"q{n:02}" for n, rank in enumerate(poor_ranks()) if rank is None and good_ranks()[n] == 1]
    assert [question.query_id for question in moved[0]][: len(not_found)] == not_found


def test_what_every_system_returned(moved):
    for question in (*moved[0], *moved[1]):
        number = int(question.query_id[1:])
        base, tuned = question.answers
        assert (base.rank, tuned.rank) == (poor_ranks()[number], good_ranks()[number])
        assert [shown.section_id for shown in question.right] == [f"s{number:02}"]
        assert len(tuned.first) == 3
        assert [shown.relevant for shown in tuned.first] == [rank == tuned.rank for rank in (1, 2, 3)]
        assert question.text.startswith(f"how to descale tank {number} ")
        assert tuned.first[0].heading.startswith(f"Manual {BETWEEN} Descale the tank")
        assert len(tuned.first[0].excerpt) < 200


def test_labels_are_those_that_tell_questions_apart(moved):
    for question in moved[0]:
        assert "human" not in question.labels
        assert "kettle" in question.labels or "toaster" in question.labels


def test_texts_are_left_out_when_asked(moved):
    made = source(with_texts=False)
    improved, worsened = moved_questions(made, *made.record.evaluation.runs)
    assert [question.query_id for question in improved] == [question.query_id for question in moved[0]]
    for question in (*improved, *worsened):
        assert question.text == ""
        shown = [*question.right, *(section for answer in question.answers for section in answer.first)]
        assert {(section.heading, section.excerpt) for section in shown} == {("", "")}


def test_a_section_that_is_gone_is_named_by_its_id():
    made = source(sections={})
    improved, _ = moved_questions(made, *made.record.evaluation.runs)
    assert improved[0].right[0].section_id.startswith("s")
    assert improved[0].right[0].heading == ""


def test_labels_may_be_absent():
    bare = tuple(replace(query, difficulty="", category="", domain="") for query in queries())
    made = source(queries=bare)
    assert moved_questions(made, *made.record.evaluation.runs)[0][0].labels == ()


@given(st.text(max_size=400), st.integers(5, 50))
def test_shortened_texts_are_short_and_on_one_line(text, length):
    short = shortened(text, length)
    assert len(short) <= length + 2
    assert "\n" not in short
    if len(" ".join(text.split())) <= length and len(text) <= 4 * length:
        assert short == " ".join(text.split())
