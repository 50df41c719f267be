from __future__ import annotations

from embedtune.corpus.readers.pdf_layout import Line
from embedtune.corpus.readers.pdf_margins import without_margins


def line(text, page, baseline, size=10.0):
    return Line(text, page, 50.0, 300.0, baseline, size, bold=False, column=(50.0, 500.0))


def page(number, *, head="", foot="", head_size=10.0):
    body = [
        line(f"Text {word} of page {chr(97 + number)}.", number, 700 - 12 * row) for row, word in enumerate("abcdef")
    ]
    head_lines = [line(head, number, 760, head_size)] if head else []
    return [*head_lines, *body, *([line(foot, number, 40)] if foot else [])]


def kept(*pages):
    lines = [part for number in pages for part in number]
    return {part.text for part in without_margins(lines, 10.0) if not part.text.startswith("Text")}


def test_three_pages_make_a_line_a_running_one():
    assert kept(*(page(number, head="Manual") for number in range(3))) == set()
    assert kept(*(page(number, head="Manual") for number in range(2))) == {"Manual"}
    assert kept(*(page(number, head="Manual", head_size=8.0) for number in range(2))) == set()


def test_numbers_may_differ_but_not_in_the_titles_of_chapters():
    assert kept(*(page(number, foot=f"Issue {number * 7}") for number in range(3))) == set()
    chapters = [page(number, head=f"Chapter {number * 7}") for number in range(3)]
    assert len(kept(*chapters)) == 3
    large = [page(number, head=f"{number * 7} Torque", head_size=18.0) for number in range(3)]
    assert len(kept(*large)) == 3


def test_a_page_number_takes_the_words_beside_it_along():
    assert kept(*(page(number, head=f"{'abc'[number]} valves | {number + 31}") for number in range(3))) == set()


def test_lines_at_other_heights_and_within_the_text_stay():
    moved = [[line("Manual", number, 760 - 20 * number), *page(number)] for number in range(3)]
    assert kept(*moved) == {"Manual"}
    inside = [[*page(number)[:3], line("Same", number, 664), *page(number)[4:]] for number in range(3)]
    assert kept(*inside) == {"Same"}


def test_the_only_page_loses_its_own_number_alone():
    assert kept(page(0, head="Manual", foot="1")) == {"Manual"}
    assert kept(page(0, foot="12")) == {"12"}
