"""Tables of AsciiDoc as rows of cells."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SPECIFIER = r"(?:\d{1,3}(?:\.\d{1,3})?|\.\d{1,3})?[*+]?[<^>]?(?:\.[<^>])?[aehlmsdv]?"
_CELL = re.compile(rf"(?:(?:^|(?<=\s))({_SPECIFIER}))?(?<!\\)\|")
_COLUMNS = re.compile(r"cols\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^,\]]+))")
_REPEATED = re.compile(r"^\s*(\d{1,3})\*")
_SPAN = re.compile(r"^(\d{1,2})(?:\.\d{1,3})?([+*])")
_MAX_COLUMNS = 200

Row = list[str]


def table_rows(lines: Sequence[str], attributes: str, separator: str) -> list[Row]:
    """Return the rows of a table.

    Each line is a row where all lines that begin cells have as many of them; else the cells are
    counted off by the number of columns, which the attributes or the first line tell.

    Args:
        lines: The lines between the table's delimiters.
        attributes: The block attributes above it, such as ``cols="1,2"``.
        separator: ``|``, or what begins the delimiter: ``,`` and ``:`` for separated values, ``!`` for a nested table.
    """
    if separator in {",", ":"}:
        return _separated(lines, separator)
    by_line = list(_cells_by_line([line.replace("!", "|") if separator == "!" else line for line in lines]))
    counts = {sum(width for width, _ in cells) for cells in by_line}
    columns = _column_count(attributes) or (sum(width for width, _ in by_line[0]) if by_line else 0)
    if counts == {columns} or (len(counts) > 1 and min(counts) > 1):
        return [[text for _, text in cells] for cells in by_line]
    return list(_counted_off([cell for cells in by_line for cell in cells], columns))


def _cells_by_line(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Yield for each line that begins cells their widths in columns and texts, the lines below it taken in."""
    cells: list[tuple[int, list[str]]] = []
    for line in lines:
        text = line.strip()
        marks = list(_CELL.finditer(text))
        if marks and marks[0].start() == 0:
            if cells:
                yield _closed(cells)
            cells = []
        elif cells and text:
            cells[-1][1].append(text[: marks[0].start()] if marks else text)
        ends = [following.start() for following in marks[1:]] + [len(text)] * bool(marks)
        for mark, end in zip(marks, ends, strict=True):
            span = _SPAN.match(mark.group(1) or "")
            repeat = min(int(span.group(1)), _MAX_COLUMNS) if span else 1
            content = [text[mark.end() : end].strip()]
            if span and span.group(2) == "*":
                cells += [(1, list(content)) for _ in range(repeat)]
            else:
                cells.append((repeat, content))
    if cells:
        yield _closed(cells)


def _closed(cells: Sequence[tuple[int, list[str]]]) -> list[tuple[int, str]]:
    return [(width, " ".join(filter(None, texts)).replace("\\|", "|")) for width, texts in cells]


def _counted_off(cells: Sequence[tuple[int, str]], columns: int) -> Iterator[Row]:
    row: Row = []
    width = 0
    for span, text in cells:
        row.append(text)
        width += span
        if width >= columns:
            yield row
            row, width = [], 0
    if row:
        yield row


def _column_count(attributes: str) -> int:
    match = _COLUMNS.search(attributes)
    if not match:
        return 0
    parts = re.split(r"[,;]", next(filter(None, match.groups()), ""))
    repeats = (_REPEATED.match(part) for part in parts)
    return min(_MAX_COLUMNS, sum(int(repeat.group(1)) if repeat else 1 for repeat in repeats))


def _separated(lines: Sequence[str], separator: str) -> list[Row]:
    try:
        return [row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if any(row)]
    except csv.Error:
        return [[line] for line in lines if line.strip()]
