"""Rows of a table as lines of text, told apart from tables that only lay out a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BETWEEN = " | "
MAX_CELL_WORDS = 100


def row_text(cells: Iterable[str]) -> str:
    """Return the cells of a row as one line, empty if no cell has text."""
    texts = [" ".join(cell.split()) for cell in cells]
    return _BETWEEN.join(texts).strip() if any(texts) else ""


def joined_row(cells: Sequence[Sequence[TextBlock]]) -> TextBlock | None:
    """Return a row of a table as one block, or ``None`` where it has no text or only lays out the page.

    A row lays out the page where it has a single cell, or where a cell holds a heading, a row of
    another table or more than a hundred words.

    Args:
        cells: The blocks of each cell.
    """
    first = next((block for cell in cells for block in cell), None)
    if first is None or len(cells) == 1 or any(_lays_out(cell) for cell in cells):
        return None
    return TextBlock(row_text(" ".join(block.text for block in cell) for cell in cells), first.line)


def _lays_out(cell: Sequence[TextBlock]) -> bool:
    words = 0
    for block in cell:
        words += len(block.text.split())
        if block.heading_level or _BETWEEN in block.text or words > MAX_CELL_WORDS:
            return True
    return False
