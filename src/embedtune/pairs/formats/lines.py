"""JSON lines: one object a line, every fault reported with its place."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from embedtune.errors import FormatError
from embedtune.pairs.formats.rows import Fault, LinesRead, SourceRows, collect_rows
from embedtune.pairs.formats.strict_json import excerpt, not_readable, parse_json

_Item = TypeVar("_Item")

_MAX_LINE_BYTES = 64 * 1024 * 1024


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
    return collect_rows(path, json_line_rows(path), parse, skip_bad_lines=skip_bad_lines)


def json_line_rows(path: Path) -> SourceRows:
    """Yield the number and the object of each line that is not blank.

    Raises:
        FormatError: The file cannot be read, or is in UTF-16.
    """
    for number, raw in _raw_lines(path):
        yield number, _parsed(raw)


def _raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of the lines that are not blank; of a line too long, one byte more than the limit."""
    number = 0
    try:
        with path.open("rb") as stream:
            while line := stream.readline(_MAX_LINE_BYTES + 1):
                number += 1
                raw = line
                if number == 1:
                    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                        raise FormatError(f"{path} is in UTF-16, not in UTF-8.", "Save the file as UTF-8.")
                    raw = line.removeprefix(codecs.BOM_UTF8)
                if raw.strip():
                    yield number, raw.rstrip(b"\r\n")
                while len(line) > _MAX_LINE_BYTES and not line.endswith(b"\n"):
                    line = stream.readline(_MAX_LINE_BYTES + 1)
    except OSError as error:
        raise not_readable(path, error) from error


def _parsed(raw: bytes) -> dict[str, object] | Fault:
    if len(raw) > _MAX_LINE_BYTES:
        shown = excerpt(raw[:1000].decode(errors="replace"))
        return Fault(f"Longer than {_MAX_LINE_BYTES >> 20} MiB.", "Write one object a line.", shown)
    try:
        value = parse_json(raw.decode())
    except UnicodeDecodeError as error:
        place = len(raw[: error.start].decode())
        shown = excerpt(raw.decode(errors="replace"), place)
        return Fault(f"Not UTF-8: byte 0x{raw[error.start]:02x}.", "Save the file as UTF-8.", shown)
    except json.JSONDecodeError as error:
        column = f" (column {error.colno})" if error.pos else ""
        shown = excerpt(error.doc, error.pos)
        return Fault(f"Not valid JSON: {error.msg}{column}.", "Write one whole JSON object a line.", shown)
    if not isinstance(value, dict):
        return Fault("Not a JSON object.", "Write one JSON object, in braces, a line.", excerpt(raw.decode()))
    return value
