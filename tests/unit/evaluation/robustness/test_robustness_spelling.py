from __future__ import annotations

import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from embedtune.evaluation.robustness.spelling import casing, look_alikes, spacing, typos

QUESTION = "How do I replace the hydraulic filter of the QX-410 loader?"
SEEDS = range(40)


def all_of(change, text=QUESTION):
    return {change(text, Random(seed)) for seed in SEEDS}


def test_a_long_question_gets_two_typos_of_one_edit_each():
    for changed in all_of(typos):
        assert 1 <= OSA.distance(QUESTION, changed) <= 2
        assert [a[0] for a in changed.split()] == [b[0] for b in QUESTION.split()]
        assert "QX-410" in changed


def test_a_short_question_gets_one_typo():
    assert {OSA.distance("replace pump seal", changed) for changed in all_of(typos, "replace pump seal")} == {1}


@pytest.mark.parametrize("text", ["E-42 on it", "", "fit a new lamp"])
def test_without_a_long_word_there_is_no_typo(text):
    assert typos(text, Random(1)) is None


def test_casing_changes_nothing_but_case():
    found = all_of(casing)
    assert len(found) == 4
    assert {text.lower() for text in found} == {QUESTION.lower()}
    assert QUESTION not in found


def test_casing_of_capitals_is_not_the_same_again():
    assert "E-42" not in all_of(casing, "E-42")
    assert all_of(casing, "42") == {None}


def test_spacing_keeps_every_letter():
    invisible = dict.fromkeys(map(ord, "\u200b\ufeff"))
    found = all_of(spacing)
    assert len(found) > 5
    for text in found:
        assert "".join(text.translate(invisible).split()) == "".join(QUESTION.split())


def test_look_alikes_are_other_characters():
    found = all_of(look_alikes)
    assert QUESTION not in found
    full_width = [text for text in found if unicodedata.normalize("NFKC", text) == QUESTION]
    cyrillic = [text for text in found if any("CYRILLIC" in unicodedata.name(letter, "") for letter in text)]
    assert full_width
    assert cyrillic
    assert any("\u00ad" in text for text in found)


@given(st.text(max_size=60), st.integers(0, 99))
def test_any_text_can_be_spelt_otherwise_without_an_error(text, seed):
    for change in (typos, casing, spacing, look_alikes):
        assert change(text, Random(seed)) == change(text, Random(seed))
