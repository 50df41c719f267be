"""Clusters, near-duplicates, similarity and known answers, from Python."""

from __future__ import annotations

from pathlib import Path

from embedtune.events import Report, silent
from embedtune.pipeline import uses
from embedtune.pipeline.project import open_project
from embedtune.pipeline.uses import NearPassages, SectionClusters
from embedtune.vocabulary.retrieval import Hit


class VectorUses:
    """What else the vectors of a project's indexes and models are good for.

    Args:
        folder: The project's folder.
        report: Where progress goes.
    """

    def __init__(self, folder: str | Path = ".", *, report: Report = silent) -> None:
        self._project = open_project(folder=Path(folder), report=report)

    def cluster(self, store: str | Path | None = None, clusters: int | None = None) -> SectionClusters:
        """Divide the sections of an index into clusters, each named by its words.

        Args:
            store: The index folder, or the address of a Qdrant server; the project's own folder by default.
            clusters: How many; by default the root of half the sections.
        """
        return uses.cluster_sections(self._project, store, clusters)

    def duplicates(self, store: str | Path | None = None, threshold: float = 0.95) -> NearPassages:
        """Return the passages of an index that say nearly the same.

        Args:
            store: The index folder, or the address of a Qdrant server; the project's own folder by default.
            threshold: The least cosine.
        """
        return uses.near_passages(self._project, store, threshold)

    def similarity(self, left: str, right: str, model: str = "base") -> float:
        """Return the cosine of two texts by a version, a run, a model folder, or the base model."""
        return uses.similarity(self._project, model, left, right)

    def answers(self, file: str | Path, question: str, model: str = "base", limit: int = 3) -> list[Hit]:
        """Return the answers of a file of questions and answers that fit a question best."""
        return uses.find_answers(self._project, Path(file), model, question, limit)
