from __future__ import annotations

import subprocess
import sys

import pytest

from embedtune import __main__ as module


@pytest.fixture
def ran(monkeypatch):
    """Return the arguments that the command line was given; it prints a result."""
    given = []

    def run(arguments):
        given.append(list(arguments))
        sys.stdout.write("result\n")
        return 0

    monkeypatch.setattr(module, "run", run)
    return given


def started_by_torchrun(monkeypatch, number):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", str(number))


def test_the_package_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "embedtune", "--version"], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("embedtune, version")


def test_alone_it_is_the_command_line(ran, capsys):
    assert module.main(["doctor", "--json"]) == 0
    assert ran == [["doctor", "--json"]]
    assert capsys.readouterr().out == "result\n"


def test_the_first_process_speaks_for_all(ran, monkeypatch, capsys):
    started_by_torchrun(monkeypatch, 0)
    assert module.main(["train", "pairs.jsonl"]) == 0
    assert capsys.readouterr().out == "result\n"

    started_by_torchrun(monkeypatch, 1)
    assert module.main(["train", "pairs.jsonl"]) == 0
    assert capsys.readouterr().out == ""
    assert ran == [["train", "pairs.jsonl"], ["train", "pairs.jsonl", "--quiet"]]


@pytest.mark.parametrize("arguments", [["run"], ["demo", "--json"], []])
def test_other_commands_do_not_share_their_work_out(ran, monkeypatch, capsys, arguments):
    started_by_torchrun(monkeypatch, 0)
    assert module.main(arguments) == 2
    assert "Only `train` shares its work out" in capsys.readouterr().err

    started_by_torchrun(monkeypatch, 1)
    assert module.main(arguments) == 2
    assert capsys.readouterr().err == ""
    assert not ran
