from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from embedtune.training.records.svg_panels import Line, Panel, round_ticks, stacked_panels

SVG = "{http://www.w3.org/2000/svg}"
values = st.floats(-1e6, 1e6, allow_nan=False)


@given(low=values, span=st.floats(0, 1e6), count=st.integers(2, 10))
def test_ticks_are_even_and_hold_all_values(low, span, count):
    ticks = round_ticks(low, low + span, count)

    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= low + span - 1e-6 * step
    assert 2 <= len(ticks) <= count + 3
    assert all(b - a == pytest.approx(step, rel=1e-6) for a, b in pairwise(ticks))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, (0, 0.5, 1)),
        (0.41, 0.88, (0.4, 0.6, 0.8, 1.0)),
        (0, 5e-5, (0, 2e-5, 4e-5, 6e-5)),
        (7, 7, (0, 5, 10, 15)),
    ],
)
def test_ticks_are_round(low, high, ticks):
    assert round_ticks(low, high, 3) == pytest.approx(ticks)


@given(st.floats(1, 1e6))
def test_whole_ticks_are_whole(most):
    ticks = round_ticks(0, most, 8, whole=True)

    assert all(tick == round(tick) for tick in ticks)
    assert len(ticks) <= 11


points = st.lists(st.tuples(st.floats(0, 1e5), values), min_size=1, max_size=20).map(lambda found: tuple(sorted(found)))


@given(st.lists(points, min_size=1, max_size=3), st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_any_points_and_names_give_valid_xml_with_all_points_inside(series, name):
    lines = tuple(Line(name, "#123456", found, dots=True) for found in series)

    svg = etree.fromstring(stacked_panels(name, [Panel("first", lines), Panel("second", lines[:1])], "steps"))

    _, _, width, height = (float(number) for number in svg.get("viewBox").split())
    circles = svg.findall(f"{SVG}circle")
    assert len(circles) >= sum(len(found) for found in series)
    assert all(float(dot.get("cx")) >= 0 and 0 <= float(dot.get("cy")) <= height for dot in circles[: len(series[0])])
    assert all(float(dot.get("cx")) <= width for dot in circles[: len(series[0])])
    assert svg.find(f"{SVG}title").text == (name or None)


def test_greater_values_stand_higher_and_further_right():
    svg = etree.fromstring(
        stacked_panels("x", [Panel("loss", (Line("", "red", ((0, 2.0), (10, 1.0), (20, 4.0))),))], "steps")
    )

    numbers = [float(number) for number in svg.find(f"{SVG}polyline").get("points").split()]
    across, down = numbers[::2], numbers[1::2]
    assert across[0] < across[1] < across[2]
    assert down[2] < down[0] < down[1]


def test_the_axes_are_named_and_labelled():
    text = stacked_panels("x", [Panel("Learning rate", (Line("", "red", ((0, 0.0), (1300, 5e-5))),))], "steps")

    shown = [element.text for element in etree.fromstring(text).iter(f"{SVG}text")]
    assert {"0", "200", "1,000", "1,400", "2e-05", "4e-05", "steps"} <= set(shown)
    assert "Learning rate" in text


def test_nothing_in_it_acts_or_names_another_file():
    text = stacked_panels("<script>", [Panel("a", (Line("<b>&", "red", ((0, 1.0),)),))], "steps")

    tags = {element.tag.removeprefix(SVG) for element in etree.fromstring(text).iter()}
    assert tags <= {"svg", "title", "text", "line", "polyline", "circle"}
    assert "href" not in text
