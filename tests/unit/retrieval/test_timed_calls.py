from __future__ import annotations

import threading

import pytest

from embedtune.retrieval.timed_calls import TimedCalls


@pytest.fixture
def calls():
    made = TimedCalls(threads=2)
    yield made
    made.close()


def test_returns_and_raises_what_the_call_does(calls):
    assert calls.run(lambda: 7, 5) == 7
    with pytest.raises(KeyError, match="x"):
        calls.run(lambda: {}["x"], 5)
    assert calls.run(threading.current_thread, 5) is not threading.current_thread()


def test_threads_are_kept_and_bounded(calls):
    before = threading.active_count()
    assert calls.run(threading.get_ident, 5) == calls.run(threading.get_ident, 5)
    gate = threading.Event()
    for _ in range(4):
        with pytest.raises(TimeoutError):
            calls.run(lambda: gate.wait(20), 0.02)
    assert threading.active_count() <= before + 2
    gate.set()
    assert calls.run(lambda: "again", 5) == "again"


def test_a_call_nobody_waits_for_any_more_is_not_made(calls):
    gate, made = threading.Event(), []
    for _ in range(2):
        with pytest.raises(TimeoutError):
            calls.run(lambda: gate.wait(20), 0.01)
    with pytest.raises(TimeoutError):
        calls.run(lambda: made.append("late"), 0.01)
    gate.set()
    calls.run(lambda: None, 5)
    assert made == []
