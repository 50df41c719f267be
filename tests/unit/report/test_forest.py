from __future__ import annotations

import re

import pytest

from embedtune.report.forest import forest_strips
from embedtune.vocabulary.evaluation import Comparison


def comparison(low, delta, high, p=0.01):
    return Comparison("ndcg@10", "base", "tuned", 0.5, 0.5 + delta, low, high, p, 40, "domain=kettle")


@pytest.fixture(scope="module")
def strips():
    rows = [comparison(0.02, 0.05, 0.09), comparison(-0.2, -0.1, -0.03), None, comparison(-0.01, 0.01, 0.04)]
    return forest_strips(rows)


def test_one_strip_a_comparison_and_none_for_what_is_missing(strips):
    assert [bool(row) for row in strips.rows] == [True, True, False, True]
    views = [re.search(r'viewBox="([^"]+)"', row)[1].split() for row in strips.rows if row]
    heights = {view[3] for view in views}
    assert len(heights) == 1
    height = float(heights.pop())
    assert [float(view[1]) for view in views] == [0, height, 3 * height]


def test_a_strip_shows_its_verdict(strips):
    better, worse, _, unclear = strips.rows
    assert "var(--good)" in better
    assert "var(--bad)" not in better
    assert "var(--bad)" in worse
    assert "var(--unclear)" in unclear
    assert "var(--good)" not in unclear


def test_what_a_strip_says_aloud(strips):
    assert 'aria-label="+0.050, interval +0.020 to +0.090"' in strips.rows[0]


def test_rows_share_the_scale_of_the_axis(strips):
    assert ">0<" in strips.axis
    assert "\N{MINUS SIGN}0.2" in strips.axis
    zeros = {re.search(r"M ([\d.]+) [^L]*L \1 [^\"]*\" style=\"[^\"]*--faint", row)[1] for row in strips.rows if row}
    assert len(zeros) == 1


@pytest.mark.parametrize("rows", [[], [None], [None, None]])
def test_without_comparisons_nothing_is_drawn(rows):
    strips = forest_strips(rows)
    assert strips.axis == ""
    assert strips.rows == tuple("" for _ in rows)


def test_a_difference_of_nothing_can_be_drawn():
    strips = forest_strips([comparison(0.0, 0.0, 0.0, p=1.0)])
    assert "var(--unclear)" in strips.rows[0]
