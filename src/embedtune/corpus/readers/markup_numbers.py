"""Numbers in the attributes of markup."""

from __future__ import annotations

_MAX_DIGITS = 6


def whole_number(text: str | None) -> int | None:
    """Return a number written with up to six digits, ``None`` for anything else."""
    if text and len(text) <= _MAX_DIGITS and text.isascii() and text.isdigit():
        return int(text)
    return None
