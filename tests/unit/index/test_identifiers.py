from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.index.identifiers import Identifier, identifiers, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Press the OK button.", ["press", "the", "ok", "button"]),
        ("10W-30", ["10w-30", "10w", "30", "10w30"]),
        ("10w30", ["10w30"]),
        ("3/8-16 UNC", ["3/8-16", "3", "8", "16", "3816", "unc"]),
        ("12.5 mm", ["12.5", "mm"]),
        ("code P0420,", ["code", "p0420"]),
        ("TM-9-803", ["tm-9-803", "tm", "9", "803", "tm9803"]),
        ("AN/PRC-77", ["an/prc-77", "an", "prc", "77", "anprc77"]),
        ("M8x1.25", ["m8x1.25"]),
        ("12.5V or 12V", ["12.5v", "12.5", "v", "or", "12v", "12", "v"]),
        ("firmware v2.4.1.", ["firmware", "v2.4.1"]),
        ("Wi-Fi", ["wi", "fi", "wifi"]),
        ("and/or", ["and", "or", "andor"]),
        ("AUTO_MODE_2", ["auto_mode_2", "auto", "mode", "2", "automode2"]),
        ("a 5", ["a", "5"]),
        ("1,200 rpm or 1200 rpm", ["1200", "rpm", "or", "1200", "rpm"]),
        ("pins 1,2,3", ["pins", "1", "2", "3"]),
        ("1,2345", ["1", "2345"]),
        ("10\u201130 and 10\u201330", ["10-30", "10", "30", "1030", "and", "10-30", "10", "30", "1030"]),
        ("it stops\u2014then starts", ["it", "stops", "then", "starts"]),
        ("3\u00bd in", ["3", "1/2", "1", "2", "12", "in"]),
        ("\ufb01lter", ["filter"]),
        ("Stra\u00dfe \u00dcBER", ["stra\u00dfe", "\u00fcber"]),
        ("the end.Then", ["the", "end", "then"]),
        ("- / -- 7- .", ["7"]),
        ("", []),
    ],
)
def test_tokens(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("10w30 oil", "SAE 10W-30"),
        ("10W-30", "10W30"),
        ("10w 30", "10W-30"),
        ("TM 9-803", "TM-9-803"),
        ("anprc77", "AN/PRC-77"),
        ("wifi", "Wi-Fi"),
        ("wi-fi", "WiFi"),
        ("16", "3/8-16"),
        ("12.5V", "12.5 V"),
        ("12.5 V", "12.5V"),
        ("3816", "3/8-16"),
        ("P-0420", "P0420"),
    ],
)
def test_each_way_of_writing_an_identifier_meets_the_others(question, document):
    assert set(tokens(question)) & set(tokens(document))


def test_a_decimal_number_does_not_meet_its_digits():
    assert not set(tokens("12.5")) & set(tokens("125 12 5"))


@given(st.text())
def test_tokens_are_lower_case_and_never_empty(text):
    for token in tokens(text):
        assert token
        assert token == token.lower()
        assert not any(character.isspace() for character in token)


@given(st.text(alphabet="aZ9-/_., \n\u2013"))
def test_case_and_surrounding_space_do_not_matter(text):
    assert tokens(text) == tokens(f"  {text.upper()}\n")


def test_words_are_stemmed_and_part_numbers_are_not():
    assert tokens("brakes leaking P0420s 10W-30s", stemming=True) == ["brak", "leak", "p0420s", *tokens("10W-30s")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code P0420,", [Identifier("p0420", "p0420")]),
        ("TM-9-803 or tm9803", [Identifier("tm-9-803", "tm9803"), Identifier("tm9803", "tm9803")]),
        ("10W-30", [Identifier("10w-30", "10w30")]),
        ("3/8-16", [Identifier("3/8-16", "3816")]),
        ("AN/PRC-77", [Identifier("an/prc-77", "anprc77")]),
        ("12.5 V, 12.5V, 1200 rpm, 4K, and/or, 2.4.1", []),
    ],
)
def test_identifiers(text, expected):
    assert identifiers(text) == expected
