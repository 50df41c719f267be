"""How often words and pairs of words occur in texts, in bounded memory.

A large corpus has many more pairs than are worth keeping, and most occur once. When there are too many, the rarest go
(lossy counting, Manku and Motwani 2002, with a bound on the entries instead of the error): what is common is counted
rightly as long as it is common from the start, and up to `MOST` of either nothing is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

BEGIN = "\x02"
"""What stands before the first word of a text."""

MOST = 1 << 18
"""Different words, and different pairs, that are kept."""


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Counts of the words of texts, and of their pairs: the key is both, with a space between."""

    words: Counter[str]
    pairs: Counter[str]

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]], most: int = MOST) -> WordCounts:
        """Count the words of texts, one text at a time.

        Args:
            texts: Their words.
            most: Different words, and different pairs, that are kept; twice as many are held meanwhile.
        """
        found = cls(Counter(), Counter())
        for text in texts:
            found.words.update(text)
            found.pairs.update(f"{first} {second}" for first, second in pairwise((BEGIN, *text)))
            for counts in (found.words, found.pairs):
                if len(counts) > 2 * most:
                    _keep_commonest(counts, most)
        for counts in (found.words, found.pairs):
            _keep_commonest(counts, most)
        return found


def _keep_commonest(counts: Counter[str], most: int) -> None:
    """Keep the commonest; among equals the alphabet decides, so that the order of the texts decides little."""
    if len(counts) <= most:
        return
    for key in sorted(counts, key=lambda key: (-counts[key], key))[most:]:
        del counts[key]
