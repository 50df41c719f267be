"""Draw how a training went: loss, learning rate and dev metrics over its steps."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from embedtune.files import write_text
from embedtune.training.records.recording import BASE_SHARE, METRICS
from embedtune.training.records.svg_panels import Line, Panel, Point, stacked_panels

PLOT = "training.svg"

_BLUE, _ORANGE, _GREEN, _PURPLE = "#2b83cf", "#c86a1b", "#2e9a5b", "#a45fc4"
_MEMORY = 0.7  # share of the past in a smoothed value

_Row = Mapping[str, float]


@contextlib.contextmanager
def drawn(run: Path) -> Iterator[None]:
    """Draw a run when the block ends, however it ends."""
    try:
        yield
    finally:
        draw_run(run)


def draw_run(run: Path) -> None:
    """Write ``training.svg`` from the run's ``metrics.jsonl``; nothing where that has no row to draw.

    Raises:
        InputError: The file cannot be written.
    """
    path = run / METRICS
    if not path.is_file():
        return
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    panels = tuple(panel for panel in (_loss(rows), _rate(rows), _dev(rows)) if panel.lines)
    if panels:
        write_text(run / PLOT, stacked_panels("Training loss, learning rate and dev metrics", panels, "steps"))


def smoothed(values: Sequence[float]) -> tuple[float, ...]:
    """Return the exponentially weighted means of ``values`` up to each one.

    The weights of a mean add up to 1 from the first value on, so that it does not start from 0 (the bias
    correction of Kingma and Ba 2015, "Adam: A method for stochastic optimization", 3).
    """
    means: list[float] = []
    total = weight = 0.0
    for value in values:
        total = _MEMORY * total + (1 - _MEMORY) * value
        weight = _MEMORY * weight + (1 - _MEMORY)
        means.append(total / weight)
    return tuple(means)


def _loss(rows: Sequence[_Row]) -> Panel:
    points = _points(rows, "loss")
    even = tuple(zip((x for x, _ in points), smoothed([y for _, y in points]), strict=True))
    lines = (Line("as logged", _BLUE, points, width=1.2, opacity=0.45), Line("smoothed", _BLUE, even))
    return Panel("Training loss", lines if points else ())


def _rate(rows: Sequence[_Row]) -> Panel:
    points = _points(rows, "learning_rate")
    return Panel("Learning rate", (Line("", _ORANGE, points),) if points else ())


def _dev(rows: Sequence[_Row]) -> Panel:
    while_training = [row for row in rows if BASE_SHARE not in row]
    mrr, recall = _points(while_training, "mrr"), _points(while_training, "recall@5")
    best = max((point for point in mrr if point[0]), key=lambda point: point[1], default=None)
    averaged = _points([row for row in rows if BASE_SHARE in row], "mrr")
    lines = (
        Line("recall@5", _ORANGE, recall, dots=True),
        Line("MRR", _GREEN, mrr, dots=True),
        Line("best MRR", _GREEN, (best,) if best else ()),
        Line("averaged with the base", _PURPLE, averaged),
    )
    return Panel("Dev questions", tuple(line for line in lines if line.points))


def _points(rows: Sequence[_Row], name: str) -> tuple[Point, ...]:
    return tuple((float(row["step"]), float(row[name])) for row in rows if name in row)
