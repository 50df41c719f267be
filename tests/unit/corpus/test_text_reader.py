from __future__ import annotations

from collections import Counter

import pytest
from embedtune.corpus.readers.text import TextReader, blocks_of
from hypothesis import given
from hypothesis import strategies as st

PARAGRAPH = "\n".join(f"The reservoir number {word} is drained weekly." for word in "one two three four five six".split())


def texts_of(text):
    return [block.text for block in blocks_of(text)]


def test_a_block_is_a_run_of_lines_and_knows_its_line():
    blocks = blocks_of("\nOne\ntwo\n\n\nThree\n")
    assert [(block.text, block.line) for block in blocks] == [("One\ntwo", 2), ("Three", 6)]
    assert all(block.heading_level is None for block in blocks)


def test_a_form_feed_does_not_shift_the_line_numbers():
    blocks = blocks_of("One.\n\n\fTwo.\n\nThree.")
    assert [(block.text, block.line) for block in blocks] == [("One.", 1), ("Two.", 3), ("Three.", 5)]


@pytest.mark.parametrize(
    "line",
    ["- 7 -", "\u2013 12 \u2013", "Page 7", "PAGE 7 of 90", "page 3-12", "[Page 7/90]", "Page | 7", "7 | Page", "- iv -"],
)
def test_page_number_lines_are_dropped(line):
    assert texts_of(f"Drain the tank.\n\n{line}\n\nClose the valve.") == ["Drain the tank.", "Close the valve."]


@pytest.mark.parametrize("line", ["Page through the menu", "- 7 bar -", "Step 7", "7 bar", "- 12345 -", "Page up"])
def test_lines_like_page_numbers_stay(line):
    assert texts_of(f"Drain the tank.\n\n{line}") == ["Drain the tank.", line]


def test_bare_numbers_that_count_up_page_by_page_are_dropped():
    text = "\n\n".join(f"{PARAGRAPH}\n\n{page}" for page in (7, 8, 9))
    assert texts_of(text) == [PARAGRAPH] * 3


def test_bare_numbers_close_together_stay():
    text = "1\n\nPower key\n\n2\n\nVolume key\n\n3\n\nMicrophone"
    assert texts_of(text) == ["1", "Power key", "2", "Volume key", "3", "Microphone"]


def test_bare_numbers_that_do_not_count_up_stay():
    text = "\n\n".join(f"{PARAGRAPH}\n\n{value}" for value in (40, 12, 33))
    assert texts_of(text).count(PARAGRAPH) == 3
    assert "12" in texts_of(text)


def test_running_headers_and_footers_are_dropped():
    pages = [f"Hartmark HK-86\nBrake manual\n\n{PARAGRAPH}\n\nIssue 4\n- {page} -\n" for page in range(1, 5)]
    assert texts_of("\n".join(pages)) == ["Hartmark HK-86\nBrake manual", *[PARAGRAPH] * 4]


def test_a_running_header_with_the_page_number_is_dropped_by_form_feeds():
    pages = [f"Brake manual {page}\n\n{PARAGRAPH}\n" for page in range(1, 8)]
    assert texts_of("\f".join(pages)) == ["Brake manual 1", *[PARAGRAPH] * 7]


def test_two_equal_lines_beside_page_numbers_are_not_enough():
    text = "\n".join(f"Removal\n\n{PARAGRAPH}\n\n- {page} -\n" for page in (1, 2))
    assert texts_of(text).count("Removal") == 2


def test_a_line_that_stands_elsewhere_too_is_text():
    page = f"{PARAGRAPH}\nThis may not be supported.\nMore.\n\nThis may not be supported."
    text = "\n\n".join(f"{page}\n- {number} -" for number in range(1, 5))
    assert " ".join(texts_of(text)).count("This may not be supported.") == 8


def test_numbered_chapters_at_page_starts_stay():
    text = "\n".join(f"- {page} -\n\nChapter {page}\n\n{PARAGRAPH}\n" for page in range(1, 8))
    assert [block for block in texts_of(text) if block.startswith("Chapter")] == [f"Chapter {n}" for n in range(1, 8)]


def test_a_paragraph_goes_on_across_a_page():
    text = "The cartridge throws\n\n- 12 -\n\nits thread when\npressure is left.\n\nNext."
    assert texts_of(text) == ["The cartridge throws\nits thread when\npressure is left.", "Next."]


def test_a_paragraph_that_ends_openly_goes_on_in_upper_case():
    assert texts_of("Put it in the\n\n- 12 -\n\nService Menu and wait.") == ["Put it in the\nService Menu and wait."]


@pytest.mark.parametrize(
    ("above", "below"),
    [("Done.", "and more"), ("Select the", "Removing the Pump"), ("Then press", "Settings"), ("the following", "1. open")],
)
def test_a_paragraph_ends_at_a_page(above, below):
    assert texts_of(f"{above}\n\n- 12 -\n\n{below}") == [above, below]


def test_dotted_contents_are_dropped_with_their_heading():
    text = "CONTENTS\n\nDraining ........ 4\nBleeding the brakes . . . . . 12\nFuses\u2026\u2026 12\n\nAir is\ndrained weekly."
    assert texts_of(text) == ["Air is\ndrained weekly."]


def test_a_single_contents_line_is_dropped_where_its_title_comes_again():
    assert texts_of("Bleeding the brakes ........ 12\n\n2.1 Bleeding the brakes\n\nOpen.") == ["2.1 Bleeding the brakes", "Open."]


def test_contents_set_with_wide_space_are_dropped_where_the_titles_come_again():
    contents = "Draining      4\nBleeding     12\nFuses     30"
    body = "Draining\n\nOpen.\n\nBleeding\n\nPump.\n\nFuses\n\nLook."
    assert texts_of(f"{contents}\n\n{body}") == body.split("\n\n")
    assert texts_of(contents) == [contents]


@pytest.mark.parametrize(
    "rows",
    ["Weight ...... 34 kg\nCells ...... 40\nRows ...... 60", "Cells ...... 40\nRows ...... 6\nPlates ...... 90", "Cells ..... 40"],
    ids=["units", "falling", "single"],
)
def test_technical_data_with_dots_stays(rows):
    assert texts_of(rows) == [rows]


LINES = st.sampled_from(
    ["", "", "Drain the tank.", "- 7 -", "Page 9", "Removing the pump", "and close it", "12", "WARNING: hot", "3. Open", "\f"]
)


@given(st.lists(LINES, max_size=40))
def test_no_word_but_page_furniture_is_lost(lines):
    kept = Counter(" ".join(texts_of("\n".join(lines))).split())
    written = Counter(" ".join(line for line in lines if line not in {"- 7 -", "Page 9"}).split())
    lost = written - kept
    assert kept - written == Counter()
    # A line that recurs beside page numbers alone is a running header, and cannot be told from one.
    assert all(lines.count(line) >= 3 for line in lines if set(line.split()) & set(lost))


@given(st.text(alphabet="aB1.-|() \n\f\t", max_size=200))
def test_blocks_are_never_blank_and_come_in_order(text):
    blocks = blocks_of(text)
    assert all(line.strip() for block in blocks for line in block.text.split("\n"))
    numbers = [block.line for block in blocks]
    assert numbers == sorted(numbers)
    assert all(1 <= number <= text.count("\n") + 1 for number in numbers)


def test_the_reader_reads_a_file(tmp_path):
    path = tmp_path / "manual.txt"
    path.write_bytes("Ölstand\r\n\r\nprüfen".encode("latin-1"))
    assert [block.text for block in TextReader().read(path)] == ["Ölstand", "prüfen"]
    assert TextReader().suffixes == {".txt"}
