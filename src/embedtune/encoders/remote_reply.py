"""The body of an answer of ``/v1/embeddings``, read with suspicion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BrokenReplyError(Exception):
    """An answer that is no list of embeddings at all, such as the page of a proxy; another attempt may fare better."""


class WrongReplyError(Exception):
    """An answer whose vectors cannot be used; it would come again.

    Attributes:
        reason: What is wrong, as the rest of a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reply_vectors(body: bytes, count: int) -> NDArray[np.float64]:
    """Return the vectors of an answer at length 1, in the order of the texts.

    The entries are put in order by their ``index``, as the protocol has it; servers that give none mean the
    order of the list.

    Args:
        body: What the server sent.
        count: How many texts it was sent, at least 1.

    Returns:
        Shape (count, dimension).

    Raises:
        BrokenReplyError: It is not JSON of the protocol.
        WrongReplyError: There are too few vectors or too many, they differ in length, or hold what is no
            finite number, or nothing but zeros.
    """
    entries = _entries(body)
    if len(entries) != count:
        raise WrongReplyError(f"returned {len(entries)} vectors for {count} texts")
    vectors = [entry.get("embedding") for entry in _in_order(entries)]
    try:
        rows = np.asarray(vectors)
    except ValueError:
        raise WrongReplyError("returned vectors of different lengths") from None
    if rows.dtype.kind not in "fi" or rows.ndim != 2 or not rows.shape[1]:  # noqa: PLR2004 - a table
        raise WrongReplyError("returned something other than lists of numbers")
    numbers = rows.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise WrongReplyError("returned a number that is not finite (NaN or infinite)")
    with np.errstate(over="ignore"):  # a length that overflows is refused below
        lengths = np.linalg.norm(numbers, axis=1, keepdims=True)
    if not lengths.all() or not np.isfinite(lengths).all():
        raise WrongReplyError("returned a vector of zeros, or of numbers too large to measure")
    return np.asarray(numbers / lengths, dtype=np.float64)


def _entries(body: bytes) -> list[dict[str, object]]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BrokenReplyError from None
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise BrokenReplyError
    return data


def _in_order(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    if not any("index" in entry for entry in entries):
        return entries
    by_index = {entry.get("index"): entry for entry in entries if type(entry.get("index")) is int}
    try:
        return [by_index[number] for number in range(len(entries))]
    except KeyError:
        raise WrongReplyError("numbered its vectors wrongly") from None
