from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.line_breaks import ends_openly, goes_on, kept_lines, mend_lines, starts_item, words_of

WIDE = "The truck has four reservoirs, one wet tank behind the cab and circuit"


@pytest.mark.parametrize("line", ["Press the", "filters and", "front,", "IN /", "with (", "nuts &"])
def test_open_ends(line):
    assert ends_openly(line)


@pytest.mark.parametrize("line", ["", "Drag and drop", "Switch on", "Done.", "Logging in"])
def test_closed_ends(line):
    assert not ends_openly(line)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Press the\nSettings\nkey", "Press the Settings key"),
        ("select\nAmbient Mode\n, then wait", "select\nAmbient Mode , then wait"),
        (f"{WIDE}\nOne is drained.\nTwo is not.", f"{WIDE} One is drained.\nTwo is not."),
        ("Notes:\n- left side\n- right side", "Notes:\n- left side\n- right side"),
        (
            "1. Open the drain\n   valve of the\n   Left tank.\n2. Wait.",
            "1. Open the drain valve of the Left tank.\n2. Wait.",
        ),
        ("Fuse | Rating\nF1 | 10 A\nin the box", "Fuse | Rating\nF1 | 10 A\nin the box"),
        ("Fuse   Rating\nF1     10 A", "Fuse   Rating\nF1     10 A"),
        ("  \n", ""),
    ],
    ids=["short lines", "comma", "wrapped", "list", "list item", "table", "columns", "blank"],
)
def test_mended_lines(text, mended):
    assert mend_lines(text, frozenset()) == mended


def test_a_hyphen_at_a_line_end_goes_unless_the_document_writes_it():
    assert mend_lines("Discon-\nnect it", frozenset()) == "Disconnect it"
    assert mend_lines("the on-\nscreen text", frozenset({"on-screen"})) == "the on-screen text"
    assert mend_lines("the on-\nscreen text", frozenset({"on-screen", "onscreen"})) == "the onscreen text"
    assert mend_lines("valve KSR-\n200S", frozenset()) == "valve KSR-\n200S"


@pytest.mark.parametrize("line", ["- left", "* left", "  • left", "▪ left", "3. Open", "12) Open", "(b) Open"])
def test_lines_that_begin_an_item(line):
    assert starts_item(line)


@pytest.mark.parametrize(
    "line", ["", "left", "-left", "3.5 bar", "10W-30 oil", "2024. A year", "see. Then", "(see) there", "-"]
)
def test_lines_that_begin_no_item(line):
    assert not starts_item(line)


def test_preformatted_lines_stay_but_for_blank_ones():
    assert kept_lines("\nif a {  \n\n    b,\n}\n") == "if a {\n    b,\n}"


def test_words_lose_the_punctuation_around_them():
    assert words_of("(Oil) level: 10W-30.") == ["oil", "level", "10w-30"]


def test_a_paragraph_goes_on_or_does_not():
    assert goes_on(["Turn the"], ["valve."])
    assert goes_on(["Turn the"], ["Valve A and wait."])
    assert not goes_on(["Turn the"], ["Maintenance"])
    assert not goes_on(["Turn it."], ["valve"])
    assert not goes_on(["Turn the"], ["- valve"])


@settings(deadline=None)
@given(st.lists(st.sampled_from(["oil", "Valve", "the", "10W-30", "- x", "a | b", "end.", ", so", WIDE]), max_size=12))
def test_mending_moves_line_ends_alone(lines):
    text = "\n".join(lines)
    assert mend_lines(text, frozenset()).split() == text.split()
