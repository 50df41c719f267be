"""Progress goes to standard error: bars on a terminal, plain lines in a pipe; results go to standard output."""

from __future__ import annotations

import io
import itertools
import sys

import pytest

from embedtune.cli import console as module
from embedtune.cli.console import Console
from embedtune.events import Alert, Measured, Notice, Progress, StageFinished, StageSkipped, StageStarted

EVENTS = [
    (StageStarted("run", "fine-tuning base"), "▸ run: fine-tuning base"),
    (StageFinished("run", 1.26, "9 steps"), "✓ run: 9 steps (1.3 s)"),
    (StageSkipped("run", "nothing changed"), "· run: nothing changed"),
    (
        Measured("dev questions", 4, {"mrr": 0.5, "recall@5": 0.25}),
        "  dev questions, step 4: mrr 0.500  recall@5 0.250",
    ),
    (Notice("Going on from step 5."), "  Going on from step 5."),
    (Alert("The base answers."), "! The base answers."),
]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard error a terminal; to be called in the test, since pytest sets its own before."""

    def become():
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setattr("sys.stderr", Terminal())
        return sys.stderr

    return become


@pytest.mark.parametrize(("event", "line"), EVENTS)
def test_line_of_an_event(capsys, event, line):
    Console().report(event)
    captured = capsys.readouterr()
    assert captured.err == line + "\n"
    assert captured.out == ""


def test_figures_of_domains_stay_in_the_files(capsys):
    Console().report(Measured("dev", 1, {"mrr": 0.5, "brakes_mrr": 0.1}))
    assert "brakes" not in capsys.readouterr().err


@pytest.mark.parametrize("options", [{"quiet": True}, {"quiet": True, "as_json": True}])
def test_quiet_says_what_went_another_way_and_nothing_else(capsys, options):
    console = Console(**options)
    for event, _ in EVENTS:
        console.report(event)
    console.report(Progress("Training", 1, 2, "steps"))
    assert capsys.readouterr().err == "! The base answers.\n"


def test_progress_in_a_pipe_is_a_line_now_and_then(capsys, monkeypatch):
    clock = itertools.count(0.0, 4.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    console = Console()
    for step in range(1, 9):
        console.report(Progress("Training", step, 8, "steps"))
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Training: 4/8 steps", "Training: 7/8 steps"]


def test_short_work_shows_no_progress_in_a_pipe(capsys):
    console = Console()
    for step in range(1, 1000):
        console.report(Progress("Reading", step, 1000, "documents"))
    assert capsys.readouterr().err == ""


def test_progress_on_a_terminal_is_a_bar_with_the_time_left(terminal):
    stream, console = terminal(), Console()
    for step in range(1, 6):
        console.report(Progress("Training", step, 10, "steps"))
    console._bars.refresh()
    shown = stream.getvalue()
    assert "Training" in shown
    assert "5/10" in shown
    assert "left" in shown
    assert "━" in shown
    console.report(Notice("half way"))
    assert "half way" in stream.getvalue()
    console.close()
    assert console._bars is None


def test_stage_ends_the_bars_of_the_one_before(terminal):
    stream, console = terminal(), Console()
    console.report(Progress("Training", 1, 10, "steps"))
    console.report(StageFinished("run", 1.0, "done"))
    assert console._bars is None
    assert stream.getvalue().rstrip().endswith("✓ run: done (1.0 s)")


def test_markup_in_a_message_is_shown_as_it_is(terminal):
    stream, console = terminal(), Console()
    console.report(Progress("Training", 1, 10, "steps"))
    console.report(Notice("docs[red]/x"))
    console.close()
    assert "docs[red]/x" in stream.getvalue()


def test_result_as_text_or_as_one_object(capsys):
    Console().result({"b": 1, "a": "ü"}, "text\n\n")
    assert capsys.readouterr().out == "text\n"
    Console(as_json=True).result({"b": 1, "a": "ü"}, "text")
    assert capsys.readouterr().out == '{"a": "ü", "b": 1}\n'
    Console().result({"a": 1})
    assert capsys.readouterr().out == ""


def test_table_in_a_pipe_is_plain(capsys):
    shown = Console().table("Systems", ["system", "R@5"], [["base", "0.5"], ["a long name of a system", "0.25"]])
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert lines[0].strip() == "Systems"
    assert any("a long name of a system" in line and "0.25" in line for line in lines)
