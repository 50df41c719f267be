"""Overlapping windows of words: an order within an honest question fills a window of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from embedtune.wording.same_words import folded

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 8
"""Words of a window; punctuation marks count as words. A query that is shorter is one window."""

LOOKED_AT = 10_000
"""Characters of a query that are looked at: half of them its first, half its last."""

_WORD = re.compile(r"[^\W\d_]{1,64}(?:['\u2019][^\W\d_]{1,64})?|\d{1,64}|[^\w\s]|_")


def is_text(query: str) -> bool:
    """Tell whether a query has a form in UTF-8: half of a character (a lone surrogate) has none."""
    try:
        query.encode()
    except UnicodeEncodeError:
        return False
    return True


def looked_at(text: str) -> str:
    """Return what is looked at of a text: all of it, or of a very long one its beginning and its end."""
    return text if len(text) <= LOOKED_AT else f"{text[: LOOKED_AT // 2]}\n{text[-LOOKED_AT // 2 :]}"


def normal_form(text: str) -> str:
    """Return a text such that those which differ in case, spaces and forms of characters alone are equal."""
    return " ".join(folded(text).split())


def words(text: str) -> tuple[str, ...]:
    """Return the words, numbers and punctuation marks of a text in lower case; of nothing, one empty word."""
    return tuple(word.lower() for word in _WORD.findall(looked_at(text))) or ("",)


def window_sums(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of each window of rows.

    Args:
        rows: One number or one vector a word: shape (n,) or (n, width), n at least 1.

    Returns:
        One sum a window: shape (max(1, n - WINDOW + 1),) or the same with a width.
    """
    if len(rows) <= WINDOW:
        return np.asarray(rows.sum(axis=0, keepdims=True))
    sums = rows.cumsum(axis=0)
    found: NDArray[np.float64] = sums[WINDOW - 1 :].copy()
    found[1:] -= sums[:-WINDOW]
    return found


def window_text(text: str, number: int) -> str:
    """Return a window of a text as it was written.

    Args:
        text: The text.
        number: Which of its windows, from 0.
    """
    seen = looked_at(text)
    spans = [found.span() for found in _WORD.finditer(seen)][number : number + WINDOW]
    return seen[spans[0][0] : spans[-1][1]] if spans else ""
