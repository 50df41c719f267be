from __future__ import annotations

import shutil

import pytest

from embedtune.events import StageFinished, StageSkipped
from embedtune.index.description import Engine
from embedtune.index.folder_store import FolderStore
from embedtune.pipeline.index_command import index_corpus
from embedtune.pipeline.index_stage import index_stage
from embedtune.pipeline.searching import OpenedIndex
from embedtune.pipeline.stores import default_store
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings
from index_samples import QUESTION, CountingEncoder, changed, held_in, index_request
from project_samples import body, headings
from stand_in_models import stand_in_project, write_stand_in_run

LOCAL = [Engine.EXACT, Engine.QDRANT]


@pytest.fixture
def project(tmp_path, events):
    write_stand_in_run(tmp_path / "run", "good")
    return stand_in_project(tmp_path, events)


@pytest.fixture
def counting(project):
    return CountingEncoder(project.models.named(str(project.workspace.project / "run")))


@pytest.mark.parametrize("engine", LOCAL)
def test_stage_runs_once_and_survives_searching(project, sections, events, engine):
    request = index_request(project, sections, engine=engine)
    folder = index_stage(project, request)
    assert folder == default_store(project)
    assert isinstance(events[-1], StageFinished)
    assert f"{engine.value} engine" in events[-1].summary
    index = OpenedIndex(project, folder)
    index.search(QUESTION)
    index.close()
    index_stage(project, request)
    assert events[-1] == StageSkipped("index", "nothing changed")


@pytest.mark.parametrize("engine", LOCAL)
def test_stage_mends_an_index_without_vectors(project, sections, events, engine):
    request = index_request(project, sections, engine=engine)
    folder = index_stage(project, request)
    shutil.rmtree(folder / "collections" / FolderStore(folder).pointer().current / "vectors")
    index_stage(project, request)
    assert isinstance(events[-1], StageFinished)
    index = OpenedIndex(project, folder)
    assert (index.search(QUESTION)[0].degraded, index.degraded) == ("", "")
    index.close()


@pytest.mark.parametrize("change", [{"passages": PassageSettings(8, 0.5)}, {"fusion": FusionSettings()}])
def test_stage_runs_again_when_asked_otherwise(project, sections, events, change):
    index_stage(project, index_request(project, sections))
    index_stage(project, index_request(project, sections, **change))
    assert isinstance(events[-1], StageFinished)


def test_stage_encodes_what_changed_alone(project, sections, events, counting):
    index_stage(project, index_request(project, sections, encoder=counting))
    counting.texts.clear()
    index_stage(project, index_request(project, changed(sections, 5, "Only this is new."), encoder=counting))
    assert len(counting.texts) == 1
    assert "1 of them encoded" in events[-1].summary


def test_stage_undoes_an_index_of_other_documents(project, sections, tmp_path):
    folder = index_stage(project, index_request(project, sections))
    other = tmp_path / "other"
    other.mkdir()
    (other / "one.md").write_text(f"# {headings('tractor')[0]}\n\n{body('tractor', headings('tractor')[0])}\n")
    index_corpus(project, corpus=other, beir=None, model="base", place=folder)
    assert held_in(FolderStore(folder))[0].description.section_count == 1
    index_stage(project, index_request(project, sections))
    assert held_in(FolderStore(folder))[0].description.section_count == 24
