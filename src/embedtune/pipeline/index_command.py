"""Index documents or a BEIR folder with a model that the user names."""

from __future__ import annotations

from pathlib import Path

from embedtune.corpus.folder import read_folder
from embedtune.index.collection import Engine, IndexDescription
from embedtune.pairs.formats.beir import read_beir_corpus
from embedtune.pipeline.indexing import IndexRequest, build_index
from embedtune.pipeline.project import Project
from embedtune.pipeline.publishing import published_settings
from embedtune.pipeline.systems import BASE
from embedtune.vocabulary.corpus import Section


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
        sections=_sections(project, corpus, beir),
        encoder=encoder,
        version=model,
        passages=passages,
        fusion=fusion,
        engine=Engine(engine) if engine else None,
    )
    return build_index(request, folder, project.report)


def _sections(project: Project, corpus: Path | None, beir: Path | None) -> tuple[Section, ...]:
    if beir is not None:
        return read_beir_corpus(beir)
    return read_folder(corpus or Path(), project.config.corpus, project.report).sections
