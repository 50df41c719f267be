"""Where rooms meet: what one needs of another, without importing it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Passage, Section, TextBlock
    from embedtune.vocabulary.evaluation import Ranked
    from embedtune.vocabulary.pairs import Query


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """The model's name, for people."""
        ...

    @property
    def digest(self) -> str:
        """The digest of the model's files; vectors of two digests are never compared."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text: shape (len(texts), dimension), float32."""
        ...


class TokenTable(Protocol):
    """The vectors with which a model begins: one a token, before any layer mixes them."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vector of each token: shape (tokens known, width), float32; not to be written to."""
        ...

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the rows of the tokens of each text, in their order, without special tokens."""
        ...


@runtime_checkable
class HasTokenTable(Protocol):
    """An encoder whose tokens can be looked up without running the model."""

    def token_table(self) -> TokenTable | None:
        """Return its tokens, ``None`` where the model has none of its own."""
        ...


@runtime_checkable
class PassageIndex(Protocol):
    """Holds the vectors of passages and finds the nearest."""

    def upsert(self, passages: Sequence[Passage], vectors: NDArray[np.float32], domains: Sequence[str]) -> None:
        """Add passages with their vectors (shape (n, dimension)) and the domain of each, or replace them by id."""
        ...

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, cosine) best first, ties by id; ``domain`` filters."""
        ...

    def __len__(self) -> int:
        """Return how many passages are held."""
        ...

    def close(self) -> None:
        """Flush and release; a closed index cannot be used again."""
        ...


class Ranker(Protocol):
    """Ranks the sections of one corpus for many queries: what an evaluation measures."""

    @property
    def system(self) -> str:
        """The system's name."""
        ...

    def rank(self, queries: Sequence[Query], depth: int) -> dict[str, tuple[Ranked, ...]]:
        """Return for each query id its best ``depth`` sections, best first, ties by section id."""
        ...


class QueryWriter(Protocol):
    """Writes questions that a section answers."""

    def write(self, section: Section, seed: int) -> Iterable[tuple[str, int | None]]:
        """Yield (question, index of the body word where the answer begins or ``None``)."""
        ...


class DocumentReader(Protocol):
    """Reads one file format."""

    @property
    def suffixes(self) -> frozenset[str]:
        """The file suffixes it reads, lower case with the dot."""
        ...

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the text of a file in reading order.

        Raises:
            DocumentError: The file cannot be read as this format.
        """
        ...
