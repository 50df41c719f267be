import random
from dataclasses import replace

import pytest

from embedtune.anomaly.drift import period
from embedtune.anomaly.drift.period import MOST_ENTRIES, newest_entries
from embedtune.anomaly.log_entries import LogEntry
from embedtune.errors import InputError

ENTRY = LogEntry("", "q", None, "", "d", "normal", 0.5, {}, 0.0, (), ())
DAYS = [replace(ENTRY, time=f"2026-01-{day:02}T12:00:00.000+00:00") for day in range(1, 21)]


def shuffled():
    return random.Random(4).sample(DAYS, len(DAYS))


def test_the_newest_are_taken_whatever_their_order():
    events = []
    assert newest_entries(iter(shuffled()), 3, events.append) == DAYS[:-4:-1]
    assert newest_entries(iter(shuffled()), None, events.append) == DAYS[::-1]
    assert events == []


def test_what_nobody_asked_to_leave_out_is_told(monkeypatch):
    monkeypatch.setattr(period, "MOST_ENTRIES", 8)
    events = []
    assert len(newest_entries(iter(shuffled()), None, events.append)) == 8
    assert [event.message for event in events] == [
        "Only the newest 8 queries of the log are compared, from 2026-01-13T12:00 on."
    ]


@pytest.mark.parametrize("last", [0, -1, MOST_ENTRIES + 1])
def test_more_than_are_compared_are_not_asked_for(last):
    with pytest.raises(InputError, match=f"The last {last} queries"):
        newest_entries(DAYS, last, lambda event: None)
