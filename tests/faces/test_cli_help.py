"""What `--help` says of every command, and which commands there are."""

from __future__ import annotations

import re

import click
import pytest

from embedtune import __version__
from embedtune.cli.main import cli

WORKING = {
    "abtest click",
    "abtest report",
    "abtest search",
    "abtest share",
    "abtest start",
    "abtest stop",
    "answers",
    "anomaly fit",
    "anomaly score",
    "anomaly report",
    "cluster",
    "demo",
    "doctor",
    "duplicates",
    "evaluate",
    "generate",
    "index",
    "init",
    "mine",
    "models diff",
    "models export",
    "models import",
    "models keygen",
    "models list",
    "models log",
    "models promote",
    "models prune",
    "models push",
    "models rollback",
    "models show",
    "models verify",
    "publish",
    "run",
    "search",
    "sections",
    "similarity",
    "train",
}


def leaves(group=cli, path=""):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


COMMANDS = dict(leaves())


def test_commands_are_those_that_work():
    assert set(COMMANDS) == WORKING


@pytest.mark.parametrize("later", ["serve", "tune", "distill"])
def test_what_does_not_work_yet_is_absent(embedtune, later):
    answer = embedtune(*later.split())
    assert answer.code == 2
    assert "No such command" in answer.err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_has_an_example_that_parses(embedtune, name):
    answer = embedtune(*name.split(), "--help")
    assert (answer.code, answer.err) == (0, "")
    example = answer.out.split("Example:\n")[1].strip().splitlines()[0]
    assert example.startswith(f"embedtune {name}")
    arguments = re.findall(r'"[^"]*"|\S+', example)[1 + len(name.split()) :]
    COMMANDS[name].make_context(name, [argument.strip('"') for argument in arguments])


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_the_common_options(embedtune, name):
    shown = embedtune(*name.split(), "--help").out
    for option in ("--config", "--json", "--quiet", "--seed", "--help"):
        assert option in shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_explained(name):
    unexplained = [
        option.name
        for option in COMMANDS[name].params
        if isinstance(option, click.Option) and not option.help and not isinstance(option.type, click.Choice)
    ]
    assert unexplained == []


def test_help_shows_the_first_steps(embedtune):
    answer = embedtune("--help")
    assert answer.code == 0
    assert "embedtune demo" in answer.out
    assert "embedtune init" in answer.out
    for name in COMMANDS:
        assert name.split()[0] in answer.out


def test_no_command_shows_the_help(embedtune):
    answer = embedtune()
    assert "Usage: embedtune" in answer.out + answer.err
    assert answer.code in {0, 2}


def test_version(embedtune):
    assert embedtune("--version").out == f"embedtune, version {__version__}\n"
