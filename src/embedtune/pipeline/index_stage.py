"""The stage ``index``: the project's corpus with its published version, and with the base model beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.index.description import Engine, collection_name
from embedtune.index.folder_records import DESCRIPTION_FILE, SECTIONS_FILE
from embedtune.index.folder_store import COLLECTIONS_FOLDER, POINTER_FILE, VECTORS_FOLDER
from embedtune.index.held_sections import hold_all
from embedtune.index.stores import IndexStore
from embedtune.pipeline.indexing import IndexRequest, build_index
from embedtune.pipeline.project import Project
from embedtune.pipeline.stores import FOLDER, STAGE, default_store, open_store
from embedtune.pipeline.systems import BASE
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings


@dataclass(frozen=True, slots=True)
class StandBy:
    """The base model's index, which answers when the version cannot.

    Attributes:
        digest: The base model's digest; it is loaded only if there is something to do.
        passages: How sections are cut for it.
        fusion: How its scores and BM25's are combined.
    """

    digest: str
    passages: PassageSettings
    fusion: FusionSettings


def index_stage(project: Project, request: IndexRequest, baseline: StandBy | None = None) -> Path:
    """Index the project's corpus; returns the index folder.

    Args:
        project: The project.
        request: What to index.
        baseline: The base model's index beside it; ``None`` for none.
    """
    store = open_store(project)
    engine = _engine(store, request, request.passages)
    collection = _collection(request.encoder.digest, request.passages, engine)
    vectors = f"{collection}/{VECTORS_FOLDER}"
    present = [vectors]
    outputs: tuple[str, ...] = (
        f"{FOLDER}/{POINTER_FILE}",
        f"{collection}/{DESCRIPTION_FILE}",
        f"{collection}/{SECTIONS_FILE}",
    )
    if engine is Engine.EXACT:
        outputs += (vectors,)  # the other engine's files change when it is opened
    inputs = {"sections": corpus_digest(request.sections), "model": request.encoder.digest}
    if request.dev:
        inputs["dev"] = request.dev.digest
    if baseline:
        inputs["baseline"] = baseline.digest
        beside = _collection(baseline.digest, baseline.passages, _engine(store, request, baseline.passages))
        present.append(f"{beside}/{VECTORS_FOLDER}")
    plan = Plan(
        STAGE,
        f"indexing {len(request.sections)} sections with {request.version}",
        inputs,
        (str(request.passages), str(request.fusion), request.version, str(baseline)),
        outputs,
        in_place=True,
        present=tuple(present),
        grows=True,
    )

    def work(_: Path) -> str:
        made = build_index(request, store, project.report)
        if baseline:
            build_index(_of_base(project, request, baseline), store, project.report)
        return (
            f"{made.description.passage_count} passages of {made.description.passages.label} in the "
            f"{engine.value} engine, {made.counts.encoded} of them encoded"
        )

    project.workspace.run_stage(plan, work, project.report)
    return default_store(project)


def _engine(store: IndexStore, request: IndexRequest, passages: PassageSettings) -> Engine:
    count = sum(len(one.passages) for one in hold_all(request.sections, passages))
    return Engine(store.engine(count, request.engine))


def _collection(model_digest: str, passages: PassageSettings, engine: Engine) -> str:
    return f"{FOLDER}/{COLLECTIONS_FOLDER}/{collection_name(model_digest, passages, engine)}"


def _of_base(project: Project, request: IndexRequest, baseline: StandBy) -> IndexRequest:
    return replace(
        request,
        encoder=project.models.base(),
        version=BASE,
        passages=baseline.passages,
        fusion=baseline.fusion,
        as_baseline=True,
    )
