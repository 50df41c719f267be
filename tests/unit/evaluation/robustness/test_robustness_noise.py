from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from embedtune.evaluation.robustness.lexicons import INSTRUCTIONS, OTHER_SCRIPTS
from embedtune.evaluation.robustness.noise import instructions, markup, other_scripts

QUESTION = 'where is the "quick" coupler?'


def all_of(change, text=QUESTION):
    return {change(text, Random(seed)) for seed in range(80)}


def test_instructions_follow_the_question():
    assert all_of(instructions) == {f"{QUESTION} {order}" for order in INSTRUCTIONS}


def test_markup_wraps_the_question():
    found = all_of(markup)
    assert f"```\n{QUESTION}\n```" in found
    assert f"<li>{QUESTION}</li>" in found
    assert any("&nbsp;" in text for text in found)
    (as_json,) = [text for text in found if text.startswith("{")]
    assert json.loads(as_json)["query"] == QUESTION


def test_other_scripts_stand_alone_or_beside_a_word():
    found = all_of(other_scripts)
    assert found & set(OTHER_SCRIPTS)
    assert any(text.endswith(" coupler?") for text in found)


@given(st.text(max_size=60), st.integers(0, 99))
def test_any_text_can_be_wrapped_without_an_error(text, seed):
    for change in (instructions, markup, other_scripts):
        change(text, Random(seed))
