"""Threads work through jobs, and stop when told."""

from __future__ import annotations

import itertools
import threading

import pytest

from embedtune.pairs.llm.workers import Workers


def test_every_job_is_done_once():
    workers = Workers(lambda job: job * job, range(100), 4)
    assert sorted(workers.results()) == sorted(n * n for n in range(100))
    workers.finish()


def test_no_more_jobs_at_a_time_than_threads():
    gate = threading.Barrier(3, timeout=10)
    running, peak, lock = 0, 0, threading.Lock()

    def work(job):
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        gate.wait()  # passes only if three are at work together
        with lock:
            running -= 1
        return job

    workers = Workers(work, range(9), 3)
    assert len(list(workers.results())) == 9
    assert peak == 3


def test_error_of_the_work_is_raised():
    workers = Workers(lambda job: 1 // job, [1, 0], 1)
    with pytest.raises(ZeroDivisionError):
        list(workers.results())
    workers.finish()


def test_finishing_ends_the_jobs_in_hand_and_takes_no_other():
    begun, ended = [], []

    def work(job):
        begun.append(job)
        threading.Event().wait(0.001)
        ended.append(job)
        return job

    workers = Workers(work, itertools.count(), 3)
    next(workers.results())
    workers.finish()
    assert sorted(begun) == sorted(ended) == list(range(len(ended)))


def test_finishing_what_was_never_started():
    Workers(lambda job: job, [1], 1).finish()
