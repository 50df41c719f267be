"""How surprising a query's words are, to who knows the normal queries and the documents.

A word is expected by how often it follows the one before it, else by how often it occurs, else by its letters; queries
and documents are counted apart and weigh the same. The surprise of a window is the mean of its words' negative log
probabilities, the score is that of the most surprising window: an order among honest words stands out however short
it is, and so does encoded text. Nothing is encoded for it, so it costs a search some tens of microseconds.

Interpolation after Witten and Bell (1991); see `embedtune.anomaly.detectors.spelling` for the letters.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.hashed_counts import HashedCounts
from embedtune.anomaly.detectors.port import Asked, Material, Scores
from embedtune.anomaly.detectors.spelling import Spelling
from embedtune.anomaly.detectors.stored import taken
from embedtune.anomaly.detectors.word_counts import BEGIN, WordCounts
from embedtune.anomaly.windows import window_sums, words
from embedtune.memo import Memo

_QUERY_WEIGHT = 3.0  # a pair of words in a query counts as three in the documents
_BACKING_OFF = 3.0  # the weight of single words against pairs, in kinds of followers
_LEAST = 1e-12
_TABLES = ("known", "pairs", "before", "followers")


@dataclass(frozen=True, slots=True)
class Wording:
    """The detector, fitted.

    Attributes:
        known: The probability of each known word, apart from what its letters add.
        pairs: How often a word followed another: the key is both, with a space between.
        before: How often a word was followed by any.
        followers: By how many different ones.
        spelling: How words are spelled.
        novelty: The share of words that nobody has seen, shape (1,).
    """

    known: HashedCounts
    pairs: HashedCounts
    before: HashedCounts
    followers: HashedCounts
    spelling: Spelling
    novelty: NDArray[np.float32]
    _single: Memo[str, float]

    @classmethod
    def fit(cls, material: Material) -> Wording:
        """Count the words of the normal queries and of the documents."""
        queries, documents = WordCounts.of(material.queries.words), WordCounts.of(map(words, material.passages))
        asked, written = queries.words, documents.words
        share = 0.5 if written else 1.0
        certain_asked, certain_written = share * _seen_before(asked), _seen_before(written)
        known = {
            word: certain_asked * asked[word] / max(1, asked.total())
            + (1 - certain_asked) * certain_written * written[word] / max(1, written.total())
            for word in sorted(asked.keys() | written.keys())
        }
        pairs: dict[str, float] = defaultdict(float)
        for counted, weight in ((queries.pairs, _QUERY_WEIGHT), (documents.pairs, 1.0)):
            for pair, times in counted.items():
                pairs[pair] += weight * times
        before: dict[str, float] = defaultdict(float)
        for pair, count in pairs.items():
            before[pair.split(" ")[0]] += count
        followers = Counter(pair.split(" ")[0] for pair in pairs)
        novelty = np.array([(1 - certain_asked) * (1 - certain_written)], dtype=np.float32)
        counts: dict[str, Mapping[str, float]] = {
            "known": known,
            "pairs": pairs,
            "before": before,
            "followers": followers,
        }
        tables = {name: HashedCounts.of(table) for name, table in counts.items()}
        return cls._of(tables, Spelling.of(known), novelty)

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> Wording:
        """Take a stored detector out of ``arrays``.

        Raises:
            ModelError: A part is missing or damaged.
        """
        tables = {name: HashedCounts.from_arrays(arrays, name) for name in _TABLES}
        return cls._of(tables, Spelling.from_arrays(arrays), taken(arrays, "novelty", np.float32, (1,)))

    @classmethod
    def _of(cls, tables: Mapping[str, HashedCounts], spelling: Spelling, novelty: NDArray[np.float32]) -> Wording:
        known, rest = tables["known"], float(novelty[0])
        single = Memo[str, float](lambda word: known[word] + rest * math.exp(spelling.log_probability(word)))
        return cls(known, tables["pairs"], tables["before"], tables["followers"], spelling, novelty, single)

    def scores(self, asked: Asked) -> Scores:
        """Return the surprise of the most surprising window of each query, in nats a word."""
        return np.array([self.window_scores(text).max() for text in asked.words], dtype=np.float64)

    def window_scores(self, words: Sequence[str]) -> Scores:
        """Return the mean surprise of each window, in nats a word."""
        surprises = np.fromiter(map(self._surprise, (BEGIN, *words), words), dtype=np.float64, count=len(words))
        sums = window_sums(surprises)
        return sums / (len(words) - len(sums) + 1)

    def new_words(self, words: Sequence[str]) -> float:
        """Return the share of a query's words that neither the normal queries nor the documents know."""
        return sum(self.known[word] == 0 for word in words) / len(words)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        tables = zip(_TABLES, (self.known, self.pairs, self.before, self.followers), strict=True)
        counts = {name: array for table, held in tables for name, array in held.arrays(table).items()}
        return {**counts, **self.spelling.arrays(), "novelty": self.novelty}

    def _surprise(self, first: str, second: str) -> float:
        probability = self._single[second]
        if followers := self.followers[first] * _BACKING_OFF:
            pair = self.pairs[f"{first} {second}"]
            probability = (pair + followers * probability) / (self.before[first] + followers)
        return -math.log(max(probability, _LEAST))


def _seen_before(counts: Counter[str]) -> float:
    """Return the probability, after Witten and Bell, that the next word is one of those counted."""
    return counts.total() / (counts.total() + len(counts)) if counts else 0.0
