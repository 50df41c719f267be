"""A stretch of a log: reports on stretches that do not overlap each have their own chance of a false alarm."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from embedtune.anomaly.log_entries import LogEntry
from embedtune.errors import InputError
from embedtune.events import Alert, Report

MOST_ENTRIES = 100_000
"""Queries of a log that are compared, at most: the newest."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of a log, and what was logged before it; the newest first.

    Attributes:
        entries: The stretch, `MOST_ENTRIES` at most.
        before: What came before, as many at most.
    """

    entries: tuple[LogEntry, ...]
    before: tuple[LogEntry, ...]


def chosen_period(entries: Iterable[LogEntry], since: str | None, last: int | None, report: Report) -> Period:
    """Return the stretch of a log that is asked for; no more entries are held than it has.

    Args:
        entries: Of a log, in any order.
        since: Only those from this date or time on, ISO 8601, in UTC unless it says otherwise; ``None`` for all.
        last: Only so many of the newest, `MOST_ENTRIES` at most; ``None`` for as many.
        report: Told that older ones are left out, where nobody asked for so many.

    Raises:
        InputError: ``since`` is no time, or ``last`` is below 1 or above the most.
    """
    begin = "" if since is None else _time(since)
    if last is not None and not 1 <= last <= MOST_ENTRIES:
        raise InputError(f"The last {last} queries were asked for.", f"Ask for 1 to {MOST_ENTRIES}.")
    most = last or MOST_ENTRIES
    newest = heapq.nlargest(most + MOST_ENTRIES, entries, key=lambda entry: entry.time)
    inside = sum(entry.time >= begin for entry in newest)
    if last is None and inside > most:
        report(Alert(f"Only the newest {most} queries of the log are compared, from {newest[most - 1].time[:16]} on."))
    end = min(inside, most)
    return Period(tuple(newest[:end]), tuple(newest[end : end + MOST_ENTRIES]))


def _time(text: str) -> str:
    """Return a time as entries have it.

    Raises:
        InputError: It is none.
    """
    try:
        time = dt.datetime.fromisoformat(text)
        time = (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{text!r} is no time: {error}.", "Give a date or a time, such as 2026-01-31T08:00."
        ) from error
    return time.isoformat(timespec="milliseconds")
