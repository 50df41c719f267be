"""Tables of reStructuredText as rows of cells."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BORDER = re.compile(r"^=+(?: +=+)+\s*$")
_SPAN_RULE = re.compile(r"^-+(?: +-+)*\s*$")
_GRID_BORDER = re.compile(r"^\+(?:[-=]+\+)+\s*$")
_RULE = re.compile(r"^[-=+\s]+$")
_LIST_ROW = re.compile(r"^(\s*)[*+-](\s+)[*+-](?:\s+(.*))?$")
_LIST_CELL = re.compile(r"^(\s*)[*+-](?:\s+(.*))?$")

Row = list[str]


def is_simple_border(line: str) -> bool:
    """Tell whether a line, without its indentation, is the border of a simple table."""
    return bool(_BORDER.match(line))


def is_grid_border(line: str) -> bool:
    """Tell whether a line, without its indentation, is the border of a grid table."""
    return bool(_GRID_BORDER.match(line))


def simple_table_end(lines: Sequence[str], start: int) -> int:
    """Return the position behind a simple table: behind its second border that nothing follows, or its third.

    Args:
        lines: Lines of a document.
        start: The position of the table's first border.

    Returns:
        ``start`` if no border closes the table.
    """
    borders = 0
    for position in range(start + 1, len(lines)):
        if not is_simple_border(lines[position].strip()):
            continue
        borders += 1
        last = position + 1 == len(lines) or not lines[position + 1].strip()
        if last or borders > 1:
            return position + 1
    return start


def simple_table_rows(lines: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a simple table; a line with nothing in its first column goes on with the row above."""
    columns = [match.span() for match in re.finditer(r"=+", lines[0])]
    edges = [*(start for start, _ in columns), None]
    row: Row = []
    for line in lines[1:]:
        text = line.rstrip()
        if not text:
            continue
        if is_simple_border(text.strip()) or _SPAN_RULE.match(text.strip()):
            if row:
                yield row
            row = []
            continue
        cells = [text[start:end].strip() for start, end in pairwise(edges)]
        if row and not cells[0]:
            row = [" ".join(filter(None, pair)) for pair in zip(row, cells, strict=True)]
        else:
            if row:
                yield row
            row = cells
    if row:
        yield row


def grid_table_rows(lines: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a grid table; a cell over several columns stands in the first of them."""
    edges = [position for position, character in enumerate(lines[0]) if character == "+"]
    row: list[list[str]] = [[] for _ in edges[1:]]
    for line in lines[1:]:
        if _GRID_BORDER.match(line):
            if any(row):
                yield [" ".join(cell) for cell in row]
            row = [[] for _ in edges[1:]]
            continue
        start = 0
        for column, edge in enumerate(edges[1:], start=1):
            if line[edge : edge + 1] in {"|", "+", ""}:
                text = line[edges[start] + 1 : edge].strip()
                if text and not _RULE.match(text):
                    row[start].append(text)
                start = column
    if any(row):
        yield [" ".join(cell) for cell in row]


def list_table_rows(lines: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a ``list-table``: a list of lists."""
    row: Row = []
    place: tuple[int, int] | None = None
    for line in lines:
        start, cell = _LIST_ROW.match(line), _LIST_CELL.match(line)
        if start and (place is None or len(start.group(1)) == place[0]):
            if row:
                yield row
            place = len(start.group(1)), len(start.group(1)) + 1 + len(start.group(2))
            row = [(start.group(3) or "").strip()]
        elif cell and place and len(cell.group(1)) == place[1]:
            row.append((cell.group(2) or "").strip())
        elif row and line.strip():
            row[-1] = f"{row[-1]} {line.strip()}".strip()
    if row:
        yield row


def csv_rows(lines: Sequence[str]) -> list[Row]:
    """Return the rows of a ``csv-table``, its lines as they stand where they are no CSV."""
    try:
        return [row for row in csv.reader(lines, skipinitialspace=True) if any(cell.strip() for cell in row)]
    except csv.Error:
        return [[line] for line in lines if line.strip()]
