"""What the library reports while it works; a face renders it, the library never prints.

A `Reporter` is anything with ``report(event)``. `silent` swallows everything and is the default
of every function that takes a reporter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from typing import TypeVar

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage of the flow begins."""

    stage: str
    description: str


@dataclass(frozen=True, slots=True)
class StageSkipped:
    """A stage was not needed: its receipt matches its inputs, settings and code."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class StageFinished:
    """A stage is done; ``summary`` is one line for a person."""

    stage: str
    seconds: float
    summary: str


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` units of ``activity`` are finished. ``done`` counts from the start.

    ``values`` are figures of the moment to show beside it, such as the loss of a training.
    """

    activity: str
    done: int
    total: int
    unit: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """Numbers measured on the way, such as a dev metric at a training step."""

    activity: str
    step: int
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know and need not act on."""

    message: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that went another way than asked, with its reason: a fallback, a skipped file."""

    message: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Something to count happened ``amount`` times: a metric for a program that watches, not for the screen.

    Attributes:
        metric: What is counted, such as ``fallbacks``.
        labels: By what the count is divided.
        amount: How often it happened.
    """

    metric: str
    labels: Mapping[str, str] = field(default_factory=dict)
    amount: int = 1


Event = StageStarted | StageSkipped | StageFinished | Progress | Measured | Notice | Alert | Counted
Report = Callable[[Event], None]


def silent(event: Event) -> None:
    """Report nothing."""


def tracked(items: Iterable[_Item], activity: str, unit: str, report: Report) -> Iterator[_Item]:
    """Yield ``items`` and report the progress after each one.

    Args:
        items: What to go through; its length is the total where it has one.
        activity: What is being done, for the label of the progress bar.
        unit: What is counted, in the plural.
        report: Where the progress goes.
    """
    total = len(items) if isinstance(items, Sized) else 0
    for done, item in enumerate(items, start=1):
        yield item
        report(Progress(activity, done, total, unit))
