"""Line charts, one below the other over a common axis, as one SVG.

The background is left clear, and the colours of lines have a contrast of at least 3 to 1 with white and with black,
that of text 4.5 to 1 (WCAG 2.1, 1.4.3 and 1.4.11): the picture reads on a light page and on a dark one. It holds no
script, no style sheet and no name of another file, so viewers that allow none of these show all of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from xml.etree import ElementTree as ET

Point = tuple[float, float]

_WIDTH, _HEIGHT = 760, 150  # of a panel's plotting area with its margins, and of the area alone
_LEFT, _RIGHT, _ABOVE, _BELOW = 76, 20, 38, 46
_LETTER = 6.6  # mean width of one at the font size
_ZERO = 1e-12  # what is below counts as 0
_INK = "#757575"
_GRID = {"stroke": _INK, "stroke-opacity": "0.25"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a panel; a single point is drawn as a ring.

    Attributes:
        name: Its name in the legend; empty leaves it out there.
        colour: As SVG names it.
        points: The points (x, y), x ascending; at least one.
        width: Width of the line in pixels.
        opacity: 0 to 1.
        dots: Whether its points are marked.
    """

    name: str
    colour: str
    points: tuple[Point, ...]
    width: float = 1.8
    opacity: float = 1.0
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart.

    Attributes:
        title: What its vertical axis shows.
        lines: At least one.
    """

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Axis:
    """Maps values to pixels: ``low`` lies at ``start``, ``high`` at ``end``."""

    ticks: tuple[float, ...]
    start: float
    end: float

    def at(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 2)


def round_ticks(low: float, high: float, count: int, *, whole: bool = False) -> tuple[float, ...]:
    """Return about ``count`` + 1 round numbers, evenly spaced, from ``low`` or below it to ``high`` or above it.

    Args:
        low: The least value.
        high: The greatest; may equal ``low``.
        count: How many steps are wanted.
        whole: Whether the numbers must be integers.
    """
    if high - low <= max(_ZERO, 1e-9 * max(abs(low), abs(high))):
        margin = abs(low) / 2 if abs(low) > _ZERO else 0.5
        low, high = low - margin, high + margin
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    if whole:
        step = max(1.0, step)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(number * step for number in range(first, max(last, first + 1) + 1))


def stacked_panels(name: str, panels: Sequence[Panel], axis: str) -> str:
    """Return an SVG document of panels that share their horizontal axis, which counts from 0 in whole numbers.

    Args:
        name: What the picture shows, for those who cannot see it.
        panels: From top to bottom; at least one.
        axis: The horizontal axis's name.
    """
    height = len(panels) * (_ABOVE + _HEIGHT) + _BELOW
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {height}",
            "width": str(_WIDTH),
            "height": str(height),
            "role": "img",
            "aria-label": name,
            "font-family": "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif",
            "font-size": "12",
            "fill": _INK,
        },
    )
    ET.SubElement(svg, "title").text = name
    most = max(x for panel in panels for line in panel.lines for x, _ in line.points)
    across = _Axis(round_ticks(0, max(1.0, most), 8, whole=True), _LEFT, _WIDTH - _RIGHT)
    for number, panel in enumerate(panels):
        _draw_panel(svg, panel, across, number * (_ABOVE + _HEIGHT) + _ABOVE)
    for tick in across.ticks:
        _text(svg, (across.at(tick), height - _BELOW + 17), f"{tick:,.0f}", "middle")
    _text(svg, ((_LEFT + _WIDTH - _RIGHT) / 2, height - 8), axis, "middle")
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _draw_panel(svg: ET.Element, panel: Panel, across: _Axis, top: int) -> None:
    values = [y for line in panel.lines for _, y in line.points]
    up = _Axis(round_ticks(min(values), max(values), 4), top + _HEIGHT, top)
    for tick in across.ticks:
        _rule(svg, (across.at(tick), up.start), (across.at(tick), up.end))
    for tick in up.ticks:
        _rule(svg, (across.start, up.at(tick)), (across.end, up.at(tick)))
        _text(svg, (_LEFT - 8, up.at(tick) + 4), f"{tick:.6g}", "end")
    _text(svg, (_LEFT, top - 12), panel.title, "start").set("font-weight", "600")
    place = _LEFT + _LETTER * len(panel.title) + 34
    for line in panel.lines:
        _draw_line(svg, line, across, up)
        if line.name:
            _draw_legend(svg, line, place, top - 16)
            place += 44 + _LETTER * len(line.name)


def _draw_line(svg: ET.Element, line: Line, across: _Axis, up: _Axis) -> None:
    stroke = _stroke(line)
    points = [(across.at(x), up.at(y)) for x, y in line.points]
    if len(points) > 1:
        path = " ".join(str(number) for number in chain.from_iterable(points))
        ET.SubElement(svg, "polyline", {"points": path, "stroke-linejoin": "round", **stroke})
    for x, y in points if line.dots or len(points) == 1 else ():
        alone = len(points) == 1
        look = stroke if alone else {"fill": line.colour}
        ET.SubElement(svg, "circle", {"cx": str(x), "cy": str(y), "r": "5" if alone else "2.5", **look})


def _draw_legend(svg: ET.Element, line: Line, x: float, y: float) -> None:
    if len(line.points) == 1:
        ET.SubElement(svg, "circle", {"cx": str(round(x + 12, 2)), "cy": str(y), "r": "4", **_stroke(line)})
    else:
        _rule(svg, (x, y), (x + 18, y), _stroke(line))
    _text(svg, (x + 24, y + 4), line.name, "start")


def _stroke(line: Line) -> dict[str, str]:
    return {
        "fill": "none",
        "stroke": line.colour,
        "stroke-width": str(line.width),
        "stroke-opacity": str(line.opacity),
    }


def _rule(svg: ET.Element, start: Point, end: Point, look: dict[str, str] | None = None) -> None:
    ends = zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True)
    ET.SubElement(svg, "line", {key: str(round(value, 2)) for key, value in ends} | (look or _GRID))


def _text(svg: ET.Element, place: Point, text: str, anchor: str) -> ET.Element:
    x, y = (str(round(value, 2)) for value in place)
    element = ET.SubElement(svg, "text", {"x": x, "y": y, "text-anchor": anchor})
    element.text = text
    return element
