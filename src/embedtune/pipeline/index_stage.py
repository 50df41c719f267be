"""The stage ``index``: the project's corpus with its published version, and with the base model beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from embedtune.index.description import Engine, collection_name
from embedtune.index.folder_records import DESCRIPTION_FILE, SECTIONS_FILE
from embedtune.index.folder_store import COLLECTIONS_FOLDER, POINTER_FILE, VECTORS_FOLDER
from embedtune.index.held_sections import hold_all
from embedtune.pipeline.indexing import IndexRequest, build_index
from embedtune.pipeline.project import Project
from embedtune.pipeline.stores import FOLDER, STAGE, default_store, open_store
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.corpus import corpus_digest


def index_stage(project: Project, request: IndexRequest, baseline: IndexRequest | None = None) -> Path:
    """Index the project's corpus; returns the index folder.

    Args:
        project: The project.
        request: What to index.
        baseline: The same with the base model; ``None`` for none.
    """
    store = open_store(project)
    count = sum(len(one.passages) for one in hold_all(request.sections, request.passages))
    engine = Engine(store.engine(count, request.engine))
    name = collection_name(request.encoder.digest, request.passages, engine)
    collection = f"{FOLDER}/{COLLECTIONS_FOLDER}/{name}"
    vectors = f"{collection}/{VECTORS_FOLDER}"
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
        inputs["baseline"] = baseline.encoder.digest
    plan = Plan(
        STAGE,
        f"indexing {len(request.sections)} sections with {request.version}",
        inputs,
        (str(request.passages), str(request.fusion), request.version),
        outputs,
        in_place=True,
        present=(vectors,),
        grows=True,
    )

    def work(_: Path) -> str:
        made = build_index(request, store, project.report)
        if baseline:
            build_index(replace(baseline, as_baseline=True), store, project.report)
        return (
            f"{made.description.passage_count} passages of {made.description.passages.label} in the "
            f"{engine.value} engine, {made.counts.encoded} of them encoded"
        )

    project.workspace.run_stage(plan, work, project.report)
    return default_store(project)
