import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.pairs.answer_place import answer_word
from embedtune.vocabulary.corpus import Section, SectionKind

BODY = "Open the cap. Drain the old oil while it is warm. Then close the cap by hand."


def section(text=BODY, headings=("Care", "Oil change")):
    return Section("s", "d", "v", tuple(headings), SectionKind.OTHER, text, (1, 2))


@pytest.mark.parametrize(
    ("answer", "begins"),
    [
        ("drain the OLD oil", "Drain"),
        ("Then close the cap", "Then"),
        (BODY, "Open"),
        ("Oil change\n" + BODY, "Open"),
        ("Care > Oil change\nOpen the cap.", "Open"),
        ("You should drain the old oil while it is warm, always", "Drain"),
    ],
)
def test_the_answer_begins_at_its_first_word(answer, begins):
    assert BODY.split()[answer_word(section(), [answer])] == begins


@pytest.mark.parametrize("answer", ["Oil change", "nothing of the sort here", "", "…"])
def test_an_answer_outside_the_body_has_no_place(answer):
    assert answer_word(section(), [answer]) is None


def test_the_first_answer_in_the_body_decides():
    assert answer_word(section(), ["not here at all", "Then close", "Open the cap"]) == BODY.split().index("Then")
    assert answer_word(section(), []) is None


def test_punctuation_that_is_no_word_is_counted_as_a_word_of_the_body():
    assert answer_word(section("— + a-b c"), ["b c"]) == 2


@given(st.lists(st.sampled_from("oil cap warm drain".split()), min_size=1, max_size=12), st.data())
def test_a_run_of_the_body_is_found(words, data):
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    found = answer_word(section(" ".join(words), ()), [" ".join(words[start:end])])
    assert words[found : found + end - start] == words[start:end]
    assert found <= start
