"""Indexing is killed at twenty points and more; every section is then old or new, and nothing acknowledged is lost."""

from __future__ import annotations

import dataclasses
import os

import pytest
from index_kills import Steps, acknowledged, copied_index, killed_update, steps_of

from embedtune.events import silent
from embedtune.index import updating
from embedtune.index.description import Engine
from embedtune.index.folder_store import FolderStore
from embedtune.index.held_sections import hold_all
from embedtune.pipeline.indexing import build_index
from embedtune.pipeline.opening import read_collection
from embedtune.pipeline.searching import OpenedIndex
from index_samples import CUT, QUESTION, CountingEncoder, changed, corpus_sections, held_in, index_request
from project_samples import write_corpus
from stand_in_models import stand_in_project, write_stand_in_run

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

POINTS = 20


@pytest.fixture(autouse=True)
def small_batches_and_no_waiting(monkeypatch):
    """A kill does not lose what the system holds, so that nothing need be flushed to the disk."""
    monkeypatch.setattr(updating, "_PASSAGES_AT_ONCE", 12)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_stand_in_run(folder / "run", "good")
    return folder


@pytest.fixture(scope="module")
def project(place):
    return stand_in_project(place, search__timeout_seconds=60.0)


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    return corpus_sections(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"))


@pytest.fixture(scope="module")
def new(sections):
    """The corpus after some work: one section gone, two changed, one added."""
    edited = changed(changed(sections, 4, "Other words stand here now."), 9, f"{sections[9].text} And one more.")
    return (*edited[1:], dataclasses.replace(sections[0], id="added", text="Bleed nothing."))


def content(sections):
    return {one.id: one.digest for one in hold_all(sections, CUT)}


@pytest.mark.parametrize("engine", [Engine.EXACT, Engine.QDRANT])
def test_updates_killed_at_twenty_points(project, sections, new, tmp_path, engine):
    before = tmp_path / "before"
    build_index(index_request(project, sections, engine=engine), FolderStore(before), silent)
    request = index_request(project, new, engine=engine)
    old, wanted = content(sections), content(new)
    last = steps_of(request, copied_index(before, tmp_path / "whole"), tmp_path / "whole-log")
    assert last >= POINTS
    for point in sorted({round(1 + step * (last - 1) / (POINTS - 1)) for step in range(POINTS)}):
        folder, log = tmp_path / f"killed-{point}", tmp_path / f"log-{point}"
        copied_index(before, folder)
        assert killed_update(request, folder, Steps(point), log)
        found = read_collection(FolderStore(folder), FolderStore(folder).pointer().current)
        state = {one.id: one.digest for one in found.held}
        for id_ in old.keys() | wanted.keys():
            assert state.get(id_) in {old.get(id_), wanted.get(id_)}
        for id_, digest in acknowledged(log).items():
            assert state.get(id_) == digest
        searched(project, folder)
        gone_on_with(request, folder, acknowledged(log), wanted)


def searched(project, folder):
    """Every search answers, from vectors and words."""
    index = OpenedIndex(project, folder)
    hit = index.search(QUESTION)[0]
    index.close()
    assert (hit.degraded, set(hit.component_ranks)) == ("", {"dense", "bm25"})


def gone_on_with(request, folder, known, wanted):
    """The next update does what is left, and nothing twice."""
    counting = CountingEncoder(request.encoder)
    made = build_index(dataclasses.replace(request, encoder=counting), FolderStore(folder), silent)
    found, held = held_in(FolderStore(folder))
    assert {one.id: one.digest for one in found.held} == wanted
    assert held == {passage.id for passage in found.passages}
    assert found.finished
    done = {id_ for id_, digest in known.items() if digest}
    assert made.counts.unchanged >= len(done)
    again = {passage.text for one in found.held if one.id in done for passage in one.passages}
    assert not again.intersection(counting.texts)


def test_a_first_index_killed_on_the_way_is_gone_on_with(project, sections, tmp_path):
    request = index_request(project, sections)
    last = steps_of(request, tmp_path / "whole", tmp_path / "whole-log")
    for point in (2, 9, 16, 23, last - 2, last - 1, last):
        folder, log = tmp_path / f"killed-{point}", tmp_path / f"log-{point}"
        assert killed_update(request, folder, Steps(point), log)
        assert point > 23 or FolderStore(folder).pointer() is None
        gone_on_with(request, folder, acknowledged(log), content(sections))
