"""CSV and TSV (RFC 4180): a header with the names of the fields, then one record a row.

They are read with Python's own parser and not with pyarrow's, which knows neither the line that a row
begins on nor how to go on after a byte that is not UTF-8.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TypeVar

from embedtune.errors import FormatError
from embedtune.files import atomic_writer
from embedtune.pairs.formats.cells import CellRules, cell_of, cell_value, table_columns
from embedtune.pairs.formats.fields import Row
from embedtune.pairs.formats.rows import Fault, SourceRows
from embedtune.pairs.formats.strict_json import excerpt, not_readable

_Item = TypeVar("_Item")

_MAX_CELL = 16 * 1024 * 1024
_MAX_LINE = 64 * 1024 * 1024
_ESCAPED = 0xDC00
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NOT_UTF_8 = "Save the file as UTF-8."


def delimited_rows(path: Path, rules: CellRules) -> SourceRows:
    """Yield the number of the line that each row begins on, and its fields; empty cells are left out.

    UTF-8 with or without a byte order mark, or UTF-16 with one. A file that ends in ``.tsv`` is divided
    by tabs, another by commas, or by semicolons where its header has these alone.

    Raises:
        FormatError: The file cannot be read, has no header, or names a column twice.
    """
    csv.field_size_limit(max(_MAX_CELL, csv.field_size_limit()))
    try:
        with path.open(encoding=_encoding(path), errors="surrogateescape", newline="") as stream:
            yield from _rows(path, stream, rules)
    except OSError as error:
        raise not_readable(path, error) from error
    except UnicodeError as error:
        raise FormatError(f"{path} is not the UTF-16 that its first bytes say.", _NOT_UTF_8) from error


def write_delimited(path: Path, items: Sequence[_Item], row_of: Callable[[_Item], Row], rules: CellRules) -> None:
    """Write a table, wholly or not at all: the columns are all fields that any row has, in order of appearance.

    Raises:
        FormatError: The rows have too many different fields for a table.
        InputError: The file cannot be written.
    """
    names = table_columns(path, (row_of(item) for item in items)) or sorted(rules.texts)
    with atomic_writer(path) as stream:
        writer = csv.writer(stream, delimiter="\t" if _by_tabs(path) else ",", strict=True)
        writer.writerow(names)
        for item in items:
            row = row_of(item)
            writer.writerow([cell_of(name, row[name], rules) if name in row else "" for name in names])


def _by_tabs(path: Path) -> bool:
    return path.suffix.lower() == ".tsv"


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        return "utf-16" if stream.read(2) in _UTF_16 else "utf-8-sig"


def _rows(path: Path, stream: IO[str], rules: CellRules) -> SourceRows:
    lines = _Lines(path, stream)
    first = next(lines, "")
    delimiter = "\t" if _by_tabs(path) else ";" if ";" in first and "," not in first else ","
    reader = csv.reader(itertools.chain([first], lines) if first else lines, delimiter=delimiter, strict=True)
    names = _header(path, reader)
    while True:
        number = reader.line_num + 1
        lines.beginning = ""
        try:
            cells = next(reader, None)
        except csv.Error as error:
            end = "" if reader.line_num <= number else f" (read up to line {reader.line_num})"
            remedy = 'Put a cell with quotes, delimiters or line ends in quotes, and double the quotes in it: "".'
            yield number, Fault(f"Not a row: {error}{end}.", remedy, excerpt(lines.beginning))
            continue
        if cells is None:
            return
        if cells:
            yield number, _fields(names, cells, rules)


class _Lines:
    """The lines of a stream; ``beginning`` is the first one since it was last emptied."""

    def __init__(self, path: Path, stream: IO[str]) -> None:
        self._path = path
        self._stream = stream
        self._number = 0
        self.beginning = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(_MAX_LINE)
        self._number += 1
        if not line:
            raise StopIteration
        if len(line) == _MAX_LINE:
            problem = f"{self._path}, line {self._number}: longer than {_MAX_LINE >> 20} MiB."
            raise FormatError(problem, "Check its line ends.")
        self.beginning = self.beginning or line
        return line


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        names = next((cells for cells in reader if cells), None)
    except csv.Error as error:
        raise FormatError(f"{path}, line 1: not a row of names: {error}.", "Name the columns in line 1.") from error
    if names is None:
        raise FormatError(f"{path} is empty.", "Name the columns in line 1, then give one record a row.")
    if any(_bad_byte(name) is not None for name in names):
        raise FormatError(f"{path}, line 1: not UTF-8.", _NOT_UTF_8)
    ((name, count),) = Counter(names).most_common(1)
    if count > 1:
        raise FormatError(f"{path}, line 1: {count} columns are called {name!r:.60}.", "Give each column its own name.")
    return names


def _fields(names: Sequence[str], cells: Sequence[str], rules: CellRules) -> dict[str, object] | Fault:
    shown = excerpt(" | ".join(cells)[:1000])
    byte = next((byte for byte in map(_bad_byte, cells) if byte is not None), None)
    if byte is not None:
        return Fault(f"Not UTF-8: byte 0x{byte:02x}.", _NOT_UTF_8, shown)
    if len(cells) != len(names):
        remedy = "Give every row as many cells as the header, and put a cell with a delimiter in quotes."
        return Fault(f"{len(cells)} cells where the header names {len(names)} columns.", remedy, shown)
    try:
        return {name: cell_value(name, cell, rules) for name, cell in zip(names, cells, strict=True) if cell}
    except FormatError as error:
        return Fault(error.message, error.remedy, shown)


def _bad_byte(text: str) -> int | None:
    """Return the first byte that could not be decoded, if any."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return ord(text[error.start]) - _ESCAPED
    return None
