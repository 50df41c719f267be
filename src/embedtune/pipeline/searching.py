"""Open an index and search it, with its version or without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from embedtune.errors import ModelError
from embedtune.events import Alert
from embedtune.index.collection import VECTORS_FOLDER, IndexDescription, read_collection
from embedtune.pipeline.indexing import default_store, open_vectors
from embedtune.pipeline.project import Project
from embedtune.pipeline.wiring import section_keywords
from embedtune.retrieval.retriever import HybridRetriever
from embedtune.vocabulary.ports import Encoder
from embedtune.vocabulary.retrieval import Hit, Mode


class OpenedIndex:
    """An index with the model that made it, ready to search.

    When the model cannot be had, or another one answers in its place, vectors of two models would
    meet; the search then runs on words alone, and every hit says why.

    Args:
        project: The project.
        folder: The index folder; the project's own by default.
        encoder: The loaded model, by default the one that ``model`` names.
        model: The model to use, by default the one that the index names.
    """

    def __init__(
        self, project: Project, folder: Path | None = None, encoder: Encoder | None = None, model: str = ""
    ) -> None:
        place = folder or default_store(project)
        collection = read_collection(place)
        self.description: IndexDescription = collection.description
        served = encoder or _served(project, model or self.description.version, self.description.model_digest)
        self.degraded = ""
        if served is None or served.digest != self.description.model_digest:
            self.degraded = (
                f"the index was made with {self.description.version}, and its model cannot be used here; "
                "BM25 alone answers"
            )
            project.report(Alert(f"Degraded search: {self.degraded}."))
        self._retriever = HybridRetriever(
            collection.sections,
            collection.passages,
            None if self.degraded else open_vectors(self.description, place / VECTORS_FOLDER),
            section_keywords(collection.sections, self.description.fusion.keywords),
            None if self.degraded else served,
            self.description.fusion,
            f"hybrid:{self.description.version}",
        )

    @property
    def retriever(self) -> HybridRetriever:
        """The retriever over the index."""
        return self._retriever

    def search(
        self,
        query: str,
        limit: int = 10,
        threshold: float | None = None,
        mode: Mode = Mode.HYBRID,
        domain: str | None = None,
    ) -> list[Hit]:
        """Return the sections that best answer a question; see `HybridRetriever.search`."""
        return self.search_batch([query], limit, threshold, mode, domain)[0]

    def search_batch(
        self,
        queries: list[str],
        limit: int = 10,
        threshold: float | None = None,
        mode: Mode = Mode.HYBRID,
        domain: str | None = None,
    ) -> list[list[Hit]]:
        """Search for several questions at once."""
        used = Mode.BM25 if self.degraded else mode
        found = self._retriever.search_batch(queries, limit, threshold, used, domain)
        if not self.degraded:
            return found
        return [[replace(hit, degraded=self.degraded) for hit in hits] for hits in found]

    def close(self) -> None:
        """Release the index."""
        self._retriever.close()


def _served(project: Project, model: str, digest: str) -> Encoder | None:
    """Return what answers for a model; ``None`` if not even the base model is on this machine."""
    try:
        return project.models.serving(model, digest)
    except ModelError:
        return None
