"""Number the tokens of many texts, an order of magnitude faster than cutting each text by itself."""

from __future__ import annotations

from array import array
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from embedtune.index.identifiers import tokens
from embedtune.memo import ENOUGH, Memo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class TokenIds:
    """Gives every token a number, in order of first appearance.

    `identifiers.tokens` never looks across white space, so a text's tokens are those of its words one
    after the other, and a word is cut only when it is met for the first time.

    Args:
        remembered: How many words, as written, are kept with their numbers.
        stemming: Whether words are stemmed; see `identifiers.tokens`.
    """

    def __init__(self, remembered: int = ENOUGH, *, stemming: bool = False) -> None:
        self._stemming = stemming
        self._numbers: dict[str, int] = {}
        self._learned = Memo(self._learn_word, remembered)
        self._looked_up = Memo(self._look_up_word, remembered)

    def __len__(self) -> int:
        """Return how many tokens have a number."""
        return len(self._numbers)

    def numbers(self) -> dict[str, int]:
        """Return the number of each token."""
        return dict(self._numbers)

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

    def _learn_word(self, word: str) -> tuple[int, ...]:
        return tuple(
            self._numbers.setdefault(token, len(self._numbers)) for token in tokens(word, stemming=self._stemming)
        )

    def _look_up_word(self, word: str) -> tuple[int, ...]:
        known = tokens(word, stemming=self._stemming)
        return tuple(self._numbers[token] for token in known if token in self._numbers)


def _numbered(texts: Sequence[str], known: Memo[str, tuple[int, ...]]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    numbers: array[int] = array("i")
    ends = np.empty(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        numbers.extend(chain.from_iterable(map(known.__getitem__, text.split())))
        ends[row] = len(numbers)
    return np.array(numbers, dtype=np.int32), np.diff(ends, prepend=0)
