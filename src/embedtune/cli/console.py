"""What the user sees: progress on a terminal, plain lines in a pipe, one JSON object with ``--json``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from embedtune.cli.progress import ProgressView, overall
from embedtune.events import (
    Alert,
    Counted,
    Event,
    Measured,
    Notice,
    Progress,
    StageFinished,
    StageSkipped,
    StageStarted,
)


@dataclass(slots=True)
class Console:
    """Renders events and results.

    Progress and notices go to standard error, results to standard output, so that a pipe carries
    results alone.

    Attributes:
        as_json: Print nothing but one JSON object on standard output.
        quiet: Print no progress and no notices.
    """

    as_json: bool = False
    quiet: bool = False
    _progress: ProgressView = field(default_factory=ProgressView)

    def report(self, event: Event) -> None:
        """Render one event."""
        if isinstance(event, Counted) or (self.quiet and not isinstance(event, Alert)):
            return
        if isinstance(event, Progress):
            self._progress.show(event)
            return
        if isinstance(event, StageStarted | StageFinished | StageSkipped):
            self._progress.close()
        if isinstance(event, Measured):
            self._progress.remember(event)
        self._progress.write(_line(event))

    def result(self, value: Mapping[str, object], text: str = "") -> None:
        """Print a command's result: the JSON object with ``--json``, else the text."""
        self._print(json.dumps(value, ensure_ascii=False, sort_keys=True) if self.as_json else text.rstrip("\n"))

    def line(self, value: Mapping[str, object]) -> None:
        """Print one of many results as a line of JSON, with ``--json`` or without."""
        self._print(json.dumps(value, ensure_ascii=False, sort_keys=True))

    def _print(self, shown: str) -> None:
        self._progress.close()
        try:
            sys.stdout.write(f"{shown}\n" if shown else "")
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader has left with what it wanted; without this, closing the stream would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Return a table as text: columns of words to the left, columns of figures to the right."""
        from rich.console import Console as RichConsole
        from rich.table import Table

        drawn = Table(title=title, title_justify="left", title_style="bold", header_style="bold", pad_edge=False)
        for number, name in enumerate(columns):
            drawn.add_column(
                name, justify="left" if _has_words(row[number] for row in rows) else "right", overflow="fold"
            )
        for row in rows:
            drawn.add_row(*row)
        terminal = sys.stdout.isatty()
        console = RichConsole(width=None if terminal else 120, force_terminal=terminal, no_color=not terminal)
        with console.capture() as capture:
            console.print(drawn)
        return capture.get()

    def close(self) -> None:
        """End what is still drawn."""
        self._progress.close()


def _line(event: Event) -> str:
    line = ""
    match event:
        case StageStarted(stage, description):
            line = f"▸ {stage}: {description}"
        case StageFinished(stage, seconds, summary):
            line = f"✓ {stage}: {summary} ({seconds:.1f} s)"
        case StageSkipped(stage, reason):
            line = f"· {stage}: {reason}"
        case Measured(activity, step, values):
            line = f"  {activity}, step {step}: {overall(values)}"
        case Notice(message):
            line = f"  {message}"
        case Alert(message):
            line = f"! {message}"
    return line


def _has_words(cells: Iterable[str]) -> bool:
    return any(character.isalpha() for cell in cells for character in cell)
