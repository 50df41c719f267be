"""Questions whose quote is not in the section are left out."""

from __future__ import annotations

from embedtune.pairs.llm.answers import DraftedQuestion
from embedtune.pairs.llm.grounding import WrittenQuestion, grounded
from llm_samples import section

SAMPLE = section(text="Open the valve slowly.\nWait until the fluid runs without bubbles.", heading="Bleed the pump")


def drafted(quote, question="How?"):
    return DraftedQuestion(question=question, answer_quote=quote, kind="natural")


def places(*quotes):
    return [w.answer_word for w in grounded(SAMPLE, [drafted(q, f"Q {n}?") for n, q in enumerate(quotes)])]


def test_answer_begins_where_the_quote_stands():
    assert places("the fluid runs without", "Open the valve", "WAIT, until the fluid") == [6, 0, 4]


def test_quote_of_the_heading_has_no_place_in_the_body():
    assert places("Bleed the pump") == [None]


def test_invented_and_empty_quotes_cost_the_question():
    assert places("replace the gasket with a spare one", "", "...") == []


def test_equal_questions_are_kept_once():
    assert grounded(SAMPLE, [drafted("Open the valve"), drafted("the fluid runs")]) == (WrittenQuestion("How?", 0),)
