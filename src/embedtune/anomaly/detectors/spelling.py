"""How likely a word is by its letters: n-grams of characters over the words that are known.

A word of the trade that nobody asked about yet is spelled like other words; encoded text is not. Interpolation after
Witten and Bell, "The zero-frequency problem" (1991), in the form of Chen and Goodman (1996).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.hashed_counts import HashedCounts
from embedtune.memo import Memo

_ORDER = 4
_CHARACTERS = 200  # the last resort: any character is as likely
_BEGIN, _END = "\x02", "\x03"
_TABLES = ("seen", "kinds", "grams")


@dataclass(frozen=True, slots=True)
class Spelling:
    """Counts of characters after up to three others.

    Attributes:
        seen: How often something followed a context.
        kinds: How many different characters did.
        grams: How often a context was followed by a character: the key is both joined.
    """

    seen: HashedCounts
    kinds: HashedCounts
    grams: HashedCounts
    _likely: Memo[str, float]  # of the last character of a gram after the others

    @classmethod
    def of(cls, known: Iterable[str]) -> Spelling:
        """Count the characters of different words."""
        grams: Counter[str] = Counter()
        for word in known:
            letters = _BEGIN * (_ORDER - 1) + word + _END
            for end in range(_ORDER, len(letters) + 1):
                grams.update(letters[end - length : end] for length in range(1, _ORDER + 1))
        seen: Counter[str] = Counter()
        for gram, count in grams.items():
            seen[f"{gram[:-1]}/{len(gram)}"] += count
        kinds = Counter(f"{gram[:-1]}/{len(gram)}" for gram in grams)
        return cls._of(HashedCounts.of(seen), HashedCounts.of(kinds), HashedCounts.of(grams))

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> Spelling:
        """Take stored counts out of ``arrays``.

        Raises:
            ModelError: They are missing or damaged.
        """
        return cls._of(*(HashedCounts.from_arrays(arrays, f"spelling.{table}") for table in _TABLES))

    @classmethod
    def _of(cls, seen: HashedCounts, kinds: HashedCounts, grams: HashedCounts) -> Spelling:
        return cls(seen, kinds, grams, Memo(lambda gram: _probability(gram, seen, kinds, grams)))

    def log_probability(self, word: str) -> float:
        """Return the natural logarithm of the probability of a word."""
        letters = _BEGIN * (_ORDER - 1) + word + _END
        return sum(math.log(self._likely[letters[end - _ORDER : end]]) for end in range(_ORDER, len(letters) + 1))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        tables = zip(_TABLES, (self.seen, self.kinds, self.grams), strict=True)
        return {name: array for table, counts in tables for name, array in counts.arrays(f"spelling.{table}").items()}


def _probability(gram: str, seen: HashedCounts, kinds: HashedCounts, grams: HashedCounts) -> float:
    """Return the probability of the last character of ``gram`` after the others, from short contexts to long."""
    probability = 1 / _CHARACTERS
    for length in range(1, _ORDER + 1):
        tail = gram[-length:]
        context = f"{tail[:-1]}/{length}"
        if different := kinds[context]:
            probability = (grams[tail] + different * probability) / (seen[context] + different)
    return probability
