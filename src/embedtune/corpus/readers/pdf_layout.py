"""Lines of a PDF page in reading order: rows of runs, columns told apart from the cells of a table.

A page is cut along the widest vertical gap that few rows cross and that has prose on both sides;
rows that cross it (a title, a wide figure) part what stands above them from what stands below. Each
side is cut again. It is the recursive X-Y cut of Nagy and Seth (1984), with crossing rows allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from embedtune.corpus.readers.pdf_page import Run, merged, same_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MARKER = re.compile(
    r"^(?:[-*•▪\u2013\u2014]|\(?(?:\d{1,3}|[A-Za-z])[.)]|\d{1,2}(?:\.\d{1,3}){0,4}\.?|[A-Z](?:\.\d{1,3})+)$"
)
_CELL = " | "
_CELL_GAP = 1.6
_MARKER_GAP = 4.0
_MIN_GUTTER = 6.0
_MIN_GUTTER_SIZE = 0.6
_MIN_ROWS = 4
_CROSSING_SHARES = (0.12, 0.34)  # a clear gutter is looked for first
_PROSE_WORDS = 3
_PROSE_SHARE = 0.5
_PROSE_WIDTH = 0.6
_MAX_DEPTH = 6
_MAX_COLUMN_DEPTH = 2
_MAX_GUTTERS_TRIED = 4
_MIN_COLUMN_SHARE = 0.15
_BOLD_SHARE = 0.9
_MAX_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page.

    Attributes:
        text: Its words; cells of a table row are parted by `` | ``.
        page: The number of its page, from 0.
        left: Where it begins, in points.
        right: Where it ends.
        baseline: Its height above the foot of the page.
        size: The size of most of its letters.
        bold: Whether nearly all its letters are bold.
        column: Where the column that it stands in begins and ends.
    """

    text: str
    page: int
    left: float
    right: float
    baseline: float
    size: float
    bold: bool
    column: tuple[float, float]


def lines_of(runs: Sequence[Run], page: int) -> list[Line]:
    """Return the lines of a page in reading order.

    Args:
        runs: The runs of the page in any order.
        page: The page's number, from 0.
    """
    top_down = sorted((run for run in runs if run.text.strip()), key=lambda run: (-run.baseline, run.left))
    return [line for column in _columns(top_down, _MAX_DEPTH) for line in _column_lines(column, page)]


def _column_lines(runs: Sequence[Run], page: int) -> Iterator[Line]:
    column = (min(run.left for run in runs), max(run.right for run in runs))
    for row in _rows(runs):
        text = _row_text(row)
        whole = merged(row, text)
        bold = whole.letters > 0 and whole.bold_letters >= _BOLD_SHARE * whole.letters
        yield Line(text, page, whole.left, whole.right, whole.baseline, whole.size, bold, column)


def _rows(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """Yield the rows of runs that are sorted from the top down, each from left to right."""
    row: list[Run] = []
    for run in runs:
        if row and not same_row(row[0], run):
            yield sorted(row, key=lambda run: run.left)
            row = []
        row.append(run)
    if row:
        yield sorted(row, key=lambda run: run.left)


def _row_text(row: Sequence[Run]) -> str:
    text = row[0].text
    for before, run in pairwise(row):
        marker = before is row[0] and bool(_MARKER.match(before.text))
        widest = (_MARKER_GAP if marker else _CELL_GAP) * min(run.size, before.size)
        text += f" {run.text}" if run.left - before.right <= widest else f"{_CELL}{run.text}"
    return text


def _columns(runs: Sequence[Run], depth: int) -> Iterator[list[Run]]:
    """Yield the columns of a region in reading order, cut at its gutter if it has one."""
    gutter = _gutter(runs) if depth else None
    if gutter is None:
        if runs:
            yield list(runs)
        return
    for crossing, band in groupby(runs, key=lambda run: run.left < gutter < run.right):
        members = list(band)
        if crossing:
            yield members
        else:
            yield from _columns([run for run in members if run.right <= gutter], depth - 1)
            yield from _columns([run for run in members if run.left >= gutter], depth - 1)


def _gutter(runs: Sequence[Run], depth: int = _MAX_COLUMN_DEPTH) -> float | None:
    """Return the middle of the widest gap that parts two columns of prose, if there is one.

    A side may hold columns in turn, down to a depth.
    """
    if len(runs) < 2 * _MIN_ROWS:
        return None
    size = sorted(run.size for run in runs)[len(runs) // 2]
    least = max(_MIN_GUTTER, _MIN_GUTTER_SIZE * size)
    gaps = [gap for share in _CROSSING_SHARES for gap in _gaps(runs, share * len(runs), least)]
    for left, right in gaps:
        middle = (left + right) / 2
        sides = [run for run in runs if run.right <= middle], [run for run in runs if run.left >= middle]
        if all(_is_prose(side, runs) or (depth and _gutter(side, depth - 1) is not None) for side in sides):
            return middle
    return None


def _gaps(runs: Sequence[Run], crossing: float, least: float) -> list[tuple[float, float]]:
    """Return the widest stretches of at least a width, inside the region, that few enough runs cover."""
    start = min(run.left for run in runs)
    width = min(int(max(run.right for run in runs) - start) + 2, _MAX_POINTS)
    changes = [0] * (width + 1)
    for run in runs:
        changes[min(max(0, int(run.left - start)), width)] += 1
        changes[min(max(0, int(run.right - start)) + 1, width)] -= 1
    found: list[tuple[float, float]] = []
    position = 0
    for is_open, stretch in groupby(level <= crossing for level in accumulate(changes[:width])):
        length = sum(1 for _ in stretch)
        if is_open and length >= least and position > 0 and position + length < width - 1:
            found.append((start + position, start + position + length))
        position += length
    return sorted(found, key=lambda gap: (gap[0] - gap[1], gap[0]))[:_MAX_GUTTERS_TRIED]


def _is_prose(side: Sequence[Run], region: Sequence[Run]) -> bool:
    """Tell whether one side of a gap is a column of running text, not the cells of a table or marks of a list."""
    rows = list(_rows(side))
    if len(rows) < _MIN_ROWS:
        return False
    texts = [_row_text(row) for row in rows]
    worded = sum(len(text.split()) >= _PROSE_WORDS and _CELL not in text for text in texts)
    width = max(run.right for run in side) - min(run.left for run in side)
    filled = sum(max(run.right for run in row) - row[0].left >= _PROSE_WIDTH * width for row in rows)
    share = width / max(1.0, max(run.right for run in region) - min(run.left for run in region))
    return min(worded, filled) >= _PROSE_SHARE * len(rows) and share >= _MIN_COLUMN_SHARE
