"""Index documents or a BEIR folder with a model that the user names."""

from __future__ import annotations

from pathlib import Path

from embedtune.index.collection import Engine, IndexDescription
from embedtune.pipeline.cards import published_settings
from embedtune.pipeline.corpus import read_documents
from embedtune.pipeline.indexing import IndexRequest, build_index
from embedtune.pipeline.project import Project
from embedtune.pipeline.systems import BASE


def index_corpus(
    project: Project, *, corpus: Path | None, beir: Path | None, model: str, folder: Path, engine: str | None
) -> IndexDescription:
    """Build an index; the version's own passage and fusion settings are used where it has some.

    Raises:
        InputError: The corpus or the model cannot be had, or the folder cannot be written.
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
    )
    return build_index(request, folder, project.report)
