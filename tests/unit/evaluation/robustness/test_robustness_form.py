from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from embedtune.evaluation.robustness.cases import Subject, word_frequencies
from embedtune.evaluation.robustness.form import long, question_form, short, very_long, very_short, word_order

QUESTION = "How do I bleed the brakes on the tractor?"


def all_of(change, text=QUESTION):
    return {change(text, Random(seed)) for seed in range(60)}


def test_word_order_keeps_the_words():
    found = all_of(word_order)
    assert "on the tractor, How do I bleed the brakes" in found
    assert len(found) > 5
    for text in found:
        assert sorted(text.replace(",", "").split()) == sorted(QUESTION.rstrip("?").split())


def test_three_words_have_no_other_order():
    assert word_order("bleed the brakes", Random(1)) is None


def test_a_how_to_question_takes_other_forms():
    found = all_of(question_form)
    assert "I need to bleed the brakes on the tractor." in found
    assert "bleed the brakes on the tractor" in found
    assert all("bleed the brakes on the tractor" in text for text in found)


def test_any_other_question_is_put_into_a_sentence():
    assert "Question: which fuse is for the horn" in all_of(question_form, "which fuse is for the horn?")


def test_long_holds_the_question_between_sixty_other_words():
    for text in all_of(long):
        assert QUESTION in text
        assert not text.startswith(QUESTION)
        assert not text.endswith(QUESTION)
        assert 50 <= len(text.split()) <= 90


def test_very_long_has_five_thousand_words():
    assert 5_000 <= len(very_long(QUESTION, Random(1)).split()) < 5_020
    assert very_long("  ", Random(1)) is None


def test_very_short_is_a_word_or_a_sign():
    assert all(len(text.split()) == 1 for text in all_of(very_short))


def subject(text, *answers):
    return Subject(text, answers, word_frequencies([*answers, "the pump and the filter", "the filter of the valve"]))


def test_short_keeps_the_rarest_words_of_the_right_section():
    asked = subject("how do I swap the worn filter of the mast pump gasket quickly", "mast pump filter gasket")
    assert short(asked, Random(1)).text == "mast pump gasket"
    assert short(asked, Random(1)).reference == asked.text


def test_short_needs_three_words_of_the_right_section():
    assert short(subject("how do I swap the filter gasket", "filter gasket"), Random(1)) is None


@given(st.text(max_size=60), st.integers(0, 99))
def test_any_text_can_be_put_otherwise_without_an_error(text, seed):
    for change in (word_order, question_form, long, very_long, very_short):
        change(text, Random(seed))
    short(subject(text, text), Random(seed))
