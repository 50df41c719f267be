"""The command line as the shell sees it: a process with streams and an exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import embedtune

COMMAND = [sys.executable, "-c", "from embedtune.cli.main import main; main()"]


@pytest.fixture
def environment():
    source = os.path.dirname(os.path.dirname(embedtune.__file__))  # noqa: PTH120
    return {**os.environ, "PYTHONPATH": source, "PYTHONUNBUFFERED": ""}


def test_results_and_progress_take_different_streams(project, environment):
    arguments = [*COMMAND, "sections", "docs", "-o", "sections.jsonl", "--json"]
    outcome = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, cwd=project)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout)["sections"] == 24


def test_bad_input_is_an_exit_code_and_no_traceback(tmp_path, environment):
    arguments = [*COMMAND, "sections", "nowhere", "-o", "sections.jsonl"]
    outcome = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("Error: The corpus nowhere does not exist.")
    assert list(tmp_path.iterdir()) == []


def test_reader_that_leaves_early_is_no_error(done, environment):
    arguments = [*COMMAND, "models", "show", "v1.0"]
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=done
    ) as process:
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(60) == 0
    assert errors == b""
