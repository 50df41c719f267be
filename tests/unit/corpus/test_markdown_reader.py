from __future__ import annotations

import time

import pytest

from embedtune.corpus.readers.markdown import MarkdownReader
from embedtune.errors import DocumentError


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "page.md"
        path.write_text(text, encoding="utf-8")
        return MarkdownReader().read(path)

    return read


@pytest.fixture
def rows(read):
    return lambda text: [(block.text, block.heading_level) for block in read(text)]


def test_headings_keep_their_levels_and_lines(read):
    blocks = read("# Brakes\n\nBleed.\n\nPads\n----\n\n### Front\n")
    assert [(b.text, b.heading_level, b.line) for b in blocks] == [
        ("Brakes", 1, 1),
        ("Bleed.", None, 3),
        ("Pads", 2, 5),
        ("Front", 3, 8),
    ]


def test_a_hash_in_code_is_no_heading(rows):
    assert rows("```\n# not a heading\n\ngcc\n```\n") == [("# not a heading\n\ngcc", None)]


def test_code_alone_is_preformatted_and_keeps_its_indentation(read):
    blocks = read("Run\nthis:\n\n```\n  a,\n    b\n```\n\n- \n  ```\n  c\n  ```\n\nText\n\n    d\n      e\n")
    assert [(block.text, block.preformatted) for block in blocks] == [
        ("Run\nthis:", False),
        ("  a,\n    b", True),
        ("- c", True),
        ("Text", False),
        ("d\n  e", True),
    ]


def test_inline_marks_fall_away(rows):
    text = "Open **Vehicle > Tyres** and [hold `OK`](http://x) for *3* s ![lamp](a.png) &amp; wait{.note}\n"
    assert rows(text) == [("Open Vehicle > Tyres and hold OK for 3 s lamp & wait", None)]


def test_lists_keep_their_marks_and_numbers(rows):
    text = "3. Open\n4. Close\n   - left\n   - right\n\n0. zero\n\n- \n\nAfter.\n"
    assert [text for text, _ in rows(text)] == ["3. Open", "4. Close", "- left", "- right", "5. zero", "After."]


def test_a_list_that_starts_at_zero(rows):
    assert [text for text, _ in rows("0. Park\n1. Open\n")] == ["0. Park", "1. Open"]


def test_tables_are_rows(rows):
    text = "| Item | Value |\n|---|---|\n| Rated<br>output | 243 kW |\n| Idle | |\n| | |\n\nAfter.\n"
    assert [text for text, _ in rows(text)] == ["Item | Value", "Rated output | 243 kW", "Idle |", "After."]


def test_text_after_a_table_and_in_quotes_is_no_row(rows):
    assert [text for text, _ in rows("| a |\n|---|\n| b |\n\n> quoted\n\n## Next\n")] == ["a", "b", "quoted", "Next"]


def test_html_is_text_without_tags_scripts_and_comments(rows):
    text = "<div>Oil&nbsp;level</div>\n\n<script>\nlet x = 1\n</script>\n\n<!-- draft -->\n\nH<sub>2</sub>O<br>here\n"
    assert [text for text, _ in rows(text)] == ["Oil level", "H2O\nhere"]


def test_a_heading_in_a_list_has_no_mark(rows):
    assert rows("- # Pump\n") == [("Pump", 1)]


@pytest.mark.parametrize("end", ["---", "..."])
def test_front_matter_is_left_out_and_its_title_kept(read, end):
    blocks = read(f"---\ntitle: Radio set\ntags: [a]\n{end}\n\nText.\n\n## Gain\n")
    assert [(b.text, b.heading_level, b.line) for b in blocks] == [
        ("Radio set", 1, 1),
        ("Text.", None, 6),
        ("Gain", 2, 8),
    ]


def test_a_title_of_the_page_wins_over_front_matter(rows):
    assert rows("---\ntitle: A\n---\n# B\n") == [("B", 1)]


@pytest.mark.parametrize("matter", ["a: [", "- x", "title:", ""])
def test_odd_front_matter_is_survived(rows, matter):
    assert ("Text.", None) in rows(f"---\n{matter}\n---\n\nText.\n")


def test_a_long_page_is_read_in_linear_time(read):
    text = "| a | b |\n|---|---|\n" + "| x | y |\n" * 6000
    started = time.perf_counter()
    assert len(read(text)) == 6001
    assert time.perf_counter() - started < 10


def test_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "page.md"
    path.write_bytes(b"\x00\x01\x02")
    with pytest.raises(DocumentError, match="not a text file"):
        MarkdownReader().read(path)


def test_an_empty_page_has_no_blocks(read):
    assert read("") == ()
    assert read("\n\n---\n") == ()
