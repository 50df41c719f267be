"""Strict reading of answers."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.pairs.llm.answers import ANSWER_SCHEMA, AnswerError, DraftedQuestion, parse_answer

ONE = {"question": "Why does it hiss?", "answer_quote": "air in the line", "kind": "symptom"}


def answer(*questions):
    return json.dumps({"questions": list(questions)})


def test_answer_is_read():
    assert parse_answer(answer(ONE)) == (
        DraftedQuestion(question="Why does it hiss?", answer_quote="air in the line", kind="symptom"),
    )


@pytest.mark.parametrize(
    "around", ["@", "```json\n@\n```", "Sure, here you are:\n@\nAnything else?", "<think>{maybe} so</think>\n@"]
)
def test_what_stands_around_the_object_is_passed_over(around):
    assert parse_answer(around.replace("@", answer(ONE)))[0].question == ONE["question"]


def test_questions_come_on_one_line():
    assert parse_answer(answer(ONE | {"question": " Why\n does\x00it \x1bhiss? "}))[0].question == "Why does it hiss?"


def test_fields_beyond_the_schema_are_ignored():
    assert len(parse_answer(answer(ONE | {"difficulty": "hard"}))) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON object"),
        ("I cannot help.", "no JSON object"),
        ("}{", "no JSON object"),
        ('{"questions": [}', "malformed JSON"),
        ('{"questions": ' + "[" * 10_000 + "}", "malformed JSON"),
        (answer(ONE)[:-5] + "}", "malformed JSON"),
        (answer(ONE | {"question": "\ud800?"}), "malformed JSON"),
        (answer(), "`questions`"),
        ("{}", "`questions`"),
        (answer(ONE | {"question": 5}), "`questions.question`"),
        (answer(ONE | {"question": "  "}), "`questions.question`"),
        (answer(ONE | {"question": "?!"}), "`questions.question`"),
        (answer(ONE | {"question": "why " * 200}), "`questions.question`"),
        (answer(ONE | {"kind": "poem"}), "`questions.kind`"),
        (answer({"question": "Why?"}), "`questions.answer_quote`"),
        (answer(*[ONE] * 101), "`questions`"),
    ],
)
def test_anything_else_is_refused_without_quoting_it(text, reason):
    with pytest.raises(AnswerError) as caught:
        parse_answer(text)
    assert reason in str(caught.value)
    assert "hiss" not in str(caught.value)


@given(st.text() | st.recursive(st.none() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(str))
def test_no_text_does_harm(text):
    with contextlib.suppress(AnswerError):
        assert parse_answer(text)


def test_schema_and_reader_agree():
    item = ANSWER_SCHEMA["properties"]["questions"]["items"]
    assert list(DraftedQuestion.model_fields) == item["required"] == list(item["properties"])
    assert DraftedQuestion.model_json_schema()["properties"]["kind"]["enum"] == item["properties"]["kind"]["enum"]
