from dataclasses import FrozenInstanceError

import pytest

from embedtune.events import Measured, Notice, Progress, silent, tracked


def test_progress_is_reported_after_each_item():
    log = []
    items = tracked(["a", "b"], "Reading", "files", log.append)
    assert next(items) == "a"
    assert log == []
    assert next(items) == "b"
    assert log == [Progress("Reading", 1, 2, "files")]
    assert list(items) == []
    assert log == [Progress("Reading", 1, 2, "files"), Progress("Reading", 2, 2, "files")]


def test_a_total_that_is_not_known_is_0():
    log = []
    assert list(tracked(iter("xyz"), "Reading", "files", log.append)) == ["x", "y", "z"]
    assert [(event.done, event.total) for event in log] == [(1, 0), (2, 0), (3, 0)]


def test_work_that_fails_is_not_reported_as_done():
    log = []
    for item in tracked([1, 2, 3], "Reading", "files", log.append):
        if item == 2:
            break
    assert [event.done for event in log] == [1]


def test_nothing_to_do_reports_nothing():
    log = []
    assert list(tracked([], "Reading", "files", log.append)) == []
    assert log == []


def test_silence_accepts_everything():
    assert silent(Notice("x")) is None
    assert silent(Measured("training", 1)) is None


def test_events_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Notice("x").message = "y"
