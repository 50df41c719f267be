from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers.text import TextReader, blocks_of


def texts_of(text):
    return [block.text for block in blocks_of(text)]


def test_a_block_is_a_run_of_lines_and_knows_its_line():
    blocks = blocks_of("\nOne\ntwo\n\n\nThree\n")
    assert [(block.text, block.line) for block in blocks] == [("One\ntwo", 2), ("Three", 6)]
    assert all(block.heading_level is None for block in blocks)


def test_a_paragraph_goes_on_across_a_page():
    text = "The cartridge throws\n\n- 12 -\n\nits thread when\npressure is left.\n\nNext."
    assert texts_of(text) == ["The cartridge throws\nits thread when\npressure is left.", "Next."]


def test_a_paragraph_that_ends_openly_goes_on_in_upper_case():
    assert texts_of("Put it in the\n\n- 12 -\n\nService Menu and wait.") == ["Put it in the\nService Menu and wait."]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("Done.", "and more"),
        ("Select the", "Removing the Pump"),
        ("Then press", "Settings"),
        ("the following", "1. open"),
    ],
)
def test_a_paragraph_ends_at_a_page(above, below):
    assert texts_of(f"{above}\n\n- 12 -\n\n{below}") == [above, below]


LINES = st.sampled_from(
    [
        "",
        "",
        "Drain the tank.",
        "- 7 -",
        "Page 9",
        "Removing the pump",
        "and close it",
        "12",
        "WARNING: hot",
        "3. Open",
        "\f",
    ]
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=40))
def test_no_line_but_page_furniture_is_lost(lines):
    written = Counter(line for line in lines if line not in {"", "\f", "- 7 -", "Page 9"})
    kept = Counter(line for block in texts_of("\n".join(lines)) for line in block.split("\n"))
    assert kept - written == Counter()
    # A line that recurs beside page numbers alone is a running header, and cannot be told from one.
    assert all(written[line] >= 3 for line in written - kept)


@settings(deadline=None)
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
