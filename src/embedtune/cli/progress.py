"""Work that goes on: one live line on a terminal, a plain line now and then in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.events import Measured, Progress

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as RichProgress
    from rich.progress import Task, TaskID

_PLAIN_SECONDS = 10.0
_PLAIN_SHARE = 0.1
_WHOLE_FROM = 100  # figures above are shown without decimals


@dataclass(slots=True)
class _Lines:
    """The plain lines of one activity.

    Attributes:
        begun: When the first event came.
        begun_at: What was done by then: work that goes on where it was does not begin at 0.
        last: When the last line was written.
        last_at: What was done by then.
    """

    begun: float
    begun_at: int
    last: float
    last_at: int

    def due(self, event: Progress, now: float) -> bool:
        share = (event.done - self.last_at) / event.total if event.total else 1.0
        return now - self.last >= _PLAIN_SECONDS and share >= _PLAIN_SHARE

    def left(self, event: Progress, now: float) -> str:
        """Return the time left, such as ``, 1:05 left``; nothing where it cannot be told."""
        done = event.done - self.begun_at
        if not done or not event.total:
            return ""
        minutes, seconds = divmod(round((now - self.begun) / done * (event.total - event.done)), 60)
        hours, minutes = divmod(minutes, 60)
        return f", {hours}:{minutes:02}:{seconds:02} left" if hours else f", {minutes}:{seconds:02} left"


@dataclass(slots=True)
class ProgressView:
    """Shows how far work is, on standard error."""

    _bars: RichProgress | None = None
    _tasks: dict[str, TaskID] = field(default_factory=dict)
    _plain: dict[str, _Lines] = field(default_factory=dict)
    _dev: str = ""

    def show(self, event: Progress) -> None:
        """Show the state of one activity."""
        if sys.stderr.isatty():
            self._bar(event)
        else:
            self._plain_line(event)

    def remember(self, event: Measured) -> None:
        """Take in what was measured on dev, to stand in the live line from now on."""
        if "mrr" in event.values:
            self._dev = f"dev {overall(dict(sorted(event.values.items())))}"

    def write(self, line: str) -> None:
        """Write a line, above the live one where there is one."""
        if self._bars is not None:
            self._bars.console.print(line, markup=False, highlight=False)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def close(self) -> None:
        """End the live line."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        self._tasks.clear()
        self._dev = ""

    def _plain_line(self, event: Progress) -> None:
        now = time.monotonic()
        lines = self._plain.setdefault(event.activity, _Lines(now, event.done, now, event.done))
        if lines.due(event, now):
            lines.last, lines.last_at = now, event.done
            done = f"{event.done}/{event.total}" if event.total else str(event.done)
            parts = [f"{done} {event.unit}", *_figures(event.values)]
            self.write(f"{event.activity}: {', '.join(parts)}{lines.left(event, now)}")
        if event.done == event.total:
            del self._plain[event.activity]

    def _bar(self, event: Progress) -> None:
        if self._bars is None:
            self._bars = _new_bars()
            self._bars.start()
        if event.activity not in self._tasks:
            # What was done before counts for nothing in the time left, so the task begins there.
            self._tasks[event.activity] = self._bars.add_task(
                event.activity, total=event.total or None, completed=event.done, figures=""
            )
        figures = [*_figures(event.values), self._dev] if event.values else []
        self._bars.update(
            self._tasks[event.activity],
            completed=event.done,
            total=event.total or None,
            figures="  ".join(part for part in figures if part),
        )
        if event.done == event.total:
            self._bars.remove_task(self._tasks.pop(event.activity))


def overall(values: Mapping[str, float]) -> str:
    """Return the overall figures; those of the domains stand in ``metrics.jsonl``."""
    return "  ".join(f"{name} {value:.3f}" for name, value in values.items() if "_" not in name)


def _figures(values: Mapping[str, float]) -> list[str]:
    return [f"{name} {value:,.0f}" if value >= _WHOLE_FROM else f"{name} {value:.3f}" for name, value in values.items()]


def _new_bars() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column
    from rich.text import Text

    class Figures(ProgressColumn):
        """The one column that is cut where a line is too long for the terminal."""

        def render(self, task: Task) -> RenderableType:
            return Text(task.fields["figures"], no_wrap=True, overflow="ellipsis")

    console = Console(stderr=True)
    return RichProgress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=console.width // 12),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
        Figures(table_column=Column(no_wrap=False)),
        console=console,
        transient=True,
    )
