from __future__ import annotations

import pytest

from embedtune.corpus.readers.contents_list import contents_lines
from embedtune.corpus.readers.text import blocks_of


def texts_of(text):
    return [block.text for block in blocks_of(text)]


def test_dotted_contents_are_dropped_with_their_heading():
    contents = "CONTENTS\n\nDraining ........ 4\nBleeding the brakes . . . . . 12\nFuses\u2026\u2026 12"
    assert texts_of(f"{contents}\n\nAir is\ndrained weekly.") == ["Air is\ndrained weekly."]


def test_a_single_contents_line_is_dropped_where_its_title_comes_again():
    assert texts_of("Bleeding the brakes ........ 12\n\n2.1 Bleeding the brakes\n\nOpen.") == [
        "2.1 Bleeding the brakes",
        "Open.",
    ]


def test_contents_set_with_wide_space_are_dropped_where_the_titles_come_again():
    contents = "Draining      4\nBleeding     12\nFuses     30"
    body = "Draining\n\nOpen.\n\nBleeding\n\nPump.\n\nFuses\n\nLook."
    assert texts_of(f"{contents}\n\n{body}") == body.split("\n\n")
    assert texts_of(contents) == [contents]


@pytest.mark.parametrize(
    "rows",
    [
        "Weight ...... 34 kg\nCells ...... 40\nRows ...... 60",
        "Cells ...... 40\nRows ...... 6\nPlates ...... 90",
        "Cells ..... 40",
    ],
    ids=["units", "falling", "single"],
)
def test_technical_data_with_dots_stays(rows):
    assert texts_of(rows) == [rows]


def test_positions_of_contents_lines():
    lines = ["Contents", "", "Oil level .... 2", "", "Fuses ..... 3-1", "Lamps .... iv", "", "Weight .... 34 kg"]
    assert contents_lines(lines[:6]) == frozenset()
    assert contents_lines([*lines[:3], "Fuses ..... 3", "Lamps .... 12"]) == {0, 2, 3, 4}
    assert contents_lines([*lines, "Oil Level"]) == {0, 2}
