"""The figures of the page about a log: how many were flagged over time, and how the p-values lie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from embedtune.report.charts import Chart, Size, framed_chart
from embedtune.report.drift_content import DriftContent
from embedtune.report.inline_svg import Ink, new_figure, series_ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FLAGGED, _UNUSUAL, _COUNTS = 5, 1, 2
_PERCENT = 100
_MOST_TIMES = 5


def flags_chart(content: DriftContent) -> Chart:
    """Draw the shares of flagged and unusual queries over the parts of the log, with what each seldom exceeds."""

    def draw(size: Size) -> Figure:
        figure, axes = _axes(size)
        places = range(1, len(content.parts) + 1)
        usual = [part.expected_high * _PERCENT for part in content.parts]
        axes.bar(places, usual, 1.0, color=Ink.GRID.value, alpha=0.6, linewidth=0)
        axes.axhline(content.expected * _PERCENT, color=Ink.FAINT.value, linewidth=1, linestyle=(0, (4, 4)))
        for name, ink, values in (
            ("flagged", _FLAGGED, [part.flagged for part in content.parts]),
            ("unusual", _UNUSUAL, [part.unusual for part in content.parts]),
        ):
            shares = [value * _PERCENT for value in values]
            axes.plot(places, shares, color=series_ink(ink), marker="o", markersize=4)
            axes.annotate(
                name, (len(shares), shares[-1]), (6, 0), textcoords="offset points", va="center", color=series_ink(ink)
            )
        axes.set_xlabel("begin of each part of the log (UTC)")
        axes.set_ylabel("queries (%)")
        axes.set_ylim(bottom=0)
        shown = range(0, len(content.parts), math.ceil(len(content.parts) / _MOST_TIMES))
        axes.set_xticks([places[row] for row in shown], [_time(content, row) for row in shown])
        return figure

    return framed_chart(draw, "Shares of flagged and of unusual queries over the parts of the log")


def p_value_chart(content: DriftContent) -> Chart:
    """Draw how many queries have which p-value: level where nothing has changed, high on the left where it has."""

    def draw(size: Size) -> Figure:
        figure, axes = _axes(size)
        width = 1 / len(content.p_values)
        begins = [number * width for number in range(len(content.p_values))]
        axes.bar(begins, content.p_values, width * 0.9, align="edge", color=series_ink(_COUNTS))
        level = content.queries / len(content.p_values)
        axes.axhline(level, color=Ink.FAINT.value, linewidth=1, linestyle=(0, (4, 4)))
        axes.set_xlabel("p-value")
        axes.set_ylabel("queries")
        axes.set_xlim(0, 1)
        return figure

    return framed_chart(draw, "How many queries have which p-value")


def _time(content: DriftContent, row: int) -> str:
    """Return when a part began: the day, or within a log of one day the hour."""
    begin = content.parts[row].begin
    return begin[11:16] if content.begin[:10] == content.end[:10] else begin[:10]


def _axes(size: Size) -> tuple[Figure, Axes]:
    width, height = size
    figure = new_figure(width, height)
    return figure, figure.add_axes((58 / width, 50 / height, 1 - 132 / width, 1 - 66 / height))
