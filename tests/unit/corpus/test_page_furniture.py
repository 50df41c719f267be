from __future__ import annotations

import pytest

from embedtune.corpus.readers.text import blocks_of

PARAGRAPH = "\n".join(
    f"The reservoir number {word} is drained weekly." for word in "one two three four five six".split()
)


def texts_of(text):
    return [block.text for block in blocks_of(text)]


def test_a_form_feed_does_not_shift_the_line_numbers():
    blocks = blocks_of("One.\n\n\fTwo.\n\nThree.")
    assert [(block.text, block.line) for block in blocks] == [("One.", 1), ("Two.", 3), ("Three.", 5)]


@pytest.mark.parametrize(
    "line",
    [
        "- 7 -",
        "\u2013 12 \u2013",
        "Page 7",
        "PAGE 7 of 90",
        "page 3-12",
        "[Page 7/90]",
        "Page | 7",
        "7 | Page",
        "- iv -",
    ],
)
def test_page_number_lines_are_dropped(line):
    assert texts_of(f"Drain the tank.\n\n{line}\n\nClose the valve.") == ["Drain the tank.", "Close the valve."]


@pytest.mark.parametrize("line", ["Page through the menu", "- 7 bar -", "Step 7", "7 bar", "- 12345 -", "Page up"])
def test_lines_like_page_numbers_stay(line):
    assert texts_of(f"Drain the tank.\n\n{line}") == ["Drain the tank.", line]


def test_bare_numbers_that_count_up_page_by_page_are_dropped():
    text = "\n\n".join(f"{PARAGRAPH}\n\n{page}" for page in (7, 8, 9))
    assert texts_of(text) == [PARAGRAPH] * 3


def test_bare_numbers_close_together_stay():
    text = "1\n\nPower key\n\n2\n\nVolume key\n\n3\n\nMicrophone"
    assert texts_of(text) == ["1", "Power key", "2", "Volume key", "3", "Microphone"]


def test_bare_numbers_that_do_not_count_up_stay():
    text = "\n\n".join(f"{PARAGRAPH}\n\n{value}" for value in (40, 12, 33))
    assert texts_of(text).count(PARAGRAPH) == 3
    assert "12" in texts_of(text)


def test_running_headers_and_footers_are_dropped():
    pages = [f"Hartmark HK-86\nBrake manual\n\n{PARAGRAPH}\n\nIssue 4\n- {page} -\n" for page in range(1, 5)]
    assert texts_of("\n".join(pages)) == ["Hartmark HK-86\nBrake manual", *[PARAGRAPH] * 4]


def test_a_running_header_with_the_page_number_is_dropped_by_form_feeds():
    pages = [f"Brake manual {page}\n\n{PARAGRAPH}\n" for page in range(1, 8)]
    assert texts_of("\f".join(pages)) == ["Brake manual 1", *[PARAGRAPH] * 7]


def test_two_equal_lines_beside_page_numbers_are_not_enough():
    text = "\n".join(f"Removal\n\n{PARAGRAPH}\n\n- {page} -\n" for page in (1, 2))
    assert texts_of(text).count("Removal") == 2


def test_a_line_that_stands_elsewhere_too_is_text():
    page = f"{PARAGRAPH}\nThis may not be supported.\nMore.\n\nThis may not be supported."
    text = "\n\n".join(f"{page}\n- {number} -" for number in range(1, 5))
    assert " ".join(texts_of(text)).count("This may not be supported.") == 8


def test_numbered_chapters_at_page_starts_stay():
    text = "\n".join(f"- {page} -\n\nChapter {page}\n\n{PARAGRAPH}\n" for page in range(1, 8))
    assert [block for block in texts_of(text) if block.startswith("Chapter")] == [f"Chapter {n}" for n in range(1, 8)]
