import random
from dataclasses import replace

import pytest

from embedtune.anomaly.drift import period
from embedtune.anomaly.drift.period import MOST_ENTRIES, Period, chosen_period
from embedtune.anomaly.log_entries import LogEntry
from embedtune.errors import InputError

ENTRY = LogEntry("", "q", None, "", "d", "normal", 0.5, {}, 0.0, (), ())
DAYS = tuple(replace(ENTRY, time=f"2026-01-{day:02}T12:00:00.000+00:00") for day in range(1, 21))
NEWEST_FIRST = DAYS[::-1]


def chosen(since=None, last=None, events=None):
    shuffled = random.Random(4).sample(DAYS, len(DAYS))
    return chosen_period(iter(shuffled), since, last, (events if events is not None else []).append)


def test_all_of_a_log():
    events = []
    assert chosen(events=events) == Period(NEWEST_FIRST, ())
    assert events == []


@pytest.mark.parametrize(
    ("since", "last", "count"),
    [
        (None, 3, 3),
        ("2026-01-11", None, 10),
        ("2026-01-11T14:00+01:00", None, 9),
        ("2026-01-11T13:00+01:00", None, 10),
        ("2026-01-11", 4, 4),
        ("2026-02-01", None, 0),
    ],
)
def test_a_stretch_and_what_was_before(since, last, count):
    assert chosen(since, last) == Period(NEWEST_FIRST[:count], NEWEST_FIRST[count:])


def test_what_nobody_asked_to_leave_out_is_told(monkeypatch):
    monkeypatch.setattr(period, "MOST_ENTRIES", 8)
    events = []
    assert chosen(events=events) == Period(NEWEST_FIRST[:8], NEWEST_FIRST[8:16])
    assert [event.message for event in events] == [
        "Only the newest 8 queries of the log are compared, from 2026-01-13T12:00 on."
    ]


@pytest.mark.parametrize("last", [0, -1, MOST_ENTRIES + 1])
def test_more_than_are_compared_are_not_asked_for(last):
    with pytest.raises(InputError, match=f"The last {last} queries"):
        chosen(last=last)


def test_what_is_no_time_is_refused():
    with pytest.raises(InputError, match="'yesterday' is no time"):
        chosen("yesterday")
