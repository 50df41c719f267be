"""The BM25 weight of every token in every section, for look-up by token and by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array


class TermWeights:
    """BM25's weights with Lucene's idf, as ``bm25s`` computes them: a section's score is the sum of its tokens'.

    Args:
        tokens: The token numbers of all sections, one section after the other.
        lengths: How many each section has.
        vocabulary: How many tokens there are.
        k1: Term saturation.
        b: Length normalisation.
    """

    def __init__(
        self, tokens: NDArray[np.int32], lengths: NDArray[np.int64], vocabulary: int, k1: float, b: float
    ) -> None:
        from scipy.sparse import csr_array

        starts = np.concatenate([[0], lengths.cumsum()])
        counts = csr_array((np.ones(len(tokens), np.float32), tokens, starts), shape=(len(lengths), vocabulary))
        counts.sum_duplicates()
        self.sections = np.bincount(counts.indices, minlength=vocabulary)
        """How many sections each token occurs in; shape (vocabulary,), int64."""
        absent = len(lengths) - self.sections
        idf = np.log1p((absent + 0.5) / (self.sections + 0.5)).astype(np.float32)
        norms = (k1 * (1 - b + b * lengths / (lengths.mean() if len(tokens) else 1.0))).astype(np.float32)
        frequencies = counts.data
        counts.data = idf[counts.indices] * (frequencies / (np.repeat(norms, np.diff(counts.indptr)) + frequencies))
        del frequencies
        self.by_token: csr_array = csr_array(counts.T)
        """The weights; shape (vocabulary, sections), float32."""
        self.greatest = np.zeros(vocabulary, dtype=np.float32)
        """The greatest weight of each token; shape (vocabulary,), float32."""
        met = np.flatnonzero(self.sections)
        if len(met):
            self.greatest[met] = np.maximum.reduceat(self.by_token.data, self.by_token.indptr[met])
        self._width = max(vocabulary, 1)
        self._values = counts.data
        self._places = np.repeat(np.arange(len(lengths)) * self._width, np.diff(counts.indptr))
        self._places += counts.indices

    def of(self, sections: NDArray[np.integer], tokens: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the weight of each token in the section beside it, 0 where it does not occur.

        Args:
            sections: Positions of sections, shape (n,).
            tokens: Token numbers, shape (n,).
        """
        if not len(self._places):
            return np.zeros(len(tokens), dtype=np.float32)
        wanted = sections.astype(np.int64) * self._width + tokens
        found = np.minimum(np.searchsorted(self._places, wanted), len(self._places) - 1)
        return np.where(self._places[found] == wanted, self._values[found], np.float32(0))
