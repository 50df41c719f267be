"""Values as the text of a cell, for tables that know texts alone: CSV, TSV, and columns of mixed types in Parquet.

A cell of a text column is the text itself. Other columns hold JSON where a value is no text, and a text
that would be taken for JSON stands there as a JSON string, so that every value comes back as it was.
An empty cell is a missing field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from embedtune.errors import FormatError
from embedtune.pairs.formats.fields import Row
from embedtune.pairs.formats.strict_json import parse_json

_LIST_OF_TEXTS = re.compile(r"""\[\s*(?:"[\s\S]*"|'[\s\S]*')\s*\]""")
_MAX_COLUMNS = 1_000
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class CellRules:
    """Which columns of a table hold what; a column that none names holds texts, or JSON in its usual spelling.

    Attributes:
        texts: Columns of plain texts: ``12`` and ``true`` are texts there.
        lists: Columns of a text, or of a JSON list or object in any spelling.
        flags: Columns of true and false in any case.
    """

    texts: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()

    def knows(self, name: str) -> bool:
        """Return whether a column has a type of its own; null in it is the same as no value."""
        return name in self.texts or name in self.lists or name in self.flags


def cell_value(name: str, cell: str, rules: CellRules) -> object:
    """Return the value of a cell that is not empty.

    Raises:
        FormatError: The cell looks like a list of texts and is not JSON; the message gives the reason only.
    """
    if name in rules.texts:
        return cell
    if name in rules.flags and cell.lower() in _TRUTH:
        return _TRUTH[cell.lower()]
    try:
        value = parse_json(cell) if _may_be_json(cell) else cell
    except json.JSONDecodeError as error:
        if name in rules.lists and _LIST_OF_TEXTS.fullmatch(cell):
            raise FormatError(
                f"`{name}` looks like a list and is not JSON: {error.msg}.",
                'Write a list as ["first", "second"], or a text in brackets as "[a text]".',
            ) from error
        return cell
    if isinstance(value, str):
        return value if as_json(value) == cell and cell_of(name, value, rules) == cell else cell
    if name in rules.lists:
        return value if isinstance(value, list | dict) else cell
    return value if as_json(value) == cell else cell


def cell_of(name: str, value: object, rules: CellRules) -> str:
    """Return the cell that `cell_value` turns into the value again; empty for a null that says nothing."""
    if isinstance(value, str):
        return value if name in rules.texts or _stays(name, value, rules) else as_json(value)
    return "" if value is None and rules.knows(name) else as_json(value)


def table_columns(path: Path, rows: Iterable[Row]) -> list[str]:
    """Return the fields that any row has, in order of appearance.

    Raises:
        FormatError: There are more than 1,000: most cells would be empty, and the table as large as their product.
    """
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
        if len(names) > _MAX_COLUMNS:
            raise FormatError(
                f"{path} cannot hold rows with more than {_MAX_COLUMNS:,} different fields.",
                "Write JSON lines (.jsonl).",
            )
    return list(names)


def as_json(value: object) -> str:
    """Return the usual spelling of a JSON value."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _stays(name: str, text: str, rules: CellRules) -> bool:
    try:
        found = cell_value(name, text, rules) if text else None
    except FormatError:
        return False
    return isinstance(found, str) and found == text


def _may_be_json(cell: str) -> bool:
    """Return whether a cell begins as JSON does; prose is not parsed in vain."""
    return cell[0] in '[{"-0123456789tfn'
