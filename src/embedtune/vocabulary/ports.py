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
    from embedtune.vocabulary.versions import FileEntry, Manifest


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


def tokens_of(encoder: Encoder) -> TokenTable | None:
    """Return the tokens of any encoder's model; ``None`` where there are none to look up."""
    return encoder.token_table() if isinstance(encoder, HasTokenTable) else None


class PassageSearch(Protocol):
    """Finds the nearest passages."""

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, cosine) best first, ties by id; ``domain`` filters."""
        ...


class PassageSource(PassageSearch, Protocol):
    """What a search needs of an index."""

    def filtered(self, labels: Sequence[str]) -> PassageSearch:
        """Return a search among the passages that have all of some labels."""
        ...

    def close(self) -> None:
        """Flush and release; a closed index cannot be used again."""
        ...


@runtime_checkable
class PassageIndex(PassageSource, Protocol):
    """Holds the vectors of passages and finds the nearest: numpy, embedded Qdrant or a Qdrant server."""

    def upsert(
        self,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        domains: Sequence[str],
        labels: Sequence[Sequence[str]] = (),
    ) -> None:
        """Add passages or replace them by id; where the index is kept, they then outlive the process.

        Args:
            passages: n passages.
            vectors: Shape (n, dimension); brought to length 1.
            domains: The domain of each.
            labels: What each can be filtered by beside its domain; empty for none.
        """
        ...

    def remove(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; those that are not held are passed over."""
        ...

    def ids(self) -> frozenset[str]:
        """Return the ids of all passages."""
        ...

    def vectors(self, passage_ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages that are held, shape (n, dimension), length 1."""
        ...

    def __len__(self) -> int:
        """Return how many passages are held."""
        ...

    def flush(self) -> None:
        """Bring what is kept into its final form."""
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


class VersionFiles(Protocol):
    """The files of a published version, wherever they lie."""

    @property
    def place(self) -> str:
        """Where they lie, for people: a path or a URL."""
        ...

    @property
    def folder(self) -> Path | None:
        """Their folder; ``None`` where they are not on this machine's disk."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the relative path of everything there but the manifest and its signature."""
        ...

    def holds(self, name: str) -> bool:
        """Tell whether there is something of this relative path."""
        ...

    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            VerificationError: It is missing or damaged.
        """
        ...

    def signature(self) -> bytes | None:
        """Read the signature, ``None`` where there is none.

        Raises:
            SignatureError: It cannot be one.
        """
        ...

    def read(self, name: str) -> bytes:
        """Read a small file; what it holds is not verified.

        Raises:
            VerificationError: It is missing.
        """
        ...

    def check(self, entry: FileEntry, target: Path | None = None) -> str:
        """Read a file once, copy it if asked, and return how it differs from its entry; empty if it does not."""
        ...

    def states(self) -> dict[str, tuple[int | str, ...]]:
        """Return what tells of each file that it was not changed, without reading it."""
        ...

    def settled(self, states: dict[str, tuple[int | str, ...]], began_ns: int) -> dict[str, tuple[int | str, ...]]:
        """Return states, taken before reading began, that can be believed later; none where they cannot."""
        ...
