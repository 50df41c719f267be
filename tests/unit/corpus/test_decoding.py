from __future__ import annotations

import codecs

import pytest

from embedtune.corpus.readers.decoding import mojibake_in, read_text
from embedtune.errors import DocumentError

TEXT = "Prüfdruck 5 bar ±2 °C\nØ 12 mm, ½ turn\n"


def written(tmp_path, data):
    path = tmp_path / "manual.txt"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        TEXT.encode("latin-1"),
        TEXT.encode("cp1252"),
    ],
    ids=["utf-8", "utf-8-bom", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"],
)
def test_every_encoding_gives_the_same_text(tmp_path, data):
    assert read_text(written(tmp_path, data)) == TEXT


@pytest.mark.parametrize("text", ["Ø 12 mm", "Señal débil del motor", "½ turn", "Fluid 80 °C", "naïve café"])
def test_few_accents_are_read_as_western(tmp_path, text):
    assert read_text(written(tmp_path, text.encode("latin-1"))) == text


def test_windows_quotes_and_dashes(tmp_path):
    text = "Set the lever to \u201cslow\u201d \u2013 never \u201cfast\u201d"
    assert read_text(written(tmp_path, text.encode("cp1252"))) == text


def test_cyrillic_is_not_read_as_western(tmp_path):
    pytest.importorskip("charset_normalizer")
    text = "Проверьте уровень масла в двигателе и замените фильтр. Затем слейте старое масло."
    assert read_text(written(tmp_path, text.encode("cp1251"))) == text


def test_line_ends_become_newlines(tmp_path):
    assert read_text(written(tmp_path, b"one\r\ntwo\rthree\n")) == "one\ntwo\nthree\n"


def test_decomposed_accents_are_composed(tmp_path):
    assert read_text(written(tmp_path, "O\u0308lstand".encode())) == "Ölstand"


def test_an_empty_file_is_an_empty_text(tmp_path):
    assert read_text(written(tmp_path, b"")) == ""


@pytest.mark.parametrize(
    "data",
    [b"PK\x03\x04\x00\x00text", b"oil level" + b" ok" * 40_000 + b"\x00", bytes(range(1, 32)) * 10],
    ids=["archive", "late-nul", "control-bytes"],
)
def test_binary_data_is_refused(tmp_path, data):
    path = written(tmp_path, data)
    with pytest.raises(DocumentError, match="not a text file") as caught:
        read_text(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy


def test_a_false_byte_order_mark_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="begins as utf-8-sig"):
        read_text(written(tmp_path, codecs.BOM_UTF8 + b"\xff\xff"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DocumentError, match="No such file"):
        read_text(tmp_path / "absent.txt")
    with pytest.raises(DocumentError, match="cannot be read"):
        read_text(tmp_path)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as stream:
        stream.truncate(64 * 1024 * 1024 + 1)
    with pytest.raises(DocumentError, match="larger than 64 MiB"):
        read_text(path)


@pytest.mark.parametrize("text", ["Prüfdruck", "80 °C", "it\u2019s \u2013 \u201cso\u201d", "½ turn"])
def test_mojibake_is_seen(text):
    assert mojibake_in(text) == ""
    assert mojibake_in(text.encode().decode("cp1252", "replace"))


def test_a_replacement_character_is_mojibake():
    assert mojibake_in("oil\ufffdlevel") == "\ufffd"
