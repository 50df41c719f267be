"""What a detector is fitted on, what it is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.unit_vectors import Vectors
from embedtune.anomaly.windows import words

if TYPE_CHECKING:
    from embedtune.config.anomaly_settings import AnomalySettings
    from embedtune.vocabulary.ports import TokenTable

Scores = NDArray[np.float64]
Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Queries, in every form that a detector looks at.

    Attributes:
        texts: As they were written.
        words: The words of each; see `embedtune.anomaly.windows.words`.
        vectors: The unit vector of each, shape (n, dimension), float32, as `unit_vectors` has checked them.
    """

    texts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    vectors: Vectors

    @classmethod
    def of(cls, texts: Sequence[str], vectors: Vectors) -> Self:
        """Put texts and their vectors together."""
        return cls(tuple(texts), tuple(map(words, texts)), vectors)

    def some(self, rows: Sequence[int] | NDArray[np.intp]) -> Asked:
        """Return the queries of some rows."""
        chosen = [int(row) for row in rows]
        return Asked(
            tuple(self.texts[row] for row in chosen), tuple(self.words[row] for row in chosen), self.vectors[chosen]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What detectors are fitted on.

    Attributes:
        queries: Normal queries.
        passages: Texts of the documents that are searched; empty where they are not known.
        passage_vectors: Unit vectors of passages (not of all of them), shape (m, dimension), float32.
        attacks: Injected instructions, known as such.
        everyday: Questions of daily life.
        tokens: The model's tokens, ``None`` where it has none to look up.
        settings: The room's settings.
        seed: Decides everything random.
        encoder_digest: Digest of the model that made the vectors.
    """

    queries: Asked
    passages: tuple[str, ...]
    passage_vectors: Vectors
    attacks: Asked
    everyday: Asked
    tokens: TokenTable | None
    settings: AnomalySettings
    seed: int
    encoder_digest: str

    def on(self, rows: NDArray[np.intp]) -> Material:
        """Return the same material with some of the normal queries only."""
        return replace(self, queries=self.queries.some(rows))


class Detector(Protocol):
    """Says how strange queries are; a higher score is stranger, and the scale is the detector's own."""

    def scores(self, asked: Asked) -> Scores:
        """Return one finite score a query, shape (n,)."""
        ...

    def arrays(self) -> Arrays:
        """Return what the detector consists of, to be stored."""
        ...


@runtime_checkable
class Windowed(Protocol):
    """A detector that scores the windows of a query and answers with the strangest."""

    def window_scores(self, words: Sequence[str]) -> Scores:
        """Return one score for each window of a query's words."""
        ...
