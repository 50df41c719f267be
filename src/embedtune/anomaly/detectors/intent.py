"""How much a part of a query is like an order to the program that reads it.

The windows of normal queries and those of known injected instructions are told apart by a straight border. A window is
the mean of its tokens' vectors, those with which the model begins, frequent tokens weighing less; nothing is encoded
for it, so that all windows of a query cost less than a tenth of a millisecond. The score is that of the window that is
furthest on the side of the orders. Because vectors stand for meanings, orders of kinds that nobody wrote down are found
too.

Mean of weighted token vectors: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings"
(2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.linear_border import LinearBorder
from embedtune.anomaly.detectors.port import Asked, Material, Scores
from embedtune.anomaly.detectors.stored import REFIT, taken
from embedtune.anomaly.windows import window_sums
from embedtune.errors import ModelError
from embedtune.memo import Memo
from embedtune.vocabulary.ports import TokenTable

_RARE = 1e-3  # a token of this probability weighs half
_MOST_WINDOWS = 20_000
_KEPT_WORDS = 1 << 13
_NO_LENGTH = 1e-9

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Intent:
    """The detector, fitted.

    Attributes:
        weights: The weight of each token, shape (tokens known,), float32.
        centre: The mean of all token vectors, shape (width,), float32.
        border: Between normal windows and orders.
    """

    weights: NDArray[np.float32]
    centre: NDArray[np.float32]
    border: LinearBorder
    _word_sums: Memo[str, Rows]

    @classmethod
    def fit(cls, material: Material) -> Intent | None:
        """Fit the border; ``None`` where the model has no tokens to look up."""
        tokens = material.tokens
        if tokens is None:
            return None
        seen = np.ones(len(tokens.vectors))
        for ids in tokens.ids([*material.queries.texts, *material.passages]):
            np.add.at(seen, np.asarray(ids, dtype=np.intp), 1)
        weights = (_RARE / (_RARE + seen / seen.sum())).astype(np.float32)
        centre = tokens.vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        sums = _word_sums(tokens, weights, centre)
        normal = _some(np.concatenate([_windows(words, sums) for words in material.queries.words]), material.seed)
        orders = np.concatenate([_windows(words, sums) for words in material.attacks.words])
        border = LinearBorder.fit(normal.astype(np.float32), orders.astype(np.float32))
        return cls(weights, centre, border, sums)

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], tokens: TokenTable | None) -> Intent:
        """Take a stored detector out of ``arrays``.

        Raises:
            ModelError: A part is missing or damaged, or the model has no such tokens.
        """
        if tokens is None:
            raise ModelError("The detector looks up the tokens of its model, and this model has none.", REFIT)
        known, width = tokens.vectors.shape
        weights = taken(arrays, "token_weights", np.float32, (known,))
        centre = taken(arrays, "centre", np.float32, (width,))
        border = LinearBorder.from_arrays(arrays, width)
        return cls(weights, centre, border, _word_sums(tokens, weights, centre))

    def scores(self, asked: Asked) -> Scores:
        """Return for each query the log-odds of its window that is most like an order."""
        return np.array([self.window_scores(words).max() for words in asked.words], dtype=np.float64)

    def window_scores(self, words: Sequence[str]) -> Scores:
        """Return the log-odds of each window."""
        return self.border.beyond(_windows(words, self._word_sums))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        return {"token_weights": self.weights, "centre": self.centre, **self.border.arrays()}


def _word_sums(tokens: TokenTable, weights: NDArray[np.float32], centre: NDArray[np.float32]) -> Memo[str, Rows]:
    """Return the sum of the weighted vectors of a word's tokens, by the word."""
    vectors = tokens.vectors

    def of(word: str) -> Rows:
        ids = np.asarray(tokens.ids([word])[0], dtype=np.intp)  # of a control character there are none
        rows = (vectors[ids].astype(np.float64) - centre) * np.asarray(weights[ids], dtype=np.float64)[:, None]
        return np.asarray(rows.sum(axis=0))

    return Memo(of, _KEPT_WORDS)


def _windows(words: Sequence[str], sums: Memo[str, Rows]) -> Rows:
    """Return the direction of each window's mean, shape (windows, width)."""
    found = window_sums(np.stack([sums[word] for word in words]))
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), _NO_LENGTH))


def _some(rows: Rows, seed: int) -> Rows:
    if len(rows) <= _MOST_WINDOWS:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), _MOST_WINDOWS, replace=False))]
