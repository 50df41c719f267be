import json

import pytest

from embedtune.errors import FormatError
from embedtune.pairs.formats.strict_json import excerpt, parse_json, read_strict_json


def test_plain_json_is_parsed_as_usual():
    assert parse_json('{"a": [1, 2.5, null, true, "\\u00e9\\ud83d\\ude00"]}') == {"a": [1, 2.5, None, True, "é😀"]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "`a` is given twice"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ('{"a": 1e999}', "1e999 is too large"),
        ('{"a": "\\ud83d"}', "surrogate"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "digit"),
        ('{"a": 1', "Expecting"),
    ],
)
def test_what_cannot_be_written_back_is_refused(text, reason):
    with pytest.raises(json.JSONDecodeError, match=reason):
        parse_json(text)


def test_a_file_error_names_line_column_and_the_text_there(tmp_path):
    path = tmp_path / "suite.json"
    path.write_text('[\n {"query": "a"},\n {"query" "b"}\n]')
    with pytest.raises(FormatError, match=r'suite\.json, line 3, column 11: .*The text there: .*"query" "b"'):
        read_strict_json(path)


def test_a_byte_order_mark_is_accepted(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf[1]")
    assert read_strict_json(path) == [1]


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        read_strict_json(tmp_path / "no.json")
    with pytest.raises(FormatError, match="cannot be read"):
        read_strict_json(tmp_path)
    path = tmp_path / "latin.json"
    path.write_bytes(b'["caf\xe9"]')
    with pytest.raises(FormatError, match=r"not UTF-8: byte 0xe9 at byte 5"):
        read_strict_json(path)


def test_excerpt_is_cut_on_both_sides_and_safe_to_print():
    text = "x" * 200 + "\x1b[31mHERE\n" + "y" * 200
    shown = excerpt(text, 205)
    assert "HERE" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= 102
    assert shown.isprintable()
    assert excerpt("short", 99) == "short"
    assert excerpt("") == ""
