from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from embedtune.cli.main import run
from project_samples import copied, write_project


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self):
        """The one object on standard output; anything beside it is an error."""
        assert self.out.count("\n") == 1
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


@pytest.fixture
def embedtune(capsys):
    """Runs the command line in this process, in the current folder."""

    def command(*arguments):
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return Answer(code, captured.out, captured.err)

    return command


@pytest.fixture
def project(tmp_path, tiny_model, monkeypatch):
    """A project that nothing has been done in, as the current folder."""
    folder = write_project(tmp_path / "project", tiny_model)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def done(tmp_path, finished, monkeypatch):
    """A project whose flow has run, as the current folder."""
    folder = copied(finished, tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder
