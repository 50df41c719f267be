from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.passages import cut_passages, heading_text, window_around
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.retrieval import PassageSettings


def section(text, path=("Brakes", "Bleeding")):
    return Section("s1", "d1", "truck", path, SectionKind.OTHER, text, (1, 1))


def words(count):
    return " ".join(f"w{number}" for number in range(count))


def bodies(count, settings):
    return [passage.body for passage in cut_passages([section(words(count))], settings)]


def test_golden_windows():
    assert bodies(10, PassageSettings(words=4, overlap=0.5)) == [
        "w0 w1 w2 w3",
        "w2 w3 w4 w5",
        "w4 w5 w6 w7",
        "w6 w7 w8 w9",
    ]
    assert bodies(9, PassageSettings(words=4, overlap=0.0)) == ["w0 w1 w2 w3", "w4 w5 w6 w7", "w5 w6 w7 w8"]
    assert bodies(4, PassageSettings(words=4)) == ["w0 w1 w2 w3"]


def test_a_passage_has_its_headings_in_front():
    (passage,) = cut_passages([section("Open it.\nClose it.")], PassageSettings(words=64))
    assert passage.text == "Brakes > Bleeding\nOpen it. Close it."
    assert passage.body == "Open it. Close it."
    assert (passage.id, passage.section_id) == ("s1#0", "s1")


def test_without_headings_a_passage_is_its_window():
    (passage,) = cut_passages([section("Open it.", ())], PassageSettings())
    assert (passage.text, passage.body_start) == ("Open it.", 0)
    assert heading_text(section("x", ())) == ""


def test_whole_sections_stay_whole():
    assert bodies(500, PassageSettings(words=None)) == [words(500)]


SIZES = st.tuples(st.integers(0, 60), st.integers(1, 20), st.sampled_from([0.0, 0.25, 0.5, 0.9, 0.99]))


@settings(deadline=None)
@given(SIZES)
def test_windows_cover_every_word_and_none_is_too_long(sizes):
    count, length, overlap = sizes
    windows = [body.split() for body in bodies(count, PassageSettings(words=length, overlap=overlap))]
    assert all(len(window) <= length for window in windows)
    assert {word for window in windows for word in window} == set(words(count).split())
    starts = [window[0] for window in windows if window]
    assert len(starts) == len(set(starts))
    assert all(len(window) == min(length, count) for window in windows)


@settings(deadline=None)
@given(SIZES)
def test_ids_are_unique_and_in_order(sizes):
    count, length, overlap = sizes
    passages = cut_passages([section(words(count))], PassageSettings(words=length, overlap=overlap))
    assert [passage.id for passage in passages] == [f"s1#{number}" for number in range(len(passages))]


@settings(deadline=None)
@given(SIZES, st.data())
def test_the_window_around_a_word_is_a_passage_that_holds_it(sizes, data):
    count, length, overlap = sizes
    word = data.draw(st.integers(0, max(0, count - 1)))
    settings = PassageSettings(words=length, overlap=overlap)
    window = window_around(section(words(count)), word, settings)
    assert window in bodies(count, settings)
    assert not count or f"w{word}" in window.split()


def test_the_window_around_a_word_has_most_room_around_it():
    assert window_around(section(words(10)), 5, PassageSettings(words=4, overlap=0.5)) == "w4 w5 w6 w7"
    assert window_around(section(words(10)), 9, PassageSettings(words=4, overlap=0.5)) == "w6 w7 w8 w9"


@pytest.mark.parametrize("count", [0, 3])
def test_short_sections_give_one_passage(count):
    assert bodies(count, PassageSettings(words=4)) == [words(count)]
