"""What a text says once a simple encoding is undone: the phrases are looked for there too."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

_BASE64 = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{12,}={0,2}")
_HEX = re.compile(r"(?<!\w)(?:[0-9a-fA-F]{2}){8,}(?!\w)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")
_SPELLED = re.compile(r"(?:(?<!\w)\w[ .\-_*]){5,}\w(?!\w)")
_LEET = str.maketrans("0134578@$", "oleastbas")
_MOST_BLOBS = 4


def undisguised(text: str) -> Iterator[str]:
    """Yield what the text, or a part of it, says when an encoding is undone: only what differs from the text.

    Base64, hexadecimal, percent signs, character escapes, HTML entities, letters set apart, digits for letters, ROT13
    and reversed text. The work grows with the length of the text.
    """
    for blob in _blobs(text):
        try:
            yield blob.decode("ascii")
        except UnicodeDecodeError:
            continue
    if "%" in text:
        yield unquote(text)
    if "\\" in text:
        yield _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    if "&" in text:
        yield html.unescape(text)
    for spelled in _SPELLED.findall(text)[:_MOST_BLOBS]:
        yield re.sub(r"[ .\-_*]", "", spelled)
    if any(character.isdigit() or character in "@$" for character in text):
        yield text.translate(_LEET)
    yield codecs.encode(text, "rot13")
    yield text[::-1]


def _blobs(text: str) -> Iterator[bytes]:
    for word in _HEX.findall(text)[:_MOST_BLOBS]:
        yield bytes.fromhex(word)
    for word in _BASE64.findall(text)[:_MOST_BLOBS]:
        bare = word.rstrip("=")
        try:
            yield base64.b64decode(bare + "=" * (-len(bare) % 4))
        except binascii.Error:
            continue
