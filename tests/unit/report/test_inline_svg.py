from __future__ import annotations

import re

import pytest
from lxml import etree

from embedtune.report.inline_svg import SERIES, Ink, as_markup, drawing_style, drawn, new_figure, series_ink


@pytest.fixture(scope="module")
def markup():
    with drawing_style():
        figure = new_figure(320, 200)
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        axes.plot([1, 2, 3], [3, 1, 2], marker="o", color=series_ink(3), clip_on=True)
        axes.fill_between([1, 2], [1, 2], color=Ink.GOOD.value, alpha=0.3)
        axes.set_xlabel("price in $ or $_x")
        return as_markup(drawn(figure), 'a "line"')


def test_colours_are_the_page_s(markup):
    assert "var(--series-3)" in markup
    assert "var(--good)" in markup
    assert "var(--grid)" in markup
    assert re.findall(r"#[0-9a-fA-F]{6}", markup) == []


def test_nothing_reaches_beyond_the_figure(markup):
    root = etree.fromstring(markup)
    names = {etree.QName(element).localname for element in root.iter()}
    assert names <= {"svg", "g", "path", "text", "tspan"}
    assert not any(element.get("id") for element in root.iter())
    assert not re.search(r"url\(|href|http|font-family|clip-path", markup)


def test_markers_stand_where_they_were_used(markup):
    places = [element.get("transform") for element in etree.fromstring(markup).iter("path") if element.get("transform")]
    drawn_points = [place for place in places if place.startswith("translate(")]
    assert len(drawn_points) >= 3
    assert len(set(drawn_points)) == len(drawn_points)


def test_texts_are_texts_and_never_formulas(markup):
    assert "price in $ or $_x" in "".join(etree.fromstring(markup).itertext())


def test_it_has_the_size_and_the_name_it_was_given(markup):
    root = etree.fromstring(markup)
    assert root.get("viewBox") == "0 0 320 200"
    assert root.get("style") == "max-width: 320px"
    assert (root.get("role"), root.get("aria-label")) == ("img", 'a "line"')
    assert root.get("width") is None


def test_the_same_figure_gives_the_same_markup():
    def made():
        with drawing_style():
            figure = new_figure(100, 100)
            figure.add_axes((0, 0, 1, 1)).plot([1, 2], marker="s")
            return as_markup(drawn(figure), "")

    assert made() == made()
    assert 'aria-hidden="true"' in made()


def test_style_is_left_as_it_was():
    import matplotlib as mpl

    before = mpl.rcParams["axes.grid"]
    with drawing_style():
        assert mpl.rcParams["axes.grid"] is True
    assert mpl.rcParams["axes.grid"] == before


def test_every_system_has_a_colour():
    assert len({series_ink(number) for number in range(SERIES)}) == SERIES
    assert series_ink(SERIES) == series_ink(0)
    assert not {series_ink(number) for number in range(SERIES)} & {ink.value for ink in Ink}
