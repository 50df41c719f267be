from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.corpus.readers.pdf_layout import lines_of
from embedtune.corpus.readers.pdf_page import Run, clean


def run(text, left, baseline, size=10.0, *, width=None, bold=False):
    letters = sum(map(str.isalnum, text))
    right = left + (5.0 * len(text) if width is None else width)
    return Run(text, left, right, baseline, size, letters, letters if bold else 0)


def column(name, left, rows=6, top=700.0):
    return [run(f"{name}{row} has words of prose here", left, top - 12 * row) for row in range(rows)]


def texts(runs):
    return [line.text for line in lines_of(runs, 0)]


def test_runs_at_one_height_are_one_line_from_left_to_right():
    assert texts([run("world", 131, 700), run("below", 100, 680), run("hello", 100, 700.5)]) == ["hello world", "below"]


def test_a_superscript_stays_on_its_line():
    assert texts([run("10", 100, 700), run("6", 110.5, 703, size=6)]) == ["10 6"]


def test_wide_gaps_part_cells_but_not_a_mark_from_its_item():
    assert texts([run("Bolt", 100, 700), run("25 Nm", 200, 700)]) == ["Bolt | 25 Nm"]
    assert texts([run("2.1", 100, 700), run("Bleeding", 140, 700)]) == ["2.1 Bleeding"]


def test_columns_of_prose_are_read_one_after_the_other():
    left, right = column("a", 50), column("b", 300)
    mixed = [part for pair in zip(left, right, strict=True) for part in pair]
    assert texts(mixed) == [part.text for part in [*left, *right]]


def test_a_line_across_parts_what_is_above_from_what_is_below():
    title = run("A title that stands across both of the columns of the page", 60, 600, width=420)
    above, below = [*column("a", 50), *column("b", 300)], [*column("c", 50, top=580), *column("d", 300, top=580)]
    assert texts([*below, title, *above]) == [part.text for part in [*above, title, *below]]


def test_three_columns_are_read_in_order():
    columns = [column(name, left) for name, left in (("a", 50), ("b", 250), ("c", 450))]
    assert texts([part for row in zip(*columns, strict=True) for part in row]) == [p.text for c in columns for p in c]


def test_cells_of_a_table_are_not_columns():
    rows = [[run(f"Part {row}", 50, 700 - 12 * row), run(f"{row} Nm", 300, 700 - 12 * row)] for row in range(8)]
    assert texts([cell for row in rows for cell in row]) == [f"Part {row} | {row} Nm" for row in range(8)]


def test_a_line_knows_its_style_and_column():
    (line,) = lines_of([run("Note", 100, 700, bold=True), run("x", 125, 700, size=8.0)], 3)
    assert (line.page, line.size, line.bold, line.column) == (3, 10.0, False, (100, 130))


PLACES = st.floats(0, 1000, allow_nan=False)


@given(st.lists(st.tuples(st.integers(0, 9), PLACES, PLACES, st.sampled_from([6.0, 10.0, 18.0])), max_size=60))
def test_no_run_is_lost_or_doubled(places):
    runs = [run(f"w{word} x y", left, baseline, size) for word, left, baseline, size in places]
    words = Counter(word for line in lines_of(runs, 0) for word in line.text.split() if word != "|")
    assert words == Counter(word for part in runs for word in part.text.split())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("\ufb01nd o\ufb00er", "find offer"),
        ("co\u00adop\u200b", "coop"),
        ("\uf0b7 a", "• a"),
        ("u\u0308", "ü"),
        ("a\x00b", "ab"),
    ],
)
def test_characters_are_cleaned(raw, text):
    assert clean(raw) == text
