"""The log of an experiment: one JSON object a line, for each list that was shown and each click on it."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from io import RawIOBase
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from embedtune.errors import InputError
from embedtune.retrieval.abtest.experiment import Arm

_Time = Annotated[float, Field(allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Impression:
    """A list of results that was shown.

    Attributes:
        id: Its name, which clicks refer to.
        time: When, in seconds since 1970.
        unit: The unit's pseudonym.
        arm: What the unit was to be shown.
        share: The share of units in force then, that was to be shown the candidate: 0 while the switch is set.
        sections: The results, best first.
        teams: The search that put each of them there, where they were interleaved.
        failed: Why the candidate could not answer, so that the control did; empty if it did.
    """

    id: str
    time: _Time
    unit: str
    arm: Arm
    share: _Share
    sections: tuple[str, ...]
    teams: tuple[Arm, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a result: the impression's id, the section and the time."""

    impression: str
    section: str
    time: _Time


@dataclass(frozen=True, slots=True)
class LogContent:
    """What a log holds.

    Attributes:
        impressions: In the order in which they were shown; of two with one id the first.
        clicks: All of them.
        skipped: How many lines could not be read: the last one after a crash, or what somebody else wrote.
    """

    impressions: tuple[Impression, ...]
    clicks: tuple[Click, ...]
    skipped: int


class ExperimentLog:
    """Appends to a log; any number of threads and processes may do so at a time.

    Args:
        path: The file; it is made with the first line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write(self, entry: Impression | Click) -> None:
        """Append an entry, in one piece and on a line of its own, whatever a crash or a full disk left before it.

        Raises:
            InputError: The file cannot be written, or not to the end of the entry.
        """
        line = f"{json.dumps({'kind': type(entry).__name__.lower(), **asdict(entry)})}\n".encode()
        try:
            with self._lock, self._path.open("a+b", buffering=0) as stream:
                _append(stream, line)
        except OSError as error:
            raise InputError(
                f"{self._path} cannot be written: {error.strerror or error}.", "Check its folder and the disk's space."
            ) from error


def _append(stream: RawIOBase, line: bytes) -> None:
    """Write a line at the end of a file, after a line end if that is missing there.

    Raises:
        OSError: There is no room for all of it. What was written of it stays: another process may have gone on.
    """
    if stream.seek(0, os.SEEK_END):
        stream.seek(-1, os.SEEK_END)
        if stream.read(1) != b"\n":
            line = b"\n" + line
    if stream.write(line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_log(path: Path) -> LogContent:
    """Read a log; lines that are no entries are counted and left out.

    Raises:
        InputError: The file cannot be read.
    """
    impressions: dict[str, Impression] = {}
    clicks: list[Click] = []
    skipped = 0
    for entry in _entries(path):
        if isinstance(entry, Impression):
            impressions.setdefault(entry.id, entry)
        elif isinstance(entry, Click):
            clicks.append(entry)
        else:
            skipped += 1
    return LogContent(tuple(impressions.values()), tuple(clicks), skipped)


_IMPRESSION, _CLICK = TypeAdapter(Impression), TypeAdapter(Click)


def _entries(path: Path) -> Iterator[Impression | Click | None]:
    try:
        with path.open("rb") as stream:
            for line in stream:
                yield _entry(line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.", "Check its permissions.") from error


def _entry(line: bytes) -> Impression | Click | None:
    try:
        row = json.loads(line)
        kind = row.get("kind") if isinstance(row, dict) else None
        if kind == "impression":
            return _IMPRESSION.validate_python(row)
        return _CLICK.validate_python(row) if kind == "click" else None
    except (ValueError, RecursionError, ValidationError):
        return None
