"""The open tables of a web page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from embedtune.corpus.readers.html_parts import PlacedBlock
from embedtune.corpus.readers.table_rows import MAX_CELL_WORDS, joined_row


@dataclass(slots=True)
class OpenTables:
    """Where the cells of each open table's current row begin among the blocks of the page."""

    _rows: list[list[int] | None] = field(default_factory=list)

    @property
    def cell_start(self) -> int:
        """The number of blocks above the innermost cell."""
        cells = self._rows[-1] if self._rows else None
        return cells[-1] if cells else 0

    def begin_table(self) -> None:
        """Open a table within those that are open."""
        self._rows.append(None)

    def end_table(self) -> None:
        """Close the innermost table."""
        self._rows.pop()

    def begin_row(self) -> None:
        """Open a row of the innermost table; outside of tables it means nothing."""
        if self._rows:
            self._rows[-1] = []

    def begin_cell(self, blocks: int) -> None:
        """Open a cell of the current row.

        Args:
            blocks: How many blocks the page has above it.
        """
        cells = self._rows[-1] if self._rows else None
        if cells is not None:
            cells.append(blocks)

    def end_row(self, placed: list[PlacedBlock]) -> None:
        """Close the current row and make its blocks one, unless the row lays out the page (see `joined_row`)."""
        starts = self._rows[-1] if self._rows else None
        if not starts:
            return
        self._rows[-1] = None
        if len(placed) - starts[0] > MAX_CELL_WORDS * len(starts):
            return  # some cell has more blocks than words are allowed
        ends = [*starts[1:], len(placed)]
        row = joined_row([[item.block for item in placed[a:b]] for a, b in zip(starts, ends, strict=True)])
        if row:
            placed[starts[0] :] = [replace(placed[starts[0]], block=row)]
