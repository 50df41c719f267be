"""The wording of requests is settled once."""

from __future__ import annotations

import pytest

from embedtune.pairs.llm.dialect import Dialect, Negotiation


@pytest.mark.parametrize(
    ("message", "following"),
    [
        ("'response_format' of type 'json_schema' is not supported", Dialect("json_object")),
        ("bad request", Dialect("json_object")),
        ("'max_tokens' is not supported; use 'max_completion_tokens'", Dialect(length_name="max_completion_tokens")),
        ("'temperature' does not support 0.7 with this model", Dialect(temperature=False)),
        ("This model's maximum context length is 2048 tokens", None),
    ],
)
def test_refusal_says_what_to_change(message, following):
    assert Dialect().after_refusal(message) == following


def test_plain_text_is_the_last_resort():
    assert Dialect("json_object").after_refusal("no") == Dialect("text")
    assert Dialect("text").after_refusal("no") is None


def test_workers_that_were_refused_together_take_one_step():
    negotiation = Negotiation()
    first = negotiation.dialect
    assert negotiation.refused(first, "no")
    assert negotiation.refused(first, "no")
    assert negotiation.dialect == Dialect("json_object")


def test_dialect_that_got_through_stays():
    negotiation = Negotiation()
    negotiation.accepted(negotiation.dialect)
    assert not negotiation.refused(negotiation.dialect, "bad request")
    assert negotiation.dialect == Dialect()


def test_success_of_an_abandoned_dialect_proves_nothing():
    negotiation = Negotiation()
    negotiation.refused(Dialect(), "no")
    negotiation.accepted(Dialect())
    assert negotiation.refused(negotiation.dialect, "no")
