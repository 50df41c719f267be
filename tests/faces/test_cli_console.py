"""Events go to standard error, results to standard output."""

from __future__ import annotations

import pytest

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
