"""What a log says of one judged query, and how it is read back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError

MOST_LINE = 1 << 20
"""Characters or bytes of a line, at most."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One judged query.

    Attributes:
        time: When, in UTC, ISO 8601.
        query: A keyed hash of the query in normal form, or what stands for it where texts are logged.
        text: The query, ``None`` unless texts are logged.
        domain: The domain it was asked of, empty for none.
        detector: Digest of the detector's card: entries of two detectors are never compared.
        verdict: normal, unusual or anomalous.
        p_value: See `Advisory`.
        rarities: By detector.
        new_words: The share of its words that are known from nowhere.
        rules: Names of the written rules that hold.
        sketch: Its vector in a few directions; see `Reference`.
        calibrated_on: The domain whose threshold it met, empty for that of all queries.
    """

    time: str
    query: str
    text: str | None
    domain: str
    detector: str
    verdict: str
    p_value: float
    rarities: Mapping[str, float]
    new_words: float
    rules: tuple[str, ...]
    sketch: tuple[float, ...]
    calibrated_on: str = ""

    def line(self) -> str:
        """Return the entry as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


_ENTRY = TypeAdapter(LogEntry)


def read_entries(path: Path) -> Iterator[LogEntry]:
    """Yield the entries of a log, line by line; a last line that a crash cut short is passed over.

    Raises:
        FormatError: The file cannot be read, or a line is no entry; the message names the line.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            number = 0
            while line := stream.readline(MOST_LINE):
                number += 1
                if not line.endswith("\n") and len(line) < MOST_LINE:
                    return
                if line.strip():
                    yield _entry(line, path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{path} cannot be read: {error}.", "Give a log of judged queries (`query_log.file`)."
        ) from error


def _entry(line: str, path: Path, number: int) -> LogEntry:
    try:
        return _ENTRY.validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        raise FormatError(
            f"Line {number} of {path} is no judged query: {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            "Give a log that `embedtune` wrote, or remove that line.",
        ) from error
