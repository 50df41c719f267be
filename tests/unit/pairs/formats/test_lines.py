import pytest

from embedtune.errors import FormatError
from embedtune.pairs.formats.lines import read_json_lines


def take_number(row):
    if not isinstance(row.get("n"), int):
        raise FormatError("`n` is missing.", "Give `n`.")
    return row["n"]


@pytest.fixture
def written(tmp_path):
    def write(data):
        path = tmp_path / "rows.jsonl"
        path.write_bytes(data)
        return path

    return write


def test_blank_lines_byte_order_mark_and_windows_line_ends(written):
    read = read_json_lines(written(b'\xef\xbb\xbf{"n": 1}\r\n\r\n  \n{"n": 2}'), take_number)
    assert read.items == (1, 2)
    assert read.numbers == (1, 4)
    assert read.skipped == ()


def test_an_empty_file_holds_nothing(written):
    assert read_json_lines(written(b""), take_number).items == ()


def test_unicode_line_separators_stay_inside_a_text(written):
    path = written('{"t": "a\u2028b\u0085c"}\n'.encode())
    assert read_json_lines(path, lambda row: row["t"]).items == ("a\u2028b\u0085c",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"n": 1,}', r"Not valid JSON: .*column"),
        (b'{"n": 1} {"n": 2}', r"Not valid JSON: Extra data \(column 10\)"),
        (b"[1]", r"Not a JSON object"),
        (b'{"m": 1}', r"`n` is missing"),
        (b'{"n": "\xe9"}', r"Not UTF-8: byte 0xe9"),
        (b'{"n": 1, "n": 2}', r"Not valid JSON: the field `n` is given twice\."),
    ],
)
def test_a_bad_line_is_reported_or_skipped(written, line, reason):
    path = written(b'{"n": 1}\n\n' + line + b'\n{"n": 3}\n')
    with pytest.raises(FormatError, match=rf"rows\.jsonl, line 3: {reason}.*The text there: ") as caught:
        read_json_lines(path, take_number)
    assert caught.value.remedy
    read = read_json_lines(path, take_number, skip_bad_lines=True)
    assert read.items == (1, 3)
    assert read.numbers == (1, 4)
    assert [bad.line for bad in read.skipped] == [3]


def test_the_excerpt_shows_the_place_of_the_fault(written):
    path = written(b'{"a": "' + b"x" * 500 + b'", "b" 1, "c": "' + b"y" * 500 + b'"}\n{"n": 1}\n')
    (bad,) = read_json_lines(path, take_number, skip_bad_lines=True).skipped
    assert '"b" 1' in bad.excerpt
    assert len(bad.excerpt) <= 102


def test_skipping_everything_is_an_error(written):
    with pytest.raises(FormatError, match=r"none of its 2 lines can be used\. Line 1: Not valid JSON"):
        read_json_lines(written(b"<html>\n</html>\n"), take_number, skip_bad_lines=True)


def test_utf_16_is_named(written):
    with pytest.raises(FormatError, match="UTF-16"):
        read_json_lines(written('{"n": 1}\n'.encode("utf-16")), take_number, skip_bad_lines=True)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        read_json_lines(tmp_path / "none.jsonl", take_number)
    with pytest.raises(FormatError, match="cannot be read"):
        read_json_lines(tmp_path, take_number)


def test_lines_are_parsed_as_they_are_read(written):
    path = written(b'{"n": 1}\n{"n": 2}\n{"n": 3}\nbroken\n')
    seen = []
    with pytest.raises(FormatError, match="line 4"):
        read_json_lines(path, lambda row: seen.append(row["n"]))
    assert seen == [1, 2, 3]
