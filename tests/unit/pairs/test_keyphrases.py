from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.pairs.keyphrases import KeyphraseWriter, content_phrases
from embedtune.pairs.terms import corpus_terms, is_content_word, plain_word

WORDS = [
    "winch",
    "Drum",
    "E-42",
    "pawl,",
    "(hose",
    "valve)",
    "the",
    "of",
    "is",
    "|",
    "clamp.",
    '"Seal"',
    "\u201cMenu\u201d",
]
bodies = st.lists(st.sampled_from(WORDS), max_size=120)


@pytest.fixture(scope="session")
def written(make_section):
    """The questions of a section that stands alone in its corpus."""

    def write(text, seed=1, words_per_question=48, others=()):
        section = make_section("", text)
        more = [make_section("", other, path=f"other{number}.md") for number, other in enumerate(others)]
        writer = KeyphraseWriter(corpus_terms([section, *more]), words_per_question)
        return list(writer.write(section, seed))

    return write


def phrases(text):
    words = text.split()
    return [" ".join(words[start:end]) for start, end in content_phrases(words)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("turn the winch drum slowly", ["turn", "winch drum slowly"]),
        ("Open pawl, hose clamp.", ["Open pawl,", "hose clamp."]),
        ("winch drum (spare part) stored", ["winch drum", "(spare part)", "stored"]),
        ("one two three four five six", ["three four five six"]),
        ("alpha beta gamma delta epsilon", ["alpha beta gamma delta", "epsilon"]),
        (
            "the key \u201cExit lamp\u201d stays \u2018long duty.\u2019 drum",
            ["key", "\u201cExit lamp\u201d stays", "\u2018long duty.\u2019", "drum"],
        ),
        ("lamp | red | stop", ["lamp", "red", "stop"]),
        ("pump don't start motor", ["pump", "start motor"]),
        ("of the and", []),
        ("", []),
    ],
)
def test_phrases_are_runs_of_content_words(text, found):
    assert phrases(text) == found


@given(bodies)
def test_every_content_word_stands_in_one_phrase_and_no_other_word_does(words):
    covered = [place for start, end in content_phrases(words) for place in range(start, end)]
    assert covered == [place for place, word in enumerate(words) if is_content_word(word)]
    assert all(0 < end - start <= 4 for start, end in content_phrases(words))


@given(bodies, st.integers(0, 5), st.integers(1, 60))
def test_questions_are_words_of_the_body_near_their_place(written, words, seed, words_per_question):
    questions = written(" ".join(words), seed, words_per_question)
    assert questions == written(" ".join(words), seed, words_per_question)
    assert len(questions) <= max(1, round(len(words) / words_per_question))
    starts = {start for start, _ in content_phrases(words)}
    for text, place in questions:
        assert place in starts
        assert len(text.split()) >= 2
        around = Counter(map(plain_word, words[max(0, place - 84) : place + 84]))
        assert not Counter(map(plain_word, text.split())) - around
        assert all(map(is_content_word, text.split()))
        assert text == " ".join(text.split()).strip(".,;:!?()[]\"'\u201c\u201d")


def test_as_many_questions_as_words_allow(written):
    body = " ".join(f"winch{n} drum{n}" for n in range(60))
    assert [len(written(body, words_per_question=size)) for size in (12, 48, 500)] == [10, 2, 1]


def test_questions_come_from_all_of_a_long_section(written):
    body = " ".join(f"winch{n} drum{n} of the" for n in range(300))
    places = [place for _, place in written(body)]
    assert min(places) < 300
    assert max(places) > 900


def test_phrases_of_a_question_stand_near_each_other(written):
    body = " ".join(f"w{n}" if n % 3 else "of" for n in range(900))
    spans = []
    for seed in range(5):
        for text, place in written(body, seed):
            places = [int(word[1:]) for word in text.split()]
            spans.append(max(places) - min(places))
            assert place in places
    assert 20 < max(spans) <= 2 * 40 + 4


def test_another_seed_draws_other_phrases(written):
    body = " ".join(f"winch{n} drum{n} of the" for n in range(50))
    assert written(body, seed=1) != written(body, seed=2)


def test_telling_phrases_are_drawn_more_often(written):
    body = "open pump the zorbex latch of the open pump by the open pump"
    common = ["open pump valve"] * 9
    texts = [text for seed in range(40) for text, _ in written(body, seed, others=common)]
    assert sum("zorbex latch" in text for text in texts) > 0.8 * len(texts)


def test_phrases_stand_in_the_order_of_the_text(written):
    body = "first1 word of second2 word of third3 word of fourth4 word"
    for seed in range(20):
        for text, _ in written(body, seed):
            marks = [word[-1] for word in text.split() if word != "word"]
            assert marks == sorted(marks)


@pytest.mark.parametrize(
    ("body", "question"),
    [
        ("Turn Drum.", "turn drum"),
        ("RPM sensor,", "RPM sensor"),
        ("AdBlue tank", "AdBlue tank"),
        ("(E-42) Lamp", "lamp"),
        ("\u201cEXIT\u201d \u201cMenu\u201d", "EXIT menu"),
    ],
)
def test_only_names_keep_their_capitals(written, body, question):
    questions = {text for seed in range(20) for text, _ in written(body, seed)}
    assert any(question in text for text in questions)


@pytest.mark.parametrize("body", ["", "of the and", "winch", "- | *", "the winch of it"])
def test_too_little_for_a_question(written, body):
    assert written(body) == []
