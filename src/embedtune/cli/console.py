"""What the user sees: progress on a terminal, plain lines in a pipe, one JSON object with ``--json``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.events import (
    Alert,
    Event,
    Measured,
    Notice,
    Progress,
    StageFinished,
    StageSkipped,
    StageStarted,
)

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_PLAIN_EVERY = 10.0


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
    _bars: RichProgress | None = None
    _tasks: dict[str, TaskID] = field(default_factory=dict)
    _last_line: dict[str, float] = field(default_factory=dict)

    def report(self, event: Event) -> None:
        """Render one event."""
        if self.quiet and not isinstance(event, Alert):
            return
        if isinstance(event, Progress):
            self._progress(event)
            return
        line = _line(event)
        if isinstance(event, StageStarted | StageFinished | StageSkipped):
            self._close_bars()
        if line:
            self._write(line)

    def result(self, value: Mapping[str, object], text: str = "") -> None:
        """Print a command's result: the JSON object with ``--json``, else the text."""
        self._close_bars()
        shown = json.dumps(value, ensure_ascii=False, sort_keys=True) if self.as_json else text.rstrip("\n")
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
        self._close_bars()

    def _progress(self, event: Progress) -> None:
        if sys.stderr.isatty():
            self._bar(event)
            return
        now = time.monotonic()
        due = now - self._last_line.setdefault(event.activity, now) >= _PLAIN_EVERY
        if due:
            self._last_line[event.activity] = now
            self._write(f"{event.activity}: {event.done}/{event.total} {event.unit}")

    def _bar(self, event: Progress) -> None:
        if self._bars is None:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.progress import Progress as RichProgress

            self._bars = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=_error_console(),
                transient=True,
            )
            self._bars.start()
        if event.activity not in self._tasks:
            self._tasks[event.activity] = self._bars.add_task(event.activity, total=event.total)
        self._bars.update(self._tasks[event.activity], completed=event.done, total=event.total)

    def _close_bars(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        self._tasks.clear()

    def _write(self, line: str) -> None:
        if self._bars is not None:
            self._bars.console.print(line, markup=False, highlight=False)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


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
            line = f"  {activity}, step {step}: {_overall(values)}"
        case Notice(message):
            line = f"  {message}"
        case Alert(message):
            line = f"! {message}"
    return line


def _overall(values: Mapping[str, float]) -> str:
    """Show the overall figures; those of the domains stand in ``metrics.jsonl``."""
    return "  ".join(f"{name} {value:.3f}" for name, value in values.items() if "_" not in name)


def _error_console() -> RichConsole:
    from rich.console import Console as RichConsole

    return RichConsole(stderr=True)


def _has_words(cells: Iterable[str]) -> bool:
    return any(character.isalpha() for cell in cells for character in cell)
