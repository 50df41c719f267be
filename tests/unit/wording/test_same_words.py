import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.wording.same_words import asked_words, spoken_text

QUESTION = "How do I check the tyre pressure of a Marwick T-40?"
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


def same_words(one, other):
    return bool(asked_words(one) & asked_words(other))


@pytest.mark.parametrize(
    "other",
    [
        "how do i check the tyre pressure of a marwick t40",
        "HOW DO I CHECK THE TYRE PRESSURE -- OF A MARWICK T 40?!",
        "\u201chow do I check the\u00a0tyre pressure\u201d of a Marwick \uff34-40",
    ],
)
def test_case_punctuation_and_spacing_do_not_count(other):
    assert spoken_text(other) == spoken_text(QUESTION)


def test_what_is_spoken_is_letters_digits_and_marks():
    assert spoken_text("What\u2019s the 2.5-litre STRASSE?") == "whatsthe25litrestrasse"
    assert spoken_text("stra\u00dfe, \u0926\u0940") == "strasse\u0926\u0940"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (QUESTION, "Marwick T-40 tyre pressure: how do I check it?"),
        (QUESTION, "how to check tyre pressures on the Marwick T-40"),
        (QUESTION, "Checking the tyre pressure of the Marwick T40, how?"),
        (QUESTION, "T-40 a of pressure tyre Marwick the check I do HOW"),
        ("Why doesn't the 10W-30 oil flow?", "the 10W30 oil why doesnt flow"),
        ("Why doesn't the 10W-30 oil flow?", "why does the 10w 30 oil not flow"),
    ],
)
def test_order_function_words_and_endings_do_not_count(one, other):
    assert same_words(one, other)
    assert spoken_text(one) != spoken_text(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where is the fuse?", "What is the fuse?"),
        ("turn on the pump", "turn off the pump"),
        ("What does E42 mean?", "What does E43 mean?"),
        ("how do I start the saw", "how do I not start the saw"),
        ("remove the pump", "remove the sump"),
        ("how do I reset the picture", "how do I reset the picture mode"),
    ],
)
def test_what_asks_something_else_has_other_words(one, other):
    assert not same_words(one, other)


@pytest.mark.parametrize("text", ["", "?!", "what is it?", "how does it do that"])
def test_nothing_but_function_words_asks_nothing(text):
    assert asked_words(text) == frozenset()


@given(TEXTS, st.randoms(use_true_random=False))
def test_shuffled_words_ask_the_same(text, generator: random.Random):
    words = text.split()
    generator.shuffle(words)
    assert asked_words("  ".join(words)) == asked_words(text)


@given(st.text("aB9 zL", max_size=20), st.sampled_from(["-", " ", "...", "' "]))
def test_punctuation_anywhere_changes_nothing_spoken(text, mark):
    assert spoken_text(mark.join(text).swapcase()) == spoken_text(text)
