"""The vectors of an index, for what is done with all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import FormatError, InputError
from embedtune.index.description import REINDEX
from embedtune.pipeline.opening import ReadCollection, read_index
from embedtune.pipeline.project import Project
from embedtune.pipeline.stores import open_store

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class StoredVectors:
    """An index with its vectors.

    Attributes:
        collection: Sections and passages.
        vectors: The unit vector of each passage, shape (passages, dimension).
    """

    collection: ReadCollection
    vectors: NDArray[np.float32]

    def of_sections(self) -> NDArray[np.float32]:
        """Return a unit vector of each section: the direction of the mean of its passages' vectors."""
        rows = {section.id: row for row, section in enumerate(self.collection.sections)}
        owners = np.array([rows[passage.section_id] for passage in self.collection.passages], dtype=np.intp)
        sums = np.zeros((len(rows), self.vectors.shape[1]), dtype=np.float64)
        np.add.at(sums, owners, self.vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def stored_vectors(project: Project, place: str | Path | None) -> StoredVectors:
    """Return an index with its vectors; no model is needed.

    Args:
        project: The project.
        place: The index folder, or the address of a Qdrant server; the project's own folder by default.

    Raises:
        InputError: There is no index, or the server does not answer.
        FormatError: It is damaged.
    """
    store = open_store(project, place)
    try:
        read = read_index(store)
        if isinstance(read.current, InputError):
            raise read.current
        if read.vectors_away:
            raise InputError(read.vectors_away, "Start the server, or check the address.")
        index = store.vectors(read.current.name, read.current.description)
        try:
            names = [passage.id for passage in read.current.passages]
            if missing := len(set(names) - index.ids()):
                raise FormatError(f"The index in {store.place} lacks the vectors of {missing} passages.", REINDEX)
            return StoredVectors(read.current, index.vectors(names))
        finally:
            index.close()
    finally:
        store.close()
