"""Work that goes on is one live line on a terminal and a plain line now and then in a pipe."""

from __future__ import annotations

import io
import re
import sys

import pytest

from embedtune.cli import progress as module
from embedtune.cli.console import Console
from embedtune.events import Measured, Notice, Progress, StageFinished

DEV = Measured("dev questions", 4, {"recall@5": 0.61, "mrr": 0.52, "brakes_mrr": 0.1})


def training(step, total=375, **values):
    return Progress("Training", step, total, "steps", values or {"loss": 1.23456, "tokens/s": 5320.4})


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard error a terminal; to be called in the test, since pytest sets its own before."""

    def become(columns=140):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr("sys.stderr", Terminal())
        return sys.stderr

    return become


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def last_line(console, stream):
    """Return what the live line shows."""
    stream.truncate(0)
    console._progress._bars.refresh()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).strip("\r\n\0 ")


def test_live_line_of_a_training(terminal):
    stream, console = terminal(), Console()
    console.report(DEV)
    for step in (100, 120):
        console.report(training(step))

    line = last_line(console, stream)

    assert line.startswith("Training ")
    assert "120/375" in line
    assert re.search(r"[\d-]:[\d-]{2}:[\d-]{2} left", line)
    assert line.endswith("loss 1.235  tokens/s 5,320  dev mrr 0.520  recall@5 0.610")
    console.close()


def test_dev_figures_are_those_measured_last(terminal):
    stream, console = terminal(), Console()
    console.report(training(1))
    assert "dev" not in last_line(console, stream)
    console.report(DEV)
    console.report(Measured("negatives", 5, {"changed": 3.0}))
    console.report(Measured("dev questions", 8, {"mrr": 0.75}))
    console.report(training(2))
    assert last_line(console, stream).endswith("dev mrr 0.750")
    console.close()


@pytest.mark.parametrize("columns", [60, 80])
def test_a_line_too_long_for_the_terminal_loses_its_end_alone(terminal, columns):
    stream, console = terminal(columns), Console()
    console.report(DEV)
    console.report(training(120))

    line = last_line(console, stream)

    assert "\n" not in line
    assert len(line) <= columns
    assert "120/375" in line
    assert "loss 1.235" in line
    assert line.endswith("…")
    console.close()


def test_work_that_is_done_leaves_the_terminal(terminal):
    stream, console = terminal(), Console()
    console.report(Progress("Frozen layers", 10, 10, "texts"))
    console.report(training(1))

    line = last_line(console, stream)

    assert "Frozen" not in line
    assert "Training" in line
    console.close()
    assert console._progress._bars is None


def test_work_of_unknown_length_shows_its_count(terminal):
    stream, console = terminal(), Console()
    console.report(Progress("Reading", 7, 0, "files"))

    assert "7/?" in last_line(console, stream)
    console.close()


def test_lines_stand_above_the_live_one(terminal):
    stream, console = terminal(), Console()
    console.report(training(1))
    console.report(Notice("docs[red]/x"))
    assert "docs[red]/x" in stream.getvalue()  # markup is shown as it is
    console.report(StageFinished("run", 1.0, "done"))
    assert console._progress._bars is None
    assert stream.getvalue().rstrip().endswith("✓ run: done (1.0 s)")


def test_a_pipe_gets_a_line_now_and_then_with_the_time_left(capsys, clock):
    console = Console()
    for step in range(1, 9):
        console.report(training(step, 8))
        clock[0] += 4
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "Training: 4/8 steps, loss 1.235, tokens/s 5,320, 0:16 left",
        "Training: 7/8 steps, loss 1.235, tokens/s 5,320, 0:04 left",
    ]


def test_long_work_gets_a_line_for_each_tenth_at_most(capsys, clock):
    console = Console()
    for step in range(1, 1001):
        console.report(Progress("Training", step, 1000, "steps"))
        clock[0] += 30
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("/")[0] for line in lines] == [f"Training: {step}" for step in range(101, 1000, 100)]
    assert lines[0].endswith(", 7:29:30 left")


def test_the_time_left_counts_from_where_work_went_on(capsys, clock):
    console = Console()
    for step in (500, 600):
        console.report(Progress("Training", step, 1000, "steps"))
        clock[0] += 100
    assert capsys.readouterr().err == "Training: 600/1000 steps, 6:40 left\n"


def test_work_that_begins_again_counts_anew(capsys, clock):
    console = Console()
    for _ in range(2):
        for step in (1, 60, 100):
            console.report(Progress("Mining", step, 100, "pairs"))
            clock[0] += 11
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Mining: 60/100 pairs, 0:07 left", "Mining: 100/100 pairs, 0:00 left"] * 2


def test_unknown_length_is_told_by_time_alone(capsys, clock):
    console = Console()
    for count in (1, 2, 3):
        console.report(Progress("Reading", count, 0, "files"))
        clock[0] += 11
    assert capsys.readouterr().err.splitlines() == ["Reading: 2 files", "Reading: 3 files"]


def test_short_work_shows_nothing_in_a_pipe(capsys, clock):
    console = Console()
    for step in range(1, 1000):
        console.report(Progress("Reading", step, 1000, "documents"))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("options", [{"quiet": True}, {"quiet": True, "as_json": True}])
def test_quiet_shows_no_work(terminal, options):
    stream, console = terminal(), Console(**options)
    console.report(training(1))
    console.report(DEV)
    assert stream.getvalue() == ""
