"""Bodies of answers are read with suspicion."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.endpoints.transport import said_in
from embedtune.pairs.llm.budget import Usage
from embedtune.pairs.llm.completions import Reply, reply_of
from llm_server import completion


def body(*arguments, **options):
    return completion(*arguments, **options).body.decode()


def test_completion_is_read():
    assert reply_of(body("yes", usage=(3, 4))) == Reply("yes", Usage(3, 4))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (body("so f", finish="length"), "the answer was cut off at llm.max_answer_tokens"),
        (body("", finish="content_filter"), "the model declined"),
        (body(None, refusal="no"), "the model declined"),
        (body("  "), "an empty answer"),
        (body(None), "an empty answer"),
        ("<html>", "no completion in the answer"),
        ('{"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 50}}', "no completion in the answer"),
        ('{"error": {"message": "busy"}}', "no completion in the answer"),
    ],
)
def test_fault_is_named(text, fault):
    assert reply_of(text).fault == fault


def test_bill_is_due_for_a_useless_answer():
    assert reply_of('{"usage": {"prompt_tokens": 9, "completion_tokens": 1}}').usage == Usage(9, 1)
    assert reply_of(body("so f", finish="length")).usage == Usage(100, 50)


@pytest.mark.parametrize("usage", [None, "x", {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": 10**30}])
def test_impossible_bill_is_none(usage):
    value = json.loads(body("yes")) | {"usage": usage}
    assert reply_of(json.dumps(value)) == Reply("yes", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"error": {"message": "no such model", "code": "model_not_found"}}', "model_not_found: no such model"),
        ('{"error": "no such model"}', "no such model"),
        ('{"detail": "nothing here"}', "nothing here"),
        ("<b>bad\n\x1b[31mgateway</b>", "<b>bad [31mgateway</b>"),
        ('[{"detail": 1}]', '[{"detail": 1}]'),
        ("", ""),
    ],
)
def test_complaint_is_read(text, said):
    assert said_in(text) == said


@given(st.text())
def test_complaint_is_short_and_printable(text):
    said = said_in(text)
    assert said.isprintable()
    assert len(said) <= 201
    assert isinstance(reply_of(text), Reply)
