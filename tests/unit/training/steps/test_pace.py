from __future__ import annotations

import pytest

from embedtune.training.steps import pace as module
from embedtune.training.steps.pace import Pace


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_nothing_done_is_no_pace():
    assert Pace().tokens_per_second == 0.0


def test_time_between_steps_counts_only_from_where_it_goes_on(clock):
    pace = Pace()
    pace.go_on(1000)
    clock[0] += 2
    pace.step(1300)
    clock[0] += 60  # a dev evaluation
    pace.go_on(1300)
    clock[0] += 1
    pace.step(1600)

    assert pace.tokens_per_second == pytest.approx(200.0)


def test_only_the_last_ten_steps_count(clock):
    pace = Pace()
    pace.go_on(0)
    for tokens in (10, *range(110, 1110, 100)):
        clock[0] += 1
        pace.step(tokens)

    assert pace.tokens_per_second == pytest.approx(100.0)
