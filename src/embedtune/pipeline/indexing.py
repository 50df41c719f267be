"""Put a corpus into an index that `searching` opens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.corpus.passages import cut_passages
from embedtune.errors import InputError
from embedtune.events import Progress, Report
from embedtune.index.collection import (
    DESCRIPTION_FILE,
    PASSAGES_FILE,
    SECTIONS_FILE,
    VECTORS_FOLDER,
    Collection,
    Engine,
    IndexDescription,
    choose_engine,
    write_collection,
)
from embedtune.index.exact import ExactIndex
from embedtune.index.qdrant_embedded import EmbeddedQdrantIndex
from embedtune.pipeline.project import Project
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.corpus import Passage, Section, corpus_digest
from embedtune.vocabulary.ports import Encoder, PassageIndex
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings

STAGE = "index"
_BATCH = 512
_OPTIMIZE_SECONDS = 60.0
_FOLDER = "corpus"
_FILES = tuple(f"{_FOLDER}/{name}" for name in (DESCRIPTION_FILE, PASSAGES_FILE, SECTIONS_FILE))
_VECTORS = f"{_FOLDER}/{VECTORS_FOLDER}"


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What to index.

    Attributes:
        sections: The corpus.
        encoder: The model that makes the vectors.
        version: What the model is called.
        passages: How sections are cut.
        fusion: How dense and BM25 scores are combined.
        engine: What holds the vectors; ``None`` chooses by size.
    """

    sections: tuple[Section, ...]
    encoder: Encoder
    version: str
    passages: PassageSettings
    fusion: FusionSettings
    engine: Engine | None = None


def build_index(request: IndexRequest, folder: Path, report: Report) -> IndexDescription:
    """Encode a corpus into an index folder; an older index stays usable until the new one is whole.

    Raises:
        InputError: The folder cannot be written or holds something else.
    """
    passages = cut_passages(request.sections, request.passages)
    if not passages:
        raise InputError("The corpus has no passage to index.", "Check that its documents hold text.")
    description = IndexDescription(
        model_digest=request.encoder.digest,
        dimension=request.encoder.dimension,
        version=request.version,
        corpus_digest=corpus_digest(request.sections),
        passages=request.passages,
        fusion=request.fusion,
        engine=request.engine or choose_engine(len(passages)),
        section_count=len(request.sections),
        passage_count=len(passages),
    )

    def write_vectors(place: Path) -> None:
        domains = {section.id: section.domain for section in request.sections}
        index = _new_index(description, place)
        _fill(index, passages, domains, request.encoder, report)
        _store(index, description, place)

    write_collection(folder, Collection(description, request.sections, passages), write_vectors, replace=True)
    return description


def open_vectors(description: IndexDescription, folder: Path) -> PassageIndex:
    """Open the vectors of an index.

    Raises:
        InputError: They are damaged, in use by another process, or of another model.
    """
    if description.engine is Engine.EXACT:
        return ExactIndex.load(folder, description.dimension, description.model_digest)
    return EmbeddedQdrantIndex.open(folder, description.dimension, description.model_digest)


def index_stage(project: Project, request: IndexRequest) -> Path:
    """Index the project's corpus with its published version; returns the index folder."""
    outputs = _FILES
    if choose_engine(len(cut_passages(request.sections, request.passages))) is Engine.EXACT:
        outputs += (_VECTORS,)  # the other engine's files change when it is opened
    plan = Plan(
        STAGE,
        f"indexing {len(request.sections)} sections with {request.version}",
        {"sections": corpus_digest(request.sections), "model": request.encoder.digest},
        (str(request.passages), str(request.fusion), request.version),
        outputs,
        present=(_VECTORS,),
    )

    def work(stage: Path) -> str:
        made = build_index(request, stage / _FOLDER, project.report)
        return f"{made.passage_count} passages of {made.passages.label} in the {made.engine.value} engine"

    project.workspace.run_stage(plan, work, project.report)
    return default_store(project)


def default_store(project: Project) -> Path:
    """Return where the project's own index lies."""
    return project.workspace.folder(STAGE) / _FOLDER


def _new_index(description: IndexDescription, place: Path) -> ExactIndex | EmbeddedQdrantIndex:
    if description.engine is Engine.EXACT:
        return ExactIndex(description.dimension)
    return EmbeddedQdrantIndex.open(place, description.dimension, description.model_digest)


def _fill(
    index: PassageIndex, passages: tuple[Passage, ...], domains: dict[str, str], encoder: Encoder, report: Report
) -> None:
    for start in range(0, len(passages), _BATCH):
        batch = passages[start : start + _BATCH]
        vectors = encoder.encode([passage.text for passage in batch])
        index.upsert(batch, vectors, [domains[passage.section_id] for passage in batch])
        report(Progress("Indexing", start + len(batch), len(passages), "passages"))


def _store(index: ExactIndex | EmbeddedQdrantIndex, description: IndexDescription, place: Path) -> None:
    if isinstance(index, ExactIndex):
        index.save(place, description.model_digest)
    else:
        index.optimize(_OPTIMIZE_SECONDS)
        index.flush()
    index.close()
