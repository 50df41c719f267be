"""The report's line charts and its chart of rank changes, each for half a wide page and for a phone.

Figures hold numbers and fixed words only. Names that users chose stand in the page around them, where they wrap and
can be read in any script.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.report.content import Point, RankChanges, RecallCurve, TrainingLog
from embedtune.report.inline_svg import SERIES, Ink, as_markup, drawing_style, drawn, new_figure, series_ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDE, _NARROW = (460.0, 400.0), (340.0, 320.0)
_LARGEST = 42.0  # diameter of the largest circle in pixels
_SMALLEST = 7.0
_FIRST_DEV_INK = 2
_DEV_LINES = (("recall@5", "Recall@5"), ("mrr", "MRR"))
Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure as markup, drawn for a wide page and for a narrow one."""

    wide: str
    narrow: str


def recall_chart(curves: Sequence[RecallCurve]) -> Chart:
    """Draw recall over the number of results, one line a system, in the colours of their order."""

    def draw(size: Size) -> Figure:
        width, height = size
        figure = new_figure(width, height)
        axes = figure.add_axes((54 / width, 50 / height, 1 - 68 / width, 1 - 62 / height))
        axes.set_xlabel("results looked at (k)")
        axes.set_ylabel("mean recall")
        for number, curve in enumerate(curves):
            steps, values = zip(*curve.points, strict=True)
            axes.plot(steps, values, color=series_ink(number), linestyle=line_style(number))
        axes.set_xscale("log")
        deepest = max(step for curve in curves for step, _ in curve.points)
        ticks = [tick for tick in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= deepest]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set_xlim(1, max(deepest, 2))
        axes.set_ylim(0, 1.02)
        return figure

    return framed_chart(draw, "Mean recall over the number of results looked at")


def rank_chart(changes: RankChanges) -> Chart:
    """Draw how many questions went from which range of ranks to which: circles whose area is the count."""

    def draw(size: Size) -> Figure:
        width, height = size
        figure = new_figure(width, height)
        axes = figure.add_axes((66 / width, 50 / height, 1 - 70 / width, 1 - 54 / height))
        last = len(changes.labels)
        axes.plot([-0.5, last - 0.5], [-0.5, last - 0.5], color=Ink.FAINT.value, linewidth=1, linestyle=(0, (4, 4)))
        most = max(max(row) for row in changes.counts) or 1
        largest = min(_LARGEST, width / (last + 3))
        for before, row in enumerate(changes.counts):
            for after, count in enumerate(row):
                if count:
                    _circle(axes, before, after, count, max(_SMALLEST, largest * (count / most) ** 0.5))
        axes.set_xlim(-0.6, last - 0.4)
        axes.set_ylim(last - 0.4, -0.6)
        labels = [text.replace("not found", "none").replace("-", "\N{EN DASH}") for text in changes.labels]
        axes.set_xticks(range(last), labels)
        axes.set_yticks(range(last), labels)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("rank with the baseline")
        axes.set_ylabel("rank with the candidate")
        axes.text(last - 0.5, -0.45, "better", ha="right", color=Ink.GOOD.value)
        axes.text(-0.45, last - 0.55, "worse", ha="left", color=Ink.BAD.value)
        return figure

    return framed_chart(draw, "Rank of the first right section with the baseline and with the candidate")


def training_chart(log: TrainingLog) -> Chart:
    """Draw the loss above the dev metrics, over the steps of a training."""
    loss = log.lines.get("loss", ())
    dev = [(name, log.lines[key]) for key, name in _DEV_LINES if log.lines.get(key)]

    def draw(size: Size) -> Figure:
        panels = bool(loss) + bool(dev)
        beside = size == _WIDE
        width, height = (470.0 * panels, 270.0) if beside else (size[0], 180.0 * panels + 30)
        figure = new_figure(width, height)
        grid = figure.subplots(1 if beside else panels, panels if beside else 1, sharex=True, squeeze=False)
        shown = grid.ravel()
        if loss:
            _draw_line(shown[0], loss, Ink.TEXT.value)
            shown[0].set_ylabel("training loss")
        for number, (name, points) in enumerate(dev):
            ink = series_ink(number + _FIRST_DEV_INK)
            _draw_line(shown[-1], points, ink, marked=True)
            shown[-1].annotate(name, points[-1], (4, 0), textcoords="offset points", va="center", color=ink)
        if dev:
            shown[-1].set_ylabel("dev questions")
        for axes in shown if beside else shown[-1:]:
            axes.set_xlabel("steps")
        figure.subplots_adjust(
            left=62 / width,
            right=1 - 76 / width,
            top=1 - 10 / height,
            bottom=50 / height,
            hspace=0.14,
            wspace=0.22,
        )
        return figure

    return framed_chart(draw, "Training loss and dev metrics over the steps")


def line_style(number: int) -> str:
    """Return how a system's line is dashed: those beyond the number of colours share one and differ by this."""
    return ("-", "--", ":", "-.")[number // SERIES % 4]


def framed_chart(draw: Callable[[Size], Figure], description: str) -> Chart:
    """Return a figure for a wide page and for a narrow one.

    Args:
        draw: Draws it in a size.
        description: What it shows, for those who cannot see it.
    """
    with drawing_style():
        wide, narrow = (as_markup(drawn(draw(size)), description) for size in (_WIDE, _NARROW))
    return Chart(wide, narrow)


def _draw_line(axes: Axes, points: Sequence[Point], ink: str, *, marked: bool = False) -> None:
    steps, values = zip(*points, strict=True)
    axes.plot(steps, values, color=ink, marker="o" if marked or len(points) == 1 else "", markersize=4)


def _circle(axes: Axes, before: int, after: int, count: int, size: float) -> None:
    ink = Ink.FAINT if before == after else Ink.GOOD if after < before else Ink.BAD
    axes.plot([before], [after], marker="o", markersize=size, color=ink.value, alpha=0.28, markeredgewidth=0)
    axes.text(before, after, str(count), ha="center", va="center", color=Ink.TEXT.value)
