"""Files of one record a row, told apart by their ending: JSON lines, CSV, TSV, Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from embedtune.files import write_json_lines
from embedtune.pairs.formats.cells import CellRules
from embedtune.pairs.formats.delimited import delimited_rows, write_delimited
from embedtune.pairs.formats.fields import Row
from embedtune.pairs.formats.lines import json_line_rows
from embedtune.pairs.formats.parquet import parquet_rows, write_parquet
from embedtune.pairs.formats.rows import LinesRead, collect_rows

_Item = TypeVar("_Item")

_DELIMITED = (".csv", ".tsv")
_PARQUET = (".parquet", ".pq")
_JSON_LINES = (".jsonl", ".ndjson")
RECORD_ENDINGS = frozenset((*_DELIMITED, *_PARQUET, *_JSON_LINES))


def read_records(
    path: Path, parse: Callable[[dict[str, object]], _Item], rules: CellRules, *, skip_bad_lines: bool = False
) -> LinesRead[_Item]:
    """Read one item a row. An ending that is none of these counts as JSON lines.

    Args:
        path: The file.
        parse: Makes an item of a row; raises `FormatError` with the reason (without the place).
        rules: What the columns of a table hold.
        skip_bad_lines: Go on after a malformed row and list it in ``skipped``.

    Raises:
        FormatError: The file cannot be read, a row is malformed, or, with ``skip_bad_lines``, none of its
            rows can be used.
    """
    ending = path.suffix.lower()
    if ending in _PARQUET:
        return collect_rows(path, parquet_rows(path), parse, skip_bad_lines=skip_bad_lines, unit="row")
    rows = delimited_rows(path, rules) if ending in _DELIMITED else json_line_rows(path)
    return collect_rows(path, rows, parse, skip_bad_lines=skip_bad_lines)


def write_records(path: Path, items: Sequence[_Item], row_of: Callable[[_Item], Row], rules: CellRules) -> None:
    """Write one row an item, wholly or not at all, in the format of the file's ending.

    Args:
        path: The file.
        items: What to write.
        row_of: Makes a row of an item, always the same one.
        rules: What the columns of a table hold.

    Raises:
        FormatError: The rows have too many different fields for a table.
        InputError: The file cannot be written.
    """
    ending = path.suffix.lower()
    if ending in _PARQUET:
        write_parquet(path, items, row_of, rules)
    elif ending in _DELIMITED:
        write_delimited(path, items, row_of, rules)
    else:
        write_json_lines(path, map(row_of, items))
