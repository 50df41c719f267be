"""The collection on which a training shows what general retrieval lost."""

from __future__ import annotations

from embedtune.corpus.passages import cut_passages
from embedtune.pairs.formats.beir import read_beir
from embedtune.pipeline.project import Project
from embedtune.training.ending.general import GeneralSet
from embedtune.vocabulary.retrieval import PassageSettings

_SPLIT = "test"
_WHOLE = PassageSettings(words=None)


def general_set(project: Project) -> GeneralSet | None:
    """Return the test questions and the whole documents of ``training.general_set``, ``None`` where none is set.

    Raises:
        InputError: It is no BEIR folder with test questions, or has too few.
    """
    if not project.config.training.general_set:
        return None
    found = read_beir(project.workspace.resolve(project.config.training.general_set), _SPLIT)
    return GeneralSet(found.name, found.queries, found.qrels, cut_passages(found.sections, _WHOLE))
