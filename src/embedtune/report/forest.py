"""A forest plot in strips: one row of a table each, so that rows can be filtered and read on a phone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from embedtune.report.inline_svg import Ink, as_markup, drawing_style, drawn, new_figure
from embedtune.vocabulary.evaluation import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _ROW, _AXIS = 360, 27, 30
_MARGIN = 0.06
_MARKS = {"better": ("^", Ink.GOOD), "worse": ("v", Ink.BAD)}
_TICKS = 4
_ZERO = 1e-9


@dataclass(frozen=True, slots=True)
class Strips:
    """The rows of a forest plot as markup.

    Attributes:
        axis: The scale that all rows share.
        rows: One entry a comparison; empty for those that were not made.
    """

    axis: str
    rows: tuple[str, ...]


def forest_strips(comparisons: Sequence[Comparison | None]) -> Strips:
    """Draw differences with their intervals around a line at 0, one strip each.

    Args:
        comparisons: From top to bottom; ``None`` leaves a row empty.
    """
    made = [item for item in comparisons if item is not None]
    if not made:
        return Strips("", tuple("" for _ in comparisons))
    low = min(0.0, *(item.ci_low for item in made))
    high = max(0.0, *(item.ci_high for item in made))
    pad = _MARGIN * ((high - low) or 1.0)
    limits = (low - pad, high + pad)
    with drawing_style():
        axis, ticks = _axis(limits)
        rows = _rows(comparisons, limits, ticks)
    return Strips(axis, rows)


def _axis(limits: tuple[float, float]) -> tuple[str, list[float]]:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure = new_figure(_WIDTH, _AXIS)
    axes = figure.add_axes((0, 0.9, 1, 0.1))
    axes.set_xlim(*limits)
    axes.xaxis.set_major_locator(MaxNLocator(_TICKS, min_n_ticks=2))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _signed(value)))
    axes.yaxis.set_visible(False)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    ticks = [float(tick) for tick in axes.get_xticks() if limits[0] <= tick <= limits[1]]
    return as_markup(drawn(figure), ""), ticks


def _rows(
    comparisons: Sequence[Comparison | None], limits: tuple[float, float], ticks: Sequence[float]
) -> tuple[str, ...]:
    figure = new_figure(_WIDTH, _ROW * len(comparisons))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(*limits)
    axes.set_ylim(len(comparisons), 0)
    axes.set_axis_off()
    for row, comparison in enumerate(comparisons):
        if comparison is not None:
            _draw_row(axes, row, comparison, ticks)
    root = drawn(figure)
    parts: dict[str, list[etree._Element]] = {}
    for group in root.iter("{*}g"):
        name = group.get("id", "")
        if name.startswith("row-"):
            parts.setdefault(name, []).append(group)
    return tuple(
        _cut(parts[_name(row)], row, comparison) if comparison is not None else ""
        for row, comparison in enumerate(comparisons)
    )


def _draw_row(axes: Axes, row: int, comparison: Comparison, ticks: Sequence[float]) -> None:
    name, middle = _name(row), row + 0.5
    ends = [row - 0.06, row + 1.06]  # so that the lines of one row meet those of the next
    across = [place for tick in ticks for place in (tick, tick, math.nan)]
    axes.plot(across, [*ends, math.nan] * len(ticks), color=Ink.GRID.value, linewidth=1, gid=name)
    axes.plot([0, 0], ends, color=Ink.FAINT.value, linewidth=1.4, gid=name)
    shape, ink = _MARKS.get(comparison.verdict, ("o", Ink.UNCLEAR))
    axes.plot([comparison.ci_low, comparison.ci_high], [middle, middle], color=ink.value, linewidth=2.4, gid=name)
    face = Ink.PAPER if shape == "o" else ink
    axes.plot(
        [comparison.delta],
        [middle],
        marker=shape,
        markersize=9,
        markerfacecolor=face.value,
        markeredgecolor=ink.value,
        markeredgewidth=2,
        gid=name,
    )


def _cut(groups: Sequence[etree._Element], row: int, comparison: Comparison) -> str:
    root = etree.fromstring('<svg xmlns="http://www.w3.org/2000/svg"/>')
    root.set("viewBox", f"0 {row * _ROW} {_WIDTH} {_ROW}")
    root.extend(deepcopy(group) for group in groups)
    spoken = f"{comparison.delta:+.3f}, interval {comparison.ci_low:+.3f} to {comparison.ci_high:+.3f}"
    return as_markup(root, spoken)


def _name(row: int) -> str:
    return f"row-{row}"


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "\N{MINUS SIGN}") if abs(value) > _ZERO else "0"
