from __future__ import annotations

import pytest

from embedtune.retrieval.breaker import CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return CircuitBreaker(3, 10.0, clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.failed()


def test_few_failures_change_nothing_and_an_answer_forgets_them(breaker):
    for _ in range(4):
        fail(breaker, 2)
        assert breaker.allows()
        breaker.succeeded()


def test_failures_in_a_row_open_it_for_a_while(breaker, clock):
    fail(breaker, 3)
    assert not breaker.allows()
    clock.now += 9.9
    assert not breaker.allows()
    clock.now += 0.1
    assert breaker.allows()


def test_one_may_try_at_a_time(breaker, clock):
    fail(breaker, 3)
    clock.now += 10
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True, True, True]


def test_one_who_tries_and_never_returns_does_not_keep_others_out_for_ever(breaker, clock):
    fail(breaker, 3)
    clock.now += 10
    assert breaker.allows()
    clock.now += 10
    assert breaker.allows()


def test_the_wait_doubles_up_to_ten_minutes(breaker, clock):
    fail(breaker, 3)
    waits = []
    for _ in range(9):
        begin = clock.now
        while not breaker.allows():
            clock.now += 5
        waits.append(clock.now - begin)
        breaker.failed()
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_a_failure_for_good_needs_no_second_one(breaker):
    breaker.failed(at_once=True)
    assert not breaker.allows()
