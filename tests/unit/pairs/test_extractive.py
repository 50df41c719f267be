import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.passages import window_around
from embedtune.pairs.extractive import ExtractiveWriter, sentence_spans
from embedtune.vocabulary.retrieval import PassageSettings

OPENINGS = ("How do I ", "How to ", "What is ", "Where is ", "Can I ", "Why ", "When ", "")
PUNCTUATION = ",.;:!?()[]\"'|"

words = st.sampled_from(
    ["Close", "the", "bleed", "valve", "of", "gauge", "M8", "10w-30", "and", "|", "1.", "it.", "(hot)"]
)
lines = st.lists(st.lists(words, max_size=30).map(" ".join), min_size=1, max_size=6).map("\n".join)


def plain(word):
    return word.strip(PUNCTUATION).lower()


def stretch(question):
    """The words a question quotes."""
    opening = next(opening for opening in OPENINGS if question.startswith(opening))
    return [plain(word) for word in question.removeprefix(opening).removesuffix("?").split()]


def occurs(part, whole):
    return any(whole[start : start + len(part)] == part for start in range(len(whole) - len(part) + 1))


@settings(max_examples=80, deadline=None)
@given(lines, st.integers(1, 40), st.integers(0, 99), st.sampled_from([32, 64, None]))
def test_the_stretch_stands_in_the_window_that_becomes_the_positive(make_section, text, per_question, seed, size):
    section = make_section("Pump", text)
    for question, word in ExtractiveWriter(per_question).write(section, seed):
        window = window_around(section, word, PassageSettings(size, 0.5)).split()
        kept = [plain(word) for word in window if any(map(str.isalnum, word))]
        assert 3 <= len(stretch(question)) <= 9
        assert occurs(stretch(question), kept)


@settings(max_examples=50, deadline=None)
@given(lines, st.integers(0, 99))
def test_one_seed_gives_one_result(make_section, text, seed):
    section = make_section("Pump", text)
    assert list(ExtractiveWriter().write(section, seed)) == list(ExtractiveWriter().write(section, seed))


def test_another_seed_or_section_gives_other_questions(make_section):
    text = "Open the bleed valve by one quarter turn and wait until no air leaves the hose at all"
    one, other = make_section("A", text), make_section("B", text)
    results = [list(ExtractiveWriter(4).write(section, seed)) for section, seed in [(one, 1), (one, 2), (other, 1)]]
    assert results[0] != results[1]
    assert results[0] != results[2]


def test_the_number_follows_the_length(make_section):
    text = " ".join(f"sentence {n} has exactly six words." for n in range(20))
    assert len(list(ExtractiveWriter(24).write(make_section("Pump", text), 1))) == 5
    assert len(list(ExtractiveWriter(1000).write(make_section("Pump", text), 1))) == 1


def test_each_sentence_is_asked_once_before_any_is_asked_twice(make_section):
    text = " ".join(f"word{n}a word{n}b word{n}c word{n}d." for n in range(10))
    asked = list(ExtractiveWriter(4).write(make_section("Pump", text), 1))
    assert [word // 4 for _, word in asked] == list(range(10))


def test_a_stretch_does_not_cross_lines(make_section):
    text = "Axle nut torque 120 Nm\nWheel bolt torque 90 Nm\nDrain plug torque 35 Nm"
    for seed in range(20):
        for question, _ in ExtractiveWriter(4).write(make_section("Torques", text), seed):
            assert any(occurs(stretch(question), line.lower().split()) for line in text.split("\n"))


def test_short_lines_are_read_together(make_section):
    section = make_section("Table", "axle nut\ntorque value\n120 Nm")
    assert list(ExtractiveWriter().write(section, 1))


@pytest.mark.parametrize("text", ["", "Too short here.", "One two three. Four five six."])
def test_text_without_a_stretch_gives_no_question(make_section, text):
    assert list(ExtractiveWriter().write(make_section("Pump", text), 1)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Open it. Close it.", [(0, 2), (2, 4)]),
        ("1. Open it. (2) - • Close it", [(1, 3), (6, 8)]),
        ("no stop at all", [(0, 4)]),
        ('He said "stop." Then left', [(0, 3), (3, 5)]),
        ("", []),
    ],
)
def test_sentence_spans(text, expected):
    assert sentence_spans(text.split()) == expected
