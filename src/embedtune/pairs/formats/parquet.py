"""Parquet tables, read in batches: texts, numbers, flags, lists and structures of these.

Parquet may name Python types (pandas' pickled objects, extension types): neither is ever loaded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

from embedtune.errors import FormatError
from embedtune.files import atomic_writer
from embedtune.pairs.formats.cells import CellRules, as_json, table_columns
from embedtune.pairs.formats.fields import Row
from embedtune.pairs.formats.rows import Fault, SourceRows
from embedtune.pairs.formats.strict_json import excerpt, not_readable, parse_json

if TYPE_CHECKING:
    import pyarrow as pa

_Item = TypeVar("_Item")

_BATCH_ROWS = 128
_GROUP_ROWS = 8192
_MAX_GROUP_BYTES = 4 * 1024**3
_INT64 = 2**63
_MARK = b"embedtune"
_JSON = {_MARK: b"json"}
_EXTENSION = b"ARROW:extension:name"
_MAX_DEPTH = 20


def parquet_rows(path: Path) -> SourceRows:
    """Yield the 1-based number of each row and its fields; nulls, and NaN for a missing number, are left out.

    Raises:
        FormatError: The file cannot be read, is no Parquet, has a column of a type that JSON has not (a
            date, bytes, an extension), or a row group of more than 4 GiB.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            _check_schema(path, schema)
            groups = range(file.metadata.num_row_groups)
            if any(file.metadata.row_group(group).total_byte_size > _MAX_GROUP_BYTES for group in groups):
                raise FormatError(f"{path} has a row group of more than 4 GiB.", "Write it in smaller row groups.")
            spelled = frozenset(field.name for field in schema if (field.metadata or {}).get(_MARK) == b"json")
            number = 0
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for row in _batch_rows(batch):
                    number += 1
                    yield number, row if isinstance(row, Fault) else _fields(row, spelled)
    except FileNotFoundError as error:
        raise not_readable(path, error) from error
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise FormatError(
            f"{path} cannot be read as Parquet: {excerpt(str(error))}", "Write it again, or check that it is Parquet."
        ) from error


def write_parquet(path: Path, items: Sequence[_Item], row_of: Callable[[_Item], Row], rules: CellRules) -> None:
    """Write a table, wholly or not at all: the columns are all fields that any row has, in order of appearance.

    A column of one plain type has that type; one of several holds JSON, which its metadata says.

    Raises:
        FormatError: The rows have too many different fields for a table.
        InputError: The file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = table_columns(path, (row_of(item) for item in items)) or sorted(rules.texts)
    kinds: dict[str, set[str]] = {name: set() for name in names}
    for item in items:
        for name, value in row_of(item).items():
            kinds[name].add(_kind(name, value, rules))
    schema = pa.schema([_field(name, found - {""}) for name, found in kinds.items()])
    with (
        atomic_writer(path) as stream,
        pq.ParquetWriter(cast("TextIO", stream).buffer, schema, write_page_checksum=True) as writer,
    ):
        for start in range(0, len(items), _GROUP_ROWS):
            rows = [_stored(row_of(item), schema) for item in items[start : start + _GROUP_ROWS]]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _check_schema(path: Path, schema: pa.Schema) -> None:
    for name, count in Counter(schema.names).most_common(1):
        if count > 1:
            raise FormatError(f"{path} has {count} columns called {name!r:.60}.", "Give each column its own name.")
    for field in schema:
        extended = _EXTENSION in (field.metadata or {})
        if extended or not _is_plain(field.type):
            raise FormatError(
                f"{path}: the column {field.name!r:.60} holds {'an extension type' if extended else field.type}.",
                "Write it as text, number, true or false, or as a list of these; or leave it out.",
            )


def _is_plain(kind: pa.DataType, depth: int = 0) -> bool:
    """Return whether JSON has such values, at a depth that anyone can read."""
    from pyarrow import types

    if depth > _MAX_DEPTH:
        return False

    simple = (
        types.is_string,
        types.is_large_string,
        types.is_string_view,
        types.is_boolean,
        types.is_integer,
        types.is_floating,
        types.is_null,
    )
    if any(test(kind) for test in simple):
        return True
    if types.is_dictionary(kind):
        return _is_plain(kind.value_type, depth + 1)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_plain(kind.value_type, depth + 1)
    inner = (kind.field(number).type for number in range(kind.num_fields)) if types.is_struct(kind) else ()
    return types.is_struct(kind) and all(_is_plain(part, depth + 1) for part in inner)


def _batch_rows(batch: pa.RecordBatch) -> Iterator[dict[str, object] | Fault]:
    """Yield the rows of a batch; where one holds bytes that are no text, that one alone is at fault."""
    try:
        yield from batch.to_pylist()
    except ValueError:
        for number in range(batch.num_rows):
            try:
                yield from batch.slice(number, 1).to_pylist()
            except ValueError as error:
                yield Fault(f"Not readable: {excerpt(str(error))}.", "Write texts in UTF-8.", "")


def _fields(row: dict[str, object], spelled: frozenset[str]) -> dict[str, object] | Fault:
    fields = {name: value for name, value in row.items() if value is not None and value == value}  # noqa: PLR0124 - NaN
    try:
        for name in spelled & fields.keys():
            fields[name] = parse_json(str(fields[name]))
        as_json(fields)
    except json.JSONDecodeError as error:
        return Fault(f"Not valid JSON: {error.msg}.", "Write the file again.", excerpt(error.doc, error.pos))
    except ValueError:
        return Fault("It holds a number that is infinite or none.", "Leave it empty.", excerpt(str(fields)))
    return fields


def _kind(name: str, value: object, rules: CellRules) -> str:
    """Return what a value needs of its column: a name in `_field`, ``""`` for nothing."""
    if value is None:
        return "" if rules.knows(name) else "json"
    if isinstance(value, int) and not isinstance(value, bool):
        return "whole" if -_INT64 <= value < _INT64 else "json"
    if isinstance(value, list):
        if all(isinstance(entry, str) for entry in value):
            return "texts"
        return "numbers" if all(isinstance(entry, float | None) for entry in value) else "json"
    return {str: "text", bool: "flag", float: "number"}.get(type(value), "json")


def _field(name: str, kinds: set[str]) -> pa.Field[Any]:
    import pyarrow as pa

    plain: dict[str, pa.DataType] = {
        "flag": pa.bool_(),
        "text": pa.string(),
        "number": pa.float64(),
        "whole": pa.int64(),
        "texts": pa.list_(pa.string()),
        "numbers": pa.list_(pa.float64()),
    }
    if not kinds:
        return pa.field(name, pa.string())
    kind = kinds.pop() if len(kinds) == 1 else "json"
    return pa.field(name, pa.string(), metadata=_JSON) if kind == "json" else pa.field(name, plain[kind])


def _stored(row: Row, schema: pa.Schema) -> dict[str, object]:
    """Return a row with the values of JSON columns spelled as such."""
    return {name: as_json(value) if schema.field(name).metadata == _JSON else value for name, value in row.items()}
