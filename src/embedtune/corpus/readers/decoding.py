"""Bytes of an unknown encoding as text, or a clear refusal."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import TYPE_CHECKING

from embedtune.corpus.readers.file_bytes import read_bytes
from embedtune.errors import DocumentError

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 64 * 1024 * 1024
_SAMPLE = 65536
_MAX_CONTROL_SHARE = 0.02
_CONTROL = bytes(sorted(set(range(32)) - set(b"\t\n\r\f\v\x1b\b")))
_CODE_PAGES = ("cp1252", "latin_1", "cp1250", "cp1251", "mac_roman")
_NOT_WESTERN = re.compile(
    r"[^\W\d_a-zA-Z]{3}|[a-zA-Z][\xa1-\xa9\xab-\xb1\xb4-\xb8\xbb-\xbf\xd7\xf7][a-zA-Z]|[a-z][¹²³][a-z]"
)
# What the bytes 0x80 to 0xBF stand for in Latin-1 and in Windows-1252.
_CONTINUATION = "\x80-\xbf" + "".join(map(chr, range(0x80, 0xC0))).encode("latin-1").decode("cp1252", "ignore")
_MOJIBAKE = re.compile(rf"[ÃÐÑÎÅ][{_CONTINUATION}]|Â[\u00a0-\u00bf]|â[€\u201a„][{_CONTINUATION}]|\ufffd")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    """Read a text file: UTF-8, any encoding with a byte-order mark, or the most likely legacy one.

    Line ends become newlines, and text is in Unicode form C, so that one manual saved on two
    systems has one digest.

    Raises:
        DocumentError: The file is missing, binary, in no encoding that can be told, or larger than 64 MiB.
    """
    text = _decode(read_bytes(path, _MAX_BYTES), path)
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decode(data: bytes, path: Path) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _checked(data, encoding, path)
    if _looks_binary(data):
        raise DocumentError(
            f"{path} is not a text file (it holds control bytes).", "Convert it to text, or move it out of the corpus."
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(data, path)


def _checked(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path} begins as {encoding} but is not: {error.reason}.", "Save it as UTF-8.") from error


def _looks_binary(data: bytes) -> bool:
    if b"\0" in data:
        return True
    sample = data[:_SAMPLE]
    control = len(sample) - len(sample.translate(None, _CONTROL))
    return control > _MAX_CONTROL_SHARE * max(1, len(sample))


def _guess(data: bytes, path: Path) -> str:
    """Decode legacy bytes: as Western text where they read well so, as the likeliest other code page else.

    Statistics alone will not do: they take a few umlauts or degree signs for another alphabet.
    """
    western = _as_western(data)
    if western is not None:
        return western
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=list(_CODE_PAGES)).best()
    if best is None:
        raise DocumentError(f"{path} is in no encoding that can be recognised.", "Save it as UTF-8.")
    return str(best)


def _as_western(data: bytes) -> str | None:
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if _NOT_WESTERN.search(text) else text


def mojibake_in(text: str) -> str:
    """Return the first place where a text shows UTF-8 that was once read as Latin-1, such as ``Ã¼``; else empty."""
    match = _MOJIBAKE.search(text)
    return match.group(0) if match else ""
