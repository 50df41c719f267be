"""The words of a block, from the pieces that its tags cut it into."""

from __future__ import annotations

import re
from typing import Final

BREAK: Final = "\0"
"""Stands for ``<br>`` among the pieces of a block: the text of a page cannot hold it."""

_INVISIBLE = str.maketrans("", "", "\xad\u200b\u2060\ufeff")
_IMAGE_FILE = re.compile(r"\s*\S+\.(?:png|jpe?g|gif|svg|webp|bmp)\s*", re.IGNORECASE)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_TAB = 4


def flowing(pieces: list[str]) -> str:
    """Return flowing text: white space is one space, and only ``<br>`` breaks a line."""
    text = "".join(pieces).translate(_INVISIBLE)
    lines = (" ".join(line.split()) for line in text.split(BREAK))
    return "\n".join(line for line in lines if line)


def preformatted(pieces: list[str]) -> str:
    """Return text whose lines and indentation stand as written."""
    text = "".join(pieces).translate(_INVISIBLE).expandtabs(_TAB)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def alternative(text: str) -> str:
    """Return the words that stand for an image; the name of a file is none."""
    return "" if _IMAGE_FILE.fullmatch(text) else f" {text} "


def raised(before: str, text: str) -> str:
    """Return superscript text with ``^`` where it would else run into the number before it: ``10^3``.

    Args:
        before: What stands before it.
        text: The superscript text.
    """
    runs_on = before[-1:].isdigit() and text[:1].strip() and not _ORDINAL.match(text)
    return f"^{text}" if runs_on else text
