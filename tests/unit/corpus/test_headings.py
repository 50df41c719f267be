from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.headings import mark_headings
from embedtune.corpus.readers.text import blocks_of
from embedtune.vocabulary.corpus import TextBlock

BODY = "The reservoir is drained weekly."
LONG = "The truck has four reservoirs: the wet tank behind the cab, one for each circuit\nand the auxiliary tank."


def found(text):
    return [(block.text, block.heading_level) for block in mark_headings(blocks_of(text)) if block.heading_level]


def titles(text):
    return [title for title, _ in found(text)]


def test_underlined_headings():
    text = f"Brakes\n======\n\nPads\n----\n{BODY}\n\nDiscs\n-----\n{BODY}\n\nTyres\n=====\n\n{BODY}"
    assert found(text) == [("Brakes", 1), ("Pads", 2), ("Discs", 2), ("Tyres", 1)]


def test_an_overlined_heading_is_the_highest():
    text = f"=====\nRadar\n=====\n\nGain\n====\n{BODY}\n\nStep by step\n~~~~~~~~~~~~\n{BODY}"
    assert found(text) == [("Radar", 1), ("Gain", 2), ("Step by step", 3)]


def test_an_underlined_heading_within_a_block():
    blocks = mark_headings(blocks_of(f"{BODY}\nGain\n----\n{BODY}"))
    assert [(b.text, b.line, b.heading_level) for b in blocks] == [(BODY, 1, None), ("Gain", 2, 1), (BODY, 4, None)]


def test_an_underlined_heading_may_end_in_any_word():
    assert titles(f"What It Should Be\n-----\n\n{BODY}\n\nModels (old\n-----\n\n{BODY}") == [
        "What It Should Be",
        "Models (old",
    ]


def test_a_document_title_above_an_overlined_heading():
    assert found(f"Truck manual\n\n===\nOil\n===\n\n{BODY}") == [("Truck manual", 1), ("Oil", 2)]


def test_a_rule_under_a_table_row_is_no_underline():
    assert titles(f"Item   Value\n------------\nOil    4 l\n\n{BODY}\n------") == []


def test_numbered_headings_have_the_depth_of_their_number():
    text = f"1 GENERAL\n\n1.1 Data\n\n{BODY}\n\n1.1.1 Mass of the Truck\n{BODY}\n\n2 BRAKES\n2.1 Bleeding\n\n{BODY}"
    assert found(text) == [("GENERAL", 1), ("Data", 2), ("Mass of the Truck", 3), ("BRAKES", 1), ("Bleeding", 2)]


def test_a_chapter_number_with_a_point_counts_where_it_has_sections():
    assert titles(f"2. Maintenance\n\n2.1 Oil\n\n{BODY}") == ["Maintenance", "Oil"]
    assert titles(f"2. Maintenance\n\n{BODY}") == []


def test_worded_numbers():
    assert found(f"Chapter 2: Brakes\n\n{BODY}\n\nAppendix B\n\n{BODY}") == [("Brakes", 1), ("Appendix B", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "1. Remove the undertray.\n2. Fit the plug.",
        "1.1 Remove the cap\n1.2 Fit the plug\n1.3 Close",
        "1.5 bar at idle",
        "3 Bolts M8 | 10 Nm",
    ],
    ids=["steps", "numbered steps", "quantity", "table row"],
)
def test_numbers_that_make_no_heading(text):
    assert titles(f"{BODY}\n\n{text}\n\n{BODY}") == []


def test_a_quantity_in_capitals_keeps_its_number():
    assert titles(f"24 V SUPPLY\n\n{BODY}\n\nA LAST CHECK\n\n{BODY}") == ["24 V SUPPLY", "A LAST CHECK"]


def test_capitals_may_share_a_block_with_their_text():
    assert titles(f"OIL LEVEL\n{BODY}\n\nFUSES (CABIN)\n\n{BODY}") == ["OIL LEVEL", "FUSES (CABIN)"]


def test_a_title_stands_alone():
    assert titles(f"Oil level\n\n{BODY}\n\nOil filter\n{BODY}") == ["Oil level"]


@pytest.mark.parametrize(
    "line",
    [
        "The lamp is out.",
        "lamp test",
        "- Lamp test",
        "(ARC)",
        "Lamp,",
        "Do the following:",
        "Using the following keys:",
        "Oil | 4 l",
        "Oil     4 l",
        "WARNING: HOT SURFACE",
        "NOTE",
        "Note: hot",
        "12 34",
        "See https://example.org/a",
        "config set x=1",
        "For the sizes supported, refer to the table (Supported",
        "Consider the",
        "A " + "very " * 16 + "long line",
    ],
)
def test_lines_that_are_no_titles(line):
    assert titles(f"{BODY}\n\n{line}\n\n{BODY}") == []


@pytest.mark.parametrize(
    "line", ["Warning lights", "Important safety information", "Why is it hot?", "Drag and drop", "Linkbus+ (AUX-CTL)"]
)
def test_lines_that_are_titles(line):
    assert titles(f"{BODY}\n\n{line}\n\n{BODY}") == [line]


def test_a_task_may_end_with_a_colon():
    assert titles(f"Using the instant recording from the guide:\n\n{BODY}") == [
        "Using the instant recording from the guide:"
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "Connecting with a component cable (Only for models with\nTX IN)",
            "Connecting with a component cable (Only for models with TX IN)",
        ),
        ("Replacing the pump and\nits coupling", "Replacing the pump and its coupling"),
        (
            "Removing the rear axle differential lock with the bogie lifted from\nthe frame",
            "Removing the rear axle differential lock with the bogie lifted from the frame",
        ),
        ("2.3 Replacing the pump and\nits coupling", "Replacing the pump and its coupling"),
        ("REPLACING THE PUMP AND\nITS COUPLING", "REPLACING THE PUMP AND ITS COUPLING"),
    ],
    ids=["parenthesis", "and", "width", "numbered", "capitals"],
)
def test_a_title_on_two_lines(text, title):
    assert titles(f"{LONG}\n\n{text}\n\n{BODY}") == [title]


def test_a_title_near_full_width_on_two_lines():
    first = "Removing the rear axle differential lock with the bogie lifted off frames"
    assert titles(f"{LONG}\n\n{first}\nStep two models\n\n{BODY}") == [f"{first} Step two models"]


@pytest.mark.parametrize(
    "text", ["Advanced SubStation\nFile .ass", "Press the key and\nwait.", "Press the\n- key", "Open (the\nlid\nnow)"]
)
def test_two_lines_that_are_no_title(text):
    assert titles(f"{LONG}\n\n{text}\n\n{BODY}") == []


def test_a_title_that_a_blank_line_cut_in_its_parenthesis():
    blocks = mark_headings(blocks_of(f"Cable (only with RGB PORT IN /\n\nTX IN)\n{BODY}"))
    assert [(b.text, b.line, b.heading_level) for b in blocks] == [
        ("Cable (only with RGB PORT IN / TX IN)", 1, 1),
        (BODY, 4, None),
    ]


def test_a_title_that_a_blank_line_cut_after_or():
    assert titles(f"Buttons while recording or\n\nTimeshift\n{BODY}") == ["Buttons while recording or Timeshift"]
    assert titles(f"{BODY}\n\nButtons while recording or\n\nTimeshift\n\n{BODY}") == ["Timeshift"]


@pytest.mark.parametrize(
    "contents",
    ["Device layout\nAssemble your device\nStart", "1.1 General\n1.2 Safety\n2.1 Tools", "GENERAL\nSAFETY\nTOOLS"],
)
def test_a_block_of_titles_is_a_list(contents):
    assert titles(f"Getting started\n\n{contents}\n\nDevice layout\n\n{BODY}") == ["Getting started", "Device layout"]


def test_titles_in_a_row_are_the_text_of_the_first():
    text = f"Contents\n\nOil level\n\nFuse box\n\nLamps\n\nOil level\n\n{BODY}"
    assert titles(text) == ["Contents", "Oil level"]
    assert len(mark_headings(blocks_of(text))) == 6


def test_two_titles_without_text_before_one_with_text_stay():
    assert titles(f"{BODY}\n\nHDMI cable\n\nOptical cable\n\nWireless\n\n{BODY}") == [
        "HDMI cable",
        "Optical cable",
        "Wireless",
    ]


def test_numbered_contents_are_a_list_where_the_titles_come_again():
    text = f"1 GENERAL\n\n1.1 Data\n\n2 BRAKES\n\n1 GENERAL\n\n1.1 Data\n\n{BODY}\n\n2 BRAKES\n\n{BODY}"
    assert titles(text) == ["GENERAL", "Data", "BRAKES"]


def test_capitals_right_below_a_title_are_a_label():
    text = f"Video\n\n{BODY}\n\nHDMI cable\n\nHDMI IN\n\nAntenna\n\n{BODY}"
    assert found(text) == [("Video", 1), ("HDMI cable", 1), ("Antenna", 1)]


def test_the_first_title_above_chapters_is_the_title_of_the_document():
    text = f"Truck manual\n\nOIL\n\n{BODY}\n\nPump\n\n{BODY}\n\nFUSES\n\n{BODY}"
    assert found(text) == [("Truck manual", 1), ("OIL", 2), ("Pump", 3), ("FUSES", 2)]


def test_capitals_among_many_titles_are_titles():
    text = "\n\n".join(f"{title}\n\n{BODY}" for title in ("Video", "Audio", "Sound", "VESA DMT", "Picture"))
    assert {level for _, level in found(text)} == {1}


def test_capitals_above_numbered_sections_are_chapters():
    text = f"SAFETY\n\n1.1 Tools\n\n{BODY}\n\nCARE\n\n2.1 Oil\n\n{BODY}"
    assert found(text) == [("SAFETY", 1), ("Tools", 2), ("CARE", 1), ("Oil", 2)]


def test_no_blocks_no_headings():
    assert mark_headings([]) == []


def test_many_headings_in_one_block():
    text = "\n".join(f"1.{number} Title\n1.{number}.1 Deeper" for number in range(1, 900)) + f"\n{BODY}"
    started = time.perf_counter()
    mark_headings(blocks_of(text))
    assert time.perf_counter() - started < 5


PIECES = st.sampled_from(
    [
        "",
        "",
        "Oil level",
        "OIL",
        "1 General",
        "1.1 Data",
        "====",
        "----",
        BODY,
        "and more",
        "Cable (only",
        "TX IN)",
        "or",
        "Pumps and",
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_marking_keeps_every_word_and_the_order_of_lines(pieces):
    blocks = blocks_of("\n".join(pieces))
    marked = mark_headings(blocks)
    before = [word for block in blocks for word in block.text.split() if word.isalpha() and word != "or"]
    after = [word for block in marked for word in block.text.split() if word.isalpha() and word != "or"]
    assert after == before
    lines = [block.line for block in marked]
    assert lines == sorted(lines)
    levels = {block.heading_level for block in marked if block.heading_level}
    assert levels == set(range(1, len(levels) + 1))


def test_code_is_never_a_heading():
    code = TextBlock("MAKE ALL", 3, preformatted=True)
    blocks = [TextBlock("Text is here.", 1), code, TextBlock("More text.", 5)]
    assert code in mark_headings(blocks)
