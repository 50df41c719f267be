"""Passages of a Qdrant collection that somebody keeps, as candidates for hard negatives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from embedtune.errors import ConfigError
from embedtune.events import Progress
from embedtune.index.qdrant_server import CollectionAddress, ServerCollection
from embedtune.pairs.negatives.exclusions import without_held_out
from embedtune.pairs.negatives.pool import PassagePool, outside_id
from embedtune.pipeline.project import Project
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.pairs import TrainingPair

KEY_VARIABLE = "QDRANT_API_KEY"
_ANSWERS_AMONG_RESULTS = 10
_QUESTIONS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class AskedCollection:
    """What a collection answered.

    Attributes:
        found: (passage id, score) by question, best first.
    """

    found: Mapping[str, Sequence[tuple[str, float]]]

    def search(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, score), best first; none for a question that was not asked."""
        return list(self.found.get(query, ())[:limit])


def asked_collection(
    project: Project, pairs: Sequence[TrainingPair], pool: PassagePool, held_out: Sequence[str]
) -> tuple[PassagePool, AskedCollection]:
    """Ask the configured collection every question once.

    Args:
        project: The project.
        pairs: The pairs whose questions are asked.
        pool: The passages known already.
        held_out: Texts that must not be trained on; what the collection holds of them is left out.

    Returns:
        The pool with the passages found added, and the results.

    Raises:
        ConfigError: No collection is configured.
        InputError: It cannot be searched.
        ModelError: Its vectors are not those of the model.
    """
    settings = project.config.negatives
    if not (settings.qdrant_url and settings.qdrant_collection):
        raise ConfigError(
            "Negatives are to come from qdrant, and no server or collection is named.",
            "Give --qdrant URL --collection NAME, or set negatives.qdrant_url and negatives.qdrant_collection.",
        )
    found = _ask(project, sorted({pair.query.text for pair in pairs}))
    trainable = _trainable({text for hits in found.values() for text, _ in hits}, held_out)
    wider = pool.with_passages(sorted(trainable))
    ids = {text: passage.id for passage in reversed(wider.passages) for text in (passage.text, passage.body)}
    named = {query: [(ids[text], score) for text, score in hits if text in trainable] for query, hits in found.items()}
    return wider, AskedCollection({query: _once_each(hits) for query, hits in named.items()})


def _ask(project: Project, questions: Sequence[str]) -> dict[str, list[tuple[str, float]]]:
    settings, models = project.config.negatives, project.models
    encoder = models.named(settings.qdrant_model) if settings.qdrant_model else models.base()
    address = CollectionAddress(
        settings.qdrant_url, settings.qdrant_collection, settings.qdrant_text_field, os.environ.get(KEY_VARIABLE, "")
    )
    limit = settings.skip_top + settings.depth + _ANSWERS_AMONG_RESULTS
    collection = ServerCollection.open(address, encoder.dimension)
    found: dict[str, list[tuple[str, float]]] = {}
    try:
        for start in range(0, len(questions), _QUESTIONS_AT_ONCE):
            block = questions[start : start + _QUESTIONS_AT_ONCE]
            found.update(zip(block, collection.search_many(encoder.encode(block), limit), strict=True))
            project.report(Progress("Asking the collection", len(found), len(questions), "questions"))
    finally:
        collection.close()
    return found


def _trainable(texts: Iterable[str], held_out: Sequence[str]) -> set[str]:
    passages = [Passage(outside_id(text), "", text) for text in texts]
    return {passage.text for passage in without_held_out(passages, held_out)}


def _once_each(hits: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Keep the best score of a passage that several points hold."""
    best: dict[str, float] = {}
    for passage, score in hits:
        best.setdefault(passage, score)
    return list(best.items())
