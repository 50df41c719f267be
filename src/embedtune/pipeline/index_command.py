"""Index documents or a BEIR folder with a model that the user names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.errors import EmbedtuneError
from embedtune.events import Alert
from embedtune.index.description import Engine
from embedtune.pairs.formats.beir import has_split, read_beir
from embedtune.pipeline.cards import published_settings
from embedtune.pipeline.corpus import read_documents
from embedtune.pipeline.indexing import BuiltIndex, IndexRequest, build_index
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import JudgedQueries
from embedtune.pipeline.stores import open_store
from embedtune.pipeline.systems import BASE
from embedtune.vocabulary.pairs import Split


@dataclass(frozen=True, slots=True)
class IndexedCorpus:
    """What a command indexed.

    Attributes:
        store: Where.
        current: The collection that answers.
        baseline: The base model's beside it, ``None`` without one.
    """

    store: str
    current: BuiltIndex
    baseline: BuiltIndex | None


def index_corpus(
    project: Project,
    *,
    corpus: Path | None,
    beir: Path | None,
    model: str,
    place: str | Path | None = None,
    engine: str | None = None,
) -> IndexedCorpus:
    """Bring an index to the state of the documents; what did not change is not encoded again.

    The version's own passage and fusion settings are used where it has some. The base model is indexed
    beside it (``index.baseline``), so that it can answer when the version cannot; where that fails, the
    version's index is in force all the same.

    Args:
        project: The project.
        corpus: Folder of documents, or one document.
        beir: A BEIR folder instead; its dev questions calibrate scores.
        model: A version, a run, a model folder, or ``base``.
        place: A folder, or the address of a Qdrant server; the project's own folder by default.
        engine: ``exact`` or ``qdrant``; by size if not given.

    Raises:
        InputError: The corpus or the model cannot be had, or the place cannot be written.
    """
    encoder = project.models.base() if model == BASE else project.models.named(model)
    passages, fusion = published_settings(project, model)
    request = IndexRequest(
        sections=read_documents(project, corpus, beir),
        encoder=encoder,
        version=model,
        passages=passages,
        fusion=fusion,
        engine=Engine(engine) if engine else None,
        dev=_dev_questions(beir),
        settings=project.config.index,
    )
    store = open_store(project, place)
    try:
        current = build_index(request, store, project.report)
        standing_by = baseline_of(project, request)
        baseline = build_index(standing_by, store, project.report) if standing_by else None
        return IndexedCorpus(store.place, current, baseline)
    finally:
        store.close()


def baseline_of(project: Project, request: IndexRequest) -> IndexRequest | None:
    """Return the same request with the base model; ``None`` if it is that already, is not here or not wanted."""
    if not project.config.index.baseline:
        return None
    try:
        base = project.models.base()
    except EmbedtuneError as error:
        project.report(Alert(f"There will be no index of the base model to fall back to: {error.message}"))
        return None
    if base.digest == request.encoder.digest:
        return None
    return replace(request, encoder=base, version=BASE, as_baseline=True)


def _dev_questions(beir: Path | None) -> JudgedQueries | None:
    if beir is None or not has_split(beir, Split.DEV):
        return None
    dev = read_beir(beir, Split.DEV)
    return JudgedQueries(dev.queries, dev.qrels)
