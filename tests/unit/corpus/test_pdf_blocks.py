from __future__ import annotations

from embedtune.corpus.readers.pdf_blocks import blocks_of_lines
from embedtune.corpus.readers.pdf_headings import Bookmark
from embedtune.corpus.readers.pdf_layout import Line

COLUMN = (50.0, 500.0)
FULL = "The reservoir of the pump holds two litres of fluid and has to be drained whenever the housing"


def line(text, baseline, *, page=0, left=50.0, size=10.0, bold=False, column=COLUMN):
    right = column[1] if text.startswith(FULL) else left + 4.0 * len(text)
    return Line(text, page, left, right, baseline, size, bold=bold, column=column)


def body(top, page=0):
    return [line(FULL, top, page=page), line("is opened.", top - 12, page=page)]


def parts(lines, outline=()):
    return [(block.heading_level, block.text) for block in blocks_of_lines(lines, outline)]


def test_no_lines_make_no_blocks():
    assert blocks_of_lines([]) == ()


def test_full_lines_are_joined_and_gaps_and_indents_part_paragraphs():
    text = f"{FULL} is opened."
    indented = line(FULL, 640, left=62.0)
    lines = [*body(700), *body(664), indented, line("is closed.", 628)]
    assert parts(lines) == [(None, text), (None, text), (None, f"{FULL} is closed.")]


def test_a_footnote_between_the_halves_of_a_paragraph_comes_after_it():
    lines = [line(FULL, 80), line("1 A note in small print.", 50, size=7.0), line("is opened.", 700, page=1)]
    assert parts(lines) == [(None, f"{FULL} is opened."), (None, "1 A note in small print.")]


def test_a_number_of_several_parts_makes_a_line_that_stands_apart_a_heading():
    lines = [line("2.1 Bleeding", 730), *body(700), line("2.1.4 Front circuit", 650), *body(620)]
    assert [part for part in parts(lines) if part[0]] == [(1, "Bleeding"), (2, "Front circuit")]


def test_a_sentence_of_bold_words_within_a_paragraph_is_no_heading():
    lines = [line(FULL, 700), line("Never touch the hot housing", 688, bold=True), line("while it runs.", 676)]
    assert all(level is None for level, _ in parts(lines))


def test_a_heading_over_two_lines_is_one():
    lines = [line("Bleeding the front and the", 740, size=14.0), line("rear circuit", 724, size=14.0), *body(700)]
    assert parts(lines)[0] == (1, "Bleeding the front and the rear circuit")


def test_cells_at_different_heights_do_not_run_into_one_another():
    left, right = {"left": 50.0}, {"left": 300.0}
    lines = [line("a cell on the left", 700, **left), line("a cell on the right", 694, **right)]
    assert parts(lines) == [(None, "a cell on the left"), (None, "a cell on the right")]


def test_styles_that_the_outline_does_not_have_rank_between_those_it_has():
    lines = [
        line("Pump", 760, size=20.0),
        line("Draining", 730, size=14.0),
        *body(700),
        line("Tools", 650, bold=True),
        *body(630),
        line("Filling", 590, size=14.0),
        *body(560),
    ]
    outline = [Bookmark("1 Pump", 1, 0), Bookmark("1.1 Draining", 2, 0), Bookmark("Elsewhere", 1, 7)]
    headings = [part for part in parts(lines, outline) if part[0]]
    assert headings == [(1, "Pump"), (2, "Draining"), (3, "Tools"), (2, "Filling")]


def test_the_outline_names_a_heading_on_its_page_alone():
    lines = [line("Draining", 730), *body(700), line("Draining", 730, page=4), *body(700, page=4)]
    assert [level for level, _ in parts(lines, [Bookmark("Draining", 1, 4)])] == [None, None, 1, None]
