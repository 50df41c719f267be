from __future__ import annotations

from embedtune.corpus.readers.table_rows import MAX_CELL_WORDS, joined_row, row_text
from embedtune.vocabulary.corpus import TextBlock


def test_a_row_is_a_line():
    assert row_text(["Rated\noutput ", "24 kW"]) == "Rated output | 24 kW"
    assert row_text(["", " "]) == row_text([]) == ""


def test_the_blocks_of_cells_are_joined():
    cells = [[TextBlock("a", 3), TextBlock("b", 4)], [], [TextBlock("c", 5)]]
    assert joined_row(cells) == TextBlock("a b |  | c", 3)


def test_cells_that_lay_out_a_page_are_not_joined():
    text = TextBlock("a", 1)
    for cell in [TextBlock("h", 1, 2), TextBlock("x | y", 1), TextBlock("w " * (MAX_CELL_WORDS + 1), 1)]:
        assert joined_row([[text], [cell]]) is None
    assert joined_row([[text]]) is None
    assert joined_row([[], []]) is None
