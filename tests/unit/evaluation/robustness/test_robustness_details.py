from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Hamming

from embedtune.evaluation.robustness.cases import Subject, word_frequencies
from embedtune.evaluation.robustness.details import negation, other_unit, part_number, unit_spelling

SECTION = "Tighten the drain plug DP-4410 to 35 Nm at 20 °C."


def subject(text, *answers, corpus=()):
    return Subject(text, answers, word_frequencies([*answers, *corpus]))


def all_of(vary, asked):
    return {vary(asked, Random(seed)) for seed in range(60)}


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("How do I drain the tank?", "when must I not drain the tank?"),
        ("notes on how to drain the tank", "notes on when not to drain the tank"),
        ("what does it need to start", "what does it not need to start"),
        ("which oil is right", "which oil is not right"),
    ],
)
def test_negation_asks_for_the_opposite(text, negated):
    found = {variant.text for variant in all_of(negation, subject(text, "Open the tap."))}
    assert negated in found
    assert text not in found


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Why must I not drain the tank?", "Open the tap."),
        ("How do I drain the tank?", "Do not open the tap."),
        ("How do I drain the tank?", "Don't open the tap."),
        ("tank drain tap", "Open the tap."),
    ],
)
def test_what_is_negated_already_or_has_no_verb_is_left_alone(text, answer):
    assert negation(subject(text, answer), Random(1)) is None


def test_other_unit_measures_something_else():
    found = all_of(other_unit, subject("is 35 Nm right for the plug", SECTION))
    assert {variant.reference for variant in found} == {"is 35 Nm right for the plug"}
    assert "is 35 psi right for the plug" in {variant.text for variant in found}
    assert not any("lb-ft" in variant.text for variant in found)


def test_other_unit_is_none_that_the_section_names_with_that_number():
    texts = {variant.text for variant in all_of(other_unit, subject("is 35 Nm right", "35 Nm, or 35 bar of air"))}
    assert "is 35 bar right" not in texts


def test_a_detail_of_the_section_is_put_behind_a_question_without_one():
    found = all_of(other_unit, subject("how tight is the plug?", SECTION))
    assert {variant.reference for variant in found} == {"how tight is the plug, 35 Nm", "how tight is the plug, 20 °C"}
    assert all(variant.text != variant.reference for variant in found)


def test_a_detail_that_the_section_lacks_decides_nothing():
    assert other_unit(subject("is 40 Nm right for the plug", SECTION), Random(1)) is None
    assert other_unit(subject("is 5 Nm right for the plug", SECTION), Random(1)) is None
    assert part_number(subject("where does DP-4411 go", SECTION), Random(1)) is None


def test_unit_spelling_says_the_same():
    found = {variant.text for variant in all_of(unit_spelling, subject("is 35Nm right", SECTION))}
    assert found == {"is 35 N·m right", "is 35 newton metres right"}


def test_part_numbers_differ_in_one_character_and_do_not_exist():
    others = [f"DP-44{number}0" for number in (0, 2, 3, 4, 5, 6, 7, 8)]
    found = all_of(part_number, subject("where does DP-4410 go", SECTION, corpus=others))
    for variant in found:
        number = variant.text.split()[2]
        assert Hamming.distance(number, "DP-4410") == 1
        assert number not in others
    assert len(found) > 10


@pytest.mark.parametrize("text", ["12 volts", "a 3.5 mm jack", "in 1999", "A4", "OIL-FILTER"])
def test_what_is_no_part_number(text):
    assert part_number(subject(f"what about {text}", f"{text} it is"), Random(1)) is None


@settings(max_examples=40)
@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 99))
def test_any_text_is_looked_at_without_an_error(text, answer, seed):
    for vary in (negation, other_unit, unit_spelling, part_number):
        variant = vary(subject(f"{text} 35 Nm DP-4410", f"{answer} {SECTION}"), Random(seed))
        assert variant is None or variant.text != variant.reference
