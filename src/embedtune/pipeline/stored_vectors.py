"""The vectors of an index, for what is done with all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.encoders.cached_encoder import BLOCK
from embedtune.errors import ModelError
from embedtune.events import tracked
from embedtune.files import read_json
from embedtune.index.collection import VECTORS_FOLDER, Collection, Engine, read_collection
from embedtune.index.exact import ENTRIES_FILE, VECTORS_FILE, ExactIndex
from embedtune.pipeline.project import Project
from embedtune.pipeline.wiring import cached, vector_cache

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CACHE = "cache"


@dataclass(frozen=True, slots=True, eq=False)
class StoredVectors:
    """An index with its vectors.

    Attributes:
        collection: Sections and passages.
        vectors: The unit vector of each passage, shape (passages, dimension).
    """

    collection: Collection
    vectors: NDArray[np.float32]

    def of_sections(self) -> NDArray[np.float32]:
        """Return a unit vector of each section: the direction of the mean of its passages' vectors."""
        rows = {section.id: row for row, section in enumerate(self.collection.sections)}
        owners = np.array([rows[passage.section_id] for passage in self.collection.passages], dtype=np.intp)
        sums = np.zeros((len(rows), self.vectors.shape[1]), dtype=np.float64)
        np.add.at(sums, owners, self.vectors)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def stored_vectors(project: Project, folder: Path) -> StoredVectors:
    """Return an index with its vectors; those of an engine that does not give them back are made again, or cached.

    Raises:
        InputError: There is no index.
        FormatError: It is damaged.
        ModelError: Its vectors must be made again, and its model cannot be had.
    """
    collection = read_collection(folder)
    if collection.description.engine is Engine.EXACT:
        return StoredVectors(collection, _read(collection, folder / VECTORS_FOLDER))
    encoder = project.models.serving(collection.description.version, collection.description.model_digest)
    if encoder.digest != collection.description.model_digest:
        raise ModelError(
            f"The model of the index, {collection.description.version}, cannot be used here.",
            "Index the corpus again with a model that is on this machine.",
        )
    encoder = cached(encoder, vector_cache(project.workspace.folder(_CACHE), project.config.cache, project.report))
    texts = [passage.text for passage in collection.passages]
    blocks = [texts[start : start + BLOCK] for start in range(0, len(texts), BLOCK)]
    made = [encoder.encode(block) for block in tracked(blocks, "Encoding", "blocks", project.report)]
    return StoredVectors(collection, np.concatenate(made))


def _read(collection: Collection, folder: Path) -> NDArray[np.float32]:
    """Return the vectors of the exact engine in the order of the passages, after its own checks."""
    description = collection.description
    ExactIndex.load(folder, description.dimension, description.model_digest).close()
    from safetensors.numpy import load_file

    entries = read_json(folder / ENTRIES_FILE)
    names = entries["passage_ids"] if isinstance(entries, dict) else []
    rows = {str(name): row for row, name in enumerate(names if isinstance(names, list) else [])}
    vectors: NDArray[np.float32] = load_file(folder / VECTORS_FILE)["vectors"]
    return vectors[[rows[passage.id] for passage in collection.passages]]
