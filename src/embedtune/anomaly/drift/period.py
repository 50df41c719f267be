"""A stretch of a log: reports on stretches that do not overlap each have their own chance of a false alarm."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterable, Iterator

from embedtune.anomaly.log_entries import LogEntry
from embedtune.errors import InputError
from embedtune.events import Alert, Report

MOST_ENTRIES = 100_000
"""Queries of a log that are compared, at most: the newest."""


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


def newest_entries(entries: Iterable[LogEntry], last: int | None, report: Report) -> list[LogEntry]:
    """Return the newest entries, the newest first; so many are held and no more.

    Args:
        entries: Of a log.
        last: How many, `MOST_ENTRIES` at most; ``None`` for as many.
        report: Told that older ones are left out, where nobody asked for so many.

    Raises:
        InputError: ``last`` is below 1 or above the most.
    """
    if last is not None and not 1 <= last <= MOST_ENTRIES:
        raise InputError(f"The last {last} queries were asked for.", f"Ask for 1 to {MOST_ENTRIES}.")
    most = last or MOST_ENTRIES
    kept = heapq.nlargest(most + 1, entries, key=lambda entry: entry.time)
    if last is None and len(kept) > most:
        report(Alert(f"Only the newest {most} queries of the log are compared, from {kept[most - 1].time[:16]} on."))
    return kept[:most]
