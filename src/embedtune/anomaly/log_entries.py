"""What a log says of one judged query, and how it is read back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

from embedtune.anomaly.advisory import Verdict
from embedtune.errors import FormatError

MOST_LINE = 1 << 20
"""Bytes of a line, at most; what is written is far shorter, since a text is cut to what is looked at of it."""

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT")]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One judged query.

    Attributes:
        time: When, in UTC, ISO 8601.
        query: A keyed hash of the query in normal form, or what stands for it where texts are logged.
        text: What is looked at of the query, ``None`` unless texts are logged; the entry is then veiled, see `Veil`.
        domain: The domain it was asked of, empty for none.
        detector: Digest of the detector: entries of two detectors are never compared.
        verdict: normal, unusual or anomalous.
        p_value: See `Advisory`.
        rarities: By detector; empty in a veiled entry.
        new_words: The share of its words that are known from nowhere.
        rules: Names of the written rules that hold.
        sketch: Its vector in a few directions; see `Reference`.
        calibrated_on: The domain whose threshold it met, empty for that of all queries.
    """

    time: _Time
    query: str
    text: str | None
    domain: str
    detector: str
    verdict: Verdict
    p_value: _Share
    rarities: Mapping[str, FiniteFloat]
    new_words: _Share
    rules: tuple[str, ...]
    sketch: tuple[FiniteFloat, ...]
    calibrated_on: str = ""

    def line(self) -> str:
        """Return the entry as a line of JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # asdict takes longer than all else
        return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


_ENTRY = TypeAdapter(LogEntry)


def entries_of(stream: BinaryIO, path: Path) -> Iterator[LogEntry]:
    """Yield the entries of a file, line by line; a last line that a crash cut short is passed over.

    Args:
        stream: The file, opened.
        path: What messages call it.

    Raises:
        FormatError: The file cannot be read, or a line is no entry; the message names the line.
    """
    number = 0
    try:
        while line := stream.readline(MOST_LINE):
            number += 1
            if not line.endswith(b"\n") and len(line) < MOST_LINE:
                return
            if line.strip():
                yield _entry(line, path, number)
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error}.", "Check the disk.") from error


def is_entry(line: bytes) -> bool:
    """Tell whether a line is one of a log."""
    try:
        _ENTRY.validate_json(line)
    except ValidationError:
        return False
    return True


def _entry(line: bytes, path: Path, number: int) -> LogEntry:
    try:
        return _ENTRY.validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        raise FormatError(
            f"Line {number} of {path} is no judged query: {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            "Give a log that `embedtune` wrote, or remove that line.",
        ) from error
