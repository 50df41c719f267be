"""The text of an HTML file, by the encoding that its bytes or its author name."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import TYPE_CHECKING

from embedtune.corpus.readers.decoding import read_text
from embedtune.corpus.readers.file_bytes import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 64 * 1024 * 1024
_HEAD = 4096
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""", re.IGNORECASE)
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_PAGE = ("utf", "idna", "punycode", "raw-unicode", "unicode")
# What browsers take these names for (WHATWG Encoding Standard, section 4.2).
_AS_BROWSERS = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}


def read_page(path: Path) -> str:
    """Return the text of an HTML file, in Unicode form C and with newlines as line ends.

    A byte-order mark decides, then UTF-8 where the bytes are valid UTF-8 beyond ASCII, then the
    encoding that the page declares, then the likeliest (see `read_text`).

    Raises:
        DocumentError: The file is missing, binary, in no encoding that can be told, or larger than 64 MiB.
    """
    data = read_bytes(path, _MAX_BYTES)
    encoding = "" if data.startswith(_BOMS) or b"\0" in data else _declared_in(data)
    if encoding and (data.isascii() or not _is_utf8(data)):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            return read_text(path)
        return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return read_text(path)


def _declared_in(data: bytes) -> str:
    """Return the codec of the encoding that a page declares, empty if it declares none that can be used."""
    match = _DECLARED.search(data[:_HEAD])
    if not match:
        return ""
    try:
        name = codecs.lookup(match.group(1).decode("ascii")).name
        "".encode(name)
    except (LookupError, ValueError):
        return ""
    return "" if name.startswith(_NO_PAGE) else _AS_BROWSERS.get(name, name)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
