"""JSON lines: one object a line, every fault reported with its place."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from embedtune.errors import FormatError
from embedtune.pairs.formats.strict_json import excerpt, not_readable, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be used.

    Attributes:
        line: Its 1-based number; in a JSON file with a list, the number of the entry.
        excerpt: The text around the fault, shortened.
        reason: What is wrong with it.
    """

    line: int
    excerpt: str
    reason: str


@dataclass(frozen=True, slots=True)
class LinesRead(Generic[_Item]):
    """What a file of JSON lines held.

    Attributes:
        items: One for each line that could be used, in order.
        skipped: The lines that could not.
        numbers: The 1-based line number of each item.
    """

    items: tuple[_Item, ...]
    skipped: tuple[BadLine, ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    reason: str
    position: int
    remedy: str


def read_json_lines(
    path: Path, parse: Callable[[dict[str, object]], _Item], *, skip_bad_lines: bool = False
) -> LinesRead[_Item]:
    """Read a file of JSON objects, one a line, without holding its text as a whole.

    Blank lines are passed over. Lines end at a newline alone, so that the line separators of Unicode
    may stand inside a text. A byte order mark is accepted.

    Args:
        path: The file, UTF-8.
        parse: Makes an item of an object; raises `FormatError` with the reason (without the place).
        skip_bad_lines: Go on after a malformed line and list it in ``skipped``.

    Raises:
        FormatError: The file cannot be read, a line is malformed, or, with ``skip_bad_lines``, none
            of its lines can be used.
    """
    items: list[_Item] = []
    numbers: list[int] = []
    skipped: list[BadLine] = []
    for number, raw in _raw_lines(path):
        parsed = _parsed(raw, parse)
        if not isinstance(parsed, _Fault):
            items.append(parsed)
            numbers.append(number)
            continue
        bad = BadLine(number, excerpt(raw.decode(errors="replace"), parsed.position), parsed.reason)
        if not skip_bad_lines:
            raise bad_line_error(path, bad, parsed.remedy)
        skipped.append(bad)
    if skipped and not items:
        raise FormatError(
            f"{path}: none of its {len(skipped)} lines can be used. Line {skipped[0].line}: {skipped[0].reason}",
            "Check that it is the right file: one JSON object a line, in UTF-8.",
        )
    return LinesRead(tuple(items), tuple(skipped), tuple(numbers))


def bad_line_error(path: Path, bad: BadLine, remedy: str, unit: str = "line") -> FormatError:
    """Return the error for a line (or another numbered unit) that cannot be used."""
    return FormatError(f"{path}, {unit} {bad.line}: {bad.reason} The text there: {bad.excerpt}", remedy)


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of the lines that are not blank."""
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                raw = line
                if number == 1:
                    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                        raise FormatError(f"{path} is in UTF-16, not in UTF-8.", "Save the file as UTF-8.")
                    raw = line.removeprefix(codecs.BOM_UTF8)
                if raw.strip():
                    yield number, raw.rstrip(b"\r\n")
    except OSError as error:
        raise not_readable(path, error) from error


def _parsed(raw: bytes, parse: Callable[[dict[str, object]], _Item]) -> _Item | _Fault:
    try:
        value = parse_json(raw.decode())
    except UnicodeDecodeError as error:
        place = len(raw[: error.start].decode())
        return _Fault(f"Not UTF-8: byte 0x{raw[error.start]:02x}.", place, "Save the file as UTF-8.")
    except json.JSONDecodeError as error:
        column = f" (column {error.colno})" if error.pos else ""
        return _Fault(f"Not valid JSON: {error.msg}{column}.", error.pos, "Write one whole JSON object a line.")
    if not isinstance(value, dict):
        return _Fault("Not a JSON object.", 0, "Write one JSON object, in braces, a line.")
    try:
        return parse(value)
    except FormatError as error:
        return _Fault(error.message, 0, error.remedy)
