"""Number the tokens of many texts, an order of magnitude faster than cutting each text by itself."""

from __future__ import annotations

from array import array
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from embedtune.index.identifiers import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_MAX_KNOWN_WORDS = 1 << 18


class TokenIds:
    """Gives every token a number, in order of first appearance.

    `identifiers.tokens` never looks across white space, so a text's tokens are those of its words one
    after the other, and a word is cut only when it is met for the first time.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._learned = _WordTokens(lambda token: self._numbers.setdefault(token, len(self._numbers)))
        self._looked_up = _WordTokens(lambda token: self._numbers.get(token, -1))

    def __len__(self) -> int:
        """Return how many tokens have a number."""
        return len(self._numbers)

    def learn(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Number the tokens of texts, new ones too.

        Returns:
            The numbers, one text after the other, and how many each text has.
        """
        self._looked_up.clear()
        return _numbered(texts, self._learned)

    def look_up(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the same for texts whose unknown tokens are left out."""
        return _numbered(texts, self._looked_up)


class _WordTokens(dict[str, tuple[int, ...]]):
    """The numbers of the tokens of each word met; numbers below 0 are left out."""

    def __init__(self, number: Callable[[str], int]) -> None:
        super().__init__()
        self._number = number

    def __missing__(self, word: str) -> tuple[int, ...]:
        if len(self) >= _MAX_KNOWN_WORDS:
            self.clear()
        self[word] = value = tuple(number for token in tokens(word) if (number := self._number(token)) >= 0)
        return value


def _numbered(texts: Sequence[str], known: _WordTokens) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    numbers: array[int] = array("i")
    ends = np.empty(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        numbers.extend(chain.from_iterable(map(known.__getitem__, text.split())))
        ends[row] = len(numbers)
    return np.array(numbers, dtype=np.int32), np.diff(ends, prepend=0)
