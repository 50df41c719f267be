"""Matplotlib's figures as SVG that takes its colours and its font from the page around it.

A figure is drawn with the colours of `Ink`, which stand for custom properties of the page's style sheet, so one
drawing serves the light and the dark theme. What a figure brings that reaches beyond itself is taken out: its style
sheet, its ids (two figures of a page would share them), its metadata.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_DROPPED = (f"{_SVG}metadata", f"{_SVG}defs")
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_FONT = re.compile(r"\s*font-family:[^;]*;?")
SERIES = 8


class Ink(StrEnum):
    """Colours that the page chooses; each stands for the custom property of its name."""

    TEXT = "#000001"
    FAINT = "#000002"
    GRID = "#000003"
    GOOD = "#000004"
    BAD = "#000005"
    UNCLEAR = "#000006"
    PAPER = "#000007"


def series_ink(number: int) -> str:
    """Return the colour of a system, by its place among the systems."""
    return f"#00010{number % SERIES}"


_PROPERTIES = {ink.value: f"var(--{ink.name.lower()})" for ink in Ink} | {
    series_ink(number): f"var(--series-{number})" for number in range(SERIES)
}
_COLOUR = re.compile("|".join(_PROPERTIES))


@contextmanager
def drawing_style() -> Iterator[None]:
    """Draw what is drawn in the block with the page's colours, and texts as texts."""
    import matplotlib as mpl

    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "embedtune",
            "text.parse_math": False,
            "font.family": "DejaVu Sans",
            "font.size": 12,
            "text.color": Ink.TEXT.value,
            "axes.edgecolor": Ink.FAINT.value,
            "axes.labelcolor": Ink.FAINT.value,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.unicode_minus": True,
            "figure.facecolor": "none",
            "grid.color": Ink.GRID.value,
            "grid.linewidth": 1,
            "lines.linewidth": 2,
            "xtick.color": Ink.FAINT.value,
            "ytick.color": Ink.FAINT.value,
        }
    ):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure; its SVG has one unit a CSS pixel.

    Args:
        width: In pixels.
        height: In pixels.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width / 72, height / 72), dpi=72)


def drawn(figure: Figure) -> etree._Element:
    """Return a figure as an SVG element without ids, styles or links of its own."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    parser = etree.XMLParser(remove_blank_text=True, remove_comments=True, resolve_entities=False, load_dtd=False)
    root = etree.fromstring(stream.getvalue(), parser)
    _place_markers(root)
    etree.strip_elements(root, *_DROPPED, with_tail=False)
    for element in root.iter():
        _tidy(element)
    root.set("style", f"max-width: {root.get('width', '').removesuffix('pt')}px")
    _drop(root, "width", "height", "version")
    return root


def as_markup(root: etree._Element, description: str) -> str:
    """Return an SVG element as markup for a page.

    Args:
        root: What `drawn` returned, or a part of it under a root of its own.
        description: What it shows, for those who cannot see it; empty hides it from them.
    """
    for element in root.iter():
        _drop(element, "id")
    if description:
        root.set("role", "img")
        root.set("aria-label", description)
    else:
        root.set("aria-hidden", "true")
    etree.cleanup_namespaces(root)
    text = etree.tostring(root, encoding="unicode")
    return text.replace(' xmlns="http://www.w3.org/2000/svg"', "")


def _place_markers(root: etree._Element) -> None:
    """Put each marker where it is used: references by id would meet those of the page's other figures."""
    shapes = {shape.get("id"): shape for shape in root.iter(f"{_SVG}path") if shape.get("id")}
    for use in list(root.iter(f"{_SVG}use")):
        shape = shapes[use.get(_LINK, "").removeprefix("#")]
        placed = etree.Element(f"{_SVG}path", d=shape.get("d", ""), style=use.get("style", ""))
        placed.set("transform", f"translate({use.get('x', '0')} {use.get('y', '0')})")
        parent = use.getparent()
        if parent is not None:
            parent.replace(use, placed)


def _drop(element: etree._Element, *names: str) -> None:
    for name in names:
        if name in element.attrib:
            del element.attrib[name]


def _tidy(element: etree._Element) -> None:
    _drop(element, "clip-path")
    for name, value in element.attrib.items():
        if name == "id" or not isinstance(value, str):
            continue
        short = _NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), " ".join(value.split()))
        short = _COLOUR.sub(lambda found: _PROPERTIES[found[0]], _FONT.sub("", short))
        element.set(name, short)
