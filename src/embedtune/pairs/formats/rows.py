"""Rows of any file that holds one record a row, and what becomes of those that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from embedtune.errors import FormatError
from embedtune.pairs.formats.fields import kind_of
from embedtune.pairs.formats.strict_json import excerpt

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be used.

    Attributes:
        line: Its 1-based number; in Parquet the number of the row, in a JSON file with a list that of
            the entry.
        excerpt: The text around the fault, shortened.
        reason: What is wrong with it.
    """

    line: int
    excerpt: str
    reason: str


@dataclass(frozen=True, slots=True)
class LinesRead(Generic[_Item]):
    """What a file of rows held.

    Attributes:
        items: One for each row that could be used, in order.
        skipped: The rows that could not.
        numbers: The 1-based line (or row) number of each item.
    """

    items: tuple[_Item, ...]
    skipped: tuple[BadLine, ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row could not be read at all, with the text around the fault."""

    reason: str
    remedy: str
    excerpt: str


SourceRows = Iterator[tuple[int, dict[str, object] | Fault]]


def collect_rows(
    path: Path,
    rows: Iterable[tuple[int, object]],
    parse: Callable[[dict[str, object]], _Item],
    *,
    skip_bad_lines: bool,
    unit: str = "line",
) -> LinesRead[_Item]:
    """Make an item of each row as it is read.

    Args:
        path: The file, for messages.
        rows: Numbers with objects; a `Fault` or anything else that is no object is a bad row.
        parse: Makes an item of an object; raises `FormatError` with the reason (without the place).
        skip_bad_lines: Go on after a bad row and list it in ``skipped``.
        unit: What is numbered, in messages.

    Raises:
        FormatError: A row is malformed, or, with ``skip_bad_lines``, none can be used.
    """
    items: list[_Item] = []
    numbers: list[int] = []
    skipped: list[BadLine] = []
    for number, row in rows:
        try:
            items.append(parse(_object(row, unit)))
            numbers.append(number)
        except FormatError as error:
            shown = row.excerpt if isinstance(row, Fault) else excerpt(json.dumps(row, ensure_ascii=False))
            bad = BadLine(number, shown, error.message)
            if not skip_bad_lines:
                raise bad_line_error(path, bad, error.remedy, unit) from error
            skipped.append(bad)
    if skipped and not items:
        raise FormatError(
            f"{path}: none of its {len(skipped)} {unit}s can be used. "
            f"{unit.capitalize()} {skipped[0].line}: {skipped[0].reason}",
            "Check that it is the right file.",
        )
    return LinesRead(tuple(items), tuple(skipped), tuple(numbers))


def bad_line_error(path: Path, bad: BadLine, remedy: str, unit: str = "line") -> FormatError:
    """Return the error for a line (or another numbered unit) that cannot be used."""
    return FormatError(f"{path}, {unit} {bad.line}: {bad.reason} The text there: {bad.excerpt}", remedy)


def _object(row: object, unit: str) -> dict[str, object]:
    if isinstance(row, Fault):
        raise FormatError(row.reason, row.remedy)
    if not isinstance(row, dict):
        raise FormatError(f"The {unit} is {kind_of(row)}, not an object.", f"Give every {unit} as an object.")
    return row
