"""A stretch of a log: reports on stretches that do not overlap each have their own chance of a false alarm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from embedtune.anomaly.log_entries import LogEntry
from embedtune.errors import InputError


def entries_since(entries: Iterable[LogEntry], begin: str) -> Iterator[LogEntry]:
    """Yield the entries from a time on.

    Args:
        entries: Of a log.
        begin: A date or a time, ISO 8601; in UTC unless it says otherwise.

    Raises:
        InputError: ``begin`` is no time.
    """
    try:
        time = dt.datetime.fromisoformat(begin)
        time = (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{begin!r} is no time: {error}.", "Give a date or a time, such as 2026-01-31T08:00."
        ) from error
    first = time.isoformat(timespec="milliseconds")
    return (entry for entry in entries if entry.time >= first)
