"""The command line in a process of its own that can be killed, forked from one that has imported torch already."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

PRELOADED = [
    "embedtune.cli.main",
    "embedtune.pipeline.flow",
    "embedtune.pipeline.searching",
    "embedtune.training.trainer",
]


@dataclass(frozen=True)
class Blow:
    """A signal that the process sends itself: when a line with ``marker`` is written, or at a renaming."""

    signal: int
    marker: str = ""
    renaming: int = 0


@dataclass(frozen=True)
class Outcome:
    """How the process ended: its exit code (minus the signal if it was killed) and what it wrote."""

    code: int
    errors: str
    output: str


def run_command(arguments: list[str], folder: Path, blow: Blow | None = None) -> Outcome:
    """Run the command line in a folder, in another process, and wait for its end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    logs = [folder.with_name(f"{folder.name}.{name}") for name in ("err", "out")]
    process = context.Process(target=_command, args=(arguments, folder, blow, *logs, dict(os.environ)))
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the command hangs"
    return Outcome(process.exitcode, *(log.read_text(encoding="utf-8") for log in logs))


def _command(arguments, folder, blow, errors, output, environment):
    from embedtune.cli.main import run

    os.environ.update(environment)
    os.chdir(folder)
    sys.stderr = _Listening(errors, blow)
    sys.stdout = output.open("w", encoding="utf-8")
    if blow and blow.renaming:
        _strike_at_renaming(blow)
    code = run(arguments)
    sys.stdout.flush()
    sys.exit(code)


class _Listening:
    """A text stream to a file that strikes when it hears its word."""

    def __init__(self, path, blow):
        self._file = path.open("w", encoding="utf-8")
        self._blow = blow

    def write(self, text):
        self._file.write(text)
        self._file.flush()
        if self._blow and self._blow.marker and self._blow.marker in text:
            os.kill(os.getpid(), self._blow.signal)
        return len(text)

    def flush(self):
        self._file.flush()

    def isatty(self):
        return False


def _strike_at_renaming(blow):
    count = 0

    def struck(rename):
        def strike(*args, **kwargs):
            nonlocal count
            count += 1
            if count == blow.renaming:
                os.kill(os.getpid(), blow.signal)
            return rename(*args, **kwargs)

        return strike

    os.rename, os.replace = struck(os.rename), struck(os.replace)


KILL, TERMINATE, INTERRUPT = signal.SIGKILL, signal.SIGTERM, signal.SIGINT
