from __future__ import annotations

from embedtune.corpus.heading_styles import (
    Layout,
    Rank,
    is_contents_block,
    layout_of,
    leading_heading,
    underlined_heading,
)

LAYOUT = Layout(width=80.0)


def test_the_layout_of_a_document():
    lines = [*["x" * 70] * 8, "x" * 90, "2.1 Oil", "A.1 Fuses", "3 bar"]
    assert layout_of(lines) == Layout(70.0, frozenset({"2", "A"}))
    assert layout_of([]) == Layout(0.0, frozenset())


def test_styles_rank_from_underlines_to_titles():
    blocks = [["Oil", "==="], ["Oil", "---"], ["1 OIL"], ["1.1 Oil"], ["OIL"], ["Oil"]]
    ranks = [heading.rank for heading, _ in (leading_heading(lines, LAYOUT) for lines in blocks) if heading]
    assert ranks == sorted(set(ranks))
    assert len(ranks) == len(blocks)
    assert ranks[-2:] == [Rank.CAPITALS, Rank.TITLE]


def test_how_many_lines_a_heading_takes():
    assert leading_heading(["Oil level", "=====", "Fill it."], LAYOUT)[1] == 2
    assert leading_heading(["OIL LEVEL", "Fill it."], LAYOUT)[1] == 1
    assert leading_heading(["Oil level and", "oil filter"], LAYOUT)[1] == 2
    assert leading_heading(["Fill it.", "Wait."], LAYOUT)[0] is None


def test_an_underline_needs_a_title_above():
    assert underlined_heading(["====="]) == (None, 0)
    assert underlined_heading(["=====", "-----"]) == (None, 0)
    assert underlined_heading(["Fill it.", "====="]) == (None, 0)
    assert underlined_heading(["=====", "Oil", "-----"]) == (None, 0)
    heading, used = underlined_heading(["2.1 Oil", "-------"])
    assert (heading.text, used) == ("Oil", 2)


def test_a_block_of_numbered_titles():
    assert is_contents_block(["1.1 Oil", "1.2 Fuses"])
    assert not is_contents_block(["1 OIL", "1.1 Level"])
    assert not is_contents_block(["1.1 Oil", "1.2 Fuses", "Fill it."])
    assert not is_contents_block(["1.1 Oil"])
