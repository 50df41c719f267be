from __future__ import annotations

import pytest

from embedtune.corpus.headings import mark_headings
from embedtune.corpus.inner_titles import inner_title_lines, writes_a_sentence_a_line
from embedtune.corpus.readers.text import blocks_of

PROSE = [f"The pump number {number} is checked weekly." for number in range(12)]


def titles(*lines, plausible=True):
    return [lines[at] for at in inner_title_lines(lines, [plausible] * len(lines))]


def test_a_short_line_between_sentences_is_a_title():
    assert titles(PROSE[0], "Oil level", PROSE[1], "Fuse box", "Check it as follows:", "Main fuse") == [
        "Oil level",
        "Fuse box",
    ]
    assert titles(PROSE[0], "Oil level", PROSE[1], plausible=False) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("Oil level", PROSE[0], PROSE[1]),
        (PROSE[0], PROSE[1], "Oil level"),
        (PROSE[0], "oil level", PROSE[1]),
        (PROSE[0], "Oil level: low", PROSE[1]),
        (PROSE[0], "On", PROSE[1]),
        (PROSE[0], "One two three four five six seven eight nine ten", PROSE[1]),
        (PROSE[0], "Oil level", "Fuse box", PROSE[1]),
        ("Choose one of these:", "Oil level", PROSE[1]),
        (PROSE[0], "Oil level", "Sound: Choose a tone for it."),
        (PROSE[0], "Oil level", "Wait."),
        ("For more, see .", "Oil level", PROSE[1]),
    ],
    ids=[
        "first line",
        "last line",
        "lower case",
        "label",
        "too short",
        "too long",
        "above another",
        "list item",
        "above a labelled item",
        "above one word",
        "link lifted out of the sentence above",
    ],
)
def test_lines_that_are_no_titles(lines):
    assert titles(*lines) == []


def test_a_title_may_follow_the_link_of_the_sentence_above():
    assert titles("For more, see .", "Fuse box", "Oil level", PROSE[1]) == ["Oil level"]
    assert titles("For more, visit:", "docs.example.org/pumps", "Oil level", PROSE[1]) == ["Oil level"]


def test_a_list_of_contents_in_the_block_names_its_titles():
    lines = [
        PROSE[0],
        "Oil level",
        "Fuse box",
        "Oil level",
        PROSE[1],
        "Fuse box",
        PROSE[2],
        "Lamps",
        "Cables",
        PROSE[3],
    ]
    assert inner_title_lines(lines, [True] * len(lines)) == [3, 5]


def test_which_documents_write_a_sentence_a_line():
    assert writes_a_sentence_a_line([PROSE, PROSE])
    assert not writes_a_sentence_a_line([PROSE])
    assert not writes_a_sentence_a_line([[line.rstrip(".") for line in PROSE]] * 2)
    assert not writes_a_sentence_a_line([])


def test_inner_titles_stand_below_the_title_of_their_block():
    block = [*PROSE, "Oil level", *PROSE, "Fuse box", PROSE[0]]
    marked = mark_headings(blocks_of("Pumps\n\n" + "\n".join(block)))
    assert [(b.text, b.line, b.heading_level) for b in marked if b.heading_level] == [
        ("Pumps", 1, 1),
        ("Oil level", 15, 2),
        ("Fuse box", 28, 2),
    ]
    assert marked[-1].text == PROSE[0]
    assert marked[-1].line == 29


def test_wrapped_prose_has_no_inner_titles():
    lines = [line.rstrip(".") for line in PROSE] * 2
    marked = mark_headings(blocks_of("Pumps\n\n" + "\n".join([*lines, "It is so.", "Oil level", "It is low here."])))
    assert [block.text for block in marked if block.heading_level] == ["Pumps"]
