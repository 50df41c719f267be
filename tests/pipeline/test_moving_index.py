from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from embedtune.errors import InputError, VerificationError
from embedtune.index.description import Engine
from embedtune.index.folder_store import FolderStore
from embedtune.index.server_index import ServerIndex
from embedtune.pipeline.moving import move_index
from embedtune.pipeline.opening import read_collection
from embedtune.pipeline.searching import OpenedIndex
from embedtune.pipeline.stores import open_store
from index_samples import QUESTION, fresh, held_in, indexed
from qdrant_rest_server import RestServer
from stand_in_models import stand_in_project, write_stand_in_run

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_stand_in_run(tmp_path / "run", "good")
    return stand_in_project(tmp_path)


@pytest.fixture
def server():
    with RestServer() as running:
        yield running


def answers(project, place):
    index = OpenedIndex(fresh(project), place)
    try:
        return index.search_batch([QUESTION, "until the screw", "hours"], 5)
    finally:
        index.close()


@pytest.mark.parametrize("engine", [Engine.EXACT, Engine.QDRANT])
def test_from_a_folder_to_a_server_and_back_loses_nothing(project, sections, server, tmp_path, engine):
    here = tmp_path / "here"
    indexed(project, sections, FolderStore(here), baseline=True, engine=engine)
    moved = move_index(project, here, server.url)
    assert [one.description.engine for one in moved] == [Engine.SERVER] * 2
    assert [one.counts.encoded for one in moved] == [one.description.passage_count for one in moved]
    assert max(one.greatest_difference for one in moved) < 1e-6
    back = tmp_path / "back"
    move_index(project, server.url, back, engine.value)
    found, held = held_in(FolderStore(here))
    again, held_again = held_in(FolderStore(back))
    assert held == held_again
    assert {one.id: one for one in found.held} == {one.id: one for one in again.held}
    assert dataclasses.replace(found.description) == again.description
    here_answers, there_answers = answers(project, here), answers(project, server.url)
    for one, other in zip(here_answers, there_answers, strict=True):
        assert [hit.section_id for hit in one] == [hit.section_id for hit in other]
        assert [hit.score for hit in one] == pytest.approx([hit.score for hit in other], abs=1e-5)
    pointer = open_store(project, server.url).pointer()
    assert pointer.baseline is not None
    assert FolderStore(back).pointer().baseline is not None


def test_moving_again_writes_nothing_and_a_changed_vector_is_noticed(project, sections, server, tmp_path, monkeypatch):
    here = tmp_path / "here"
    indexed(project, sections, FolderStore(here))
    move_index(project, here, server.url)
    (again,) = move_index(project, here, server.url)
    assert (again.counts.unchanged, again.counts.encoded) == (24, 0)
    honest = ServerIndex.vectors
    monkeypatch.setattr(ServerIndex, "vectors", lambda self, ids: honest(self, ids) + np.float32(0.01))
    with pytest.raises(VerificationError, match=r"is not the source: a vector differs by 0\.01"):
        move_index(project, here, server.url)


def test_what_cannot_be_moved(project, sections, server, tmp_path):
    with pytest.raises(InputError, match="holds no index"):
        move_index(project, tmp_path / "nowhere", server.url)
    here = tmp_path / "here"
    made = indexed(project, sections, FolderStore(here))
    with pytest.raises(InputError, match="both source and target"):
        move_index(project, here, here)
    for path in (here / "collections" / made.name / "vectors").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="lacks the vectors of the section"):
        move_index(project, here, server.url)
    assert read_collection(FolderStore(here), made.name).finished
