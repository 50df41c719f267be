"""Logs cut off, folders held by others, full disks, versions that were tampered with: a search answers and says so."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil

import pytest
from index_kills import Steps, acknowledged, copied_index, killed_update, steps_of

from embedtune.errors import EmbedtuneError, InputError
from embedtune.events import silent
from embedtune.index import updating
from embedtune.index.description import Engine
from embedtune.index.folder_store import FolderStore
from embedtune.pipeline.indexing import build_index
from embedtune.pipeline.opening import read_collection
from embedtune.pipeline.searching import OpenedIndex
from index_samples import (
    QUESTION,
    changed,
    corpus_sections,
    fresh,
    held_in,
    index_request,
    indexed,
)
from project_samples import copied, opened, write_corpus
from stand_in_models import stand_in_project, write_stand_in_run

FEWEST_FLUSHES = 6
"""An update flushes so often at least, whatever the engine."""
BRAKES = ("Bleed the brake caliper",)


@pytest.fixture(scope="module")
def sections(tmp_path_factory):
    return corpus_sections(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"))


@pytest.fixture
def project(tmp_path):
    write_stand_in_run(tmp_path / "run", "good")
    return stand_in_project(tmp_path, search__timeout_seconds=60.0)


@pytest.fixture
def folder(project, sections, tmp_path):
    """An index in the embedded engine, with the base model's beside it."""
    indexed(project, sections, FolderStore(tmp_path / "store"), engine=Engine.QDRANT, baseline=True)
    return tmp_path / "store"


def current_shard(folder):
    return folder / "collections" / FolderStore(folder).pointer().current / "vectors" / "shard"


def searched(project, folder):
    index = OpenedIndex(fresh(project), folder)
    try:
        hit = index.search(QUESTION)[0]
    finally:
        index.close()
    assert hit.heading_path == BRAKES
    return hit.degraded


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("part", [0.0, 0.0005, 0.9])
def test_a_truncated_log_costs_nothing_that_was_acknowledged(project, sections, tmp_path, monkeypatch, part):
    """The engine was killed before it wrote its segments, and then lost its log."""
    monkeypatch.setattr(updating, "_PASSAGES_AT_ONCE", 24)
    request = index_request(project, sections, engine=Engine.QDRANT)
    indexed(project, sections[:12], FolderStore(folder := tmp_path / "store"), engine=Engine.QDRANT)
    last = steps_of(request, copied_index(folder, tmp_path / "whole"), tmp_path / "whole-log")
    assert killed_update(request, folder, Steps(last * 2 // 3), tmp_path / "log")
    known = acknowledged(tmp_path / "log")
    assert known
    for path in (current_shard(folder) / "wal").glob("open-*"):
        os.truncate(path, int(part * path.stat().st_size))
    reason = searched(project, folder)
    assert reason == "" or "damaged" in reason
    store = FolderStore(folder)
    held = {one.id: one.digest for one in read_collection(store, store.pointer().current).held}
    assert held.items() >= known.items()
    build_index(request, store, silent)
    found, names = held_in(store)
    assert len(found.held) == len(sections)
    assert names == {passage.id for passage in found.passages}
    assert searched(project, folder) == ""


def test_lost_segments_are_noticed_answered_for_and_mended(project, sections, folder):
    shutil.rmtree(current_shard(folder) / "segments")
    shutil.rmtree(current_shard(folder) / "wal")
    reason = searched(project, folder)
    assert reason.startswith("tuned hybrid: The index in")
    assert "baseline" not in reason
    with pytest.raises(InputError, match="damaged"):
        OpenedIndex(fresh(project), folder, strict=True)
    build_index(index_request(project, sections, engine=Engine.QDRANT), FolderStore(folder), silent)
    assert searched(project, folder) == ""


def hold(folder, held, done):
    store = FolderStore(folder)
    name = store.pointer().current
    index = store.vectors(name, store.records(name).describe())
    held.set()
    done.wait(30)
    index.close()


def test_a_second_process_searches_with_less(project, sections, folder):
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(folder, held, done))
    other.start()
    try:
        assert held.wait(60)
        assert "already open, here or in another process" in searched(project, folder)
        with pytest.raises(InputError, match="already open"):
            OpenedIndex(fresh(project), folder, strict=True)
        with pytest.raises(InputError, match="already open"):
            indexed(project, changed(sections, 0, "New."), FolderStore(folder), engine=Engine.QDRANT)
    finally:
        done.set()
        other.join()
    assert searched(project, folder) == ""


@pytest.mark.parametrize("engine", [Engine.EXACT, Engine.QDRANT])
@pytest.mark.parametrize("room", range(FEWEST_FLUSHES))
def test_a_disk_that_fills_up_loses_nothing_and_the_search_goes_on(
    project, sections, tmp_path, monkeypatch, engine, room
):
    store = FolderStore(tmp_path / "store")
    indexed(project, sections, store, engine=engine)
    flush = os.fsync
    calls = []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(descriptor)

    new = changed(sections, 3, "Something else.")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        indexed(project, new, store, engine=engine)
    monkeypatch.undo()
    assert searched(project, tmp_path / "store") == ""
    found, _ = held_in(store)
    assert {one.section for one in found.held} in [set(sections), set(new)]
    indexed(project, new, store, engine=engine)
    assert {one.section for one in held_in(store)[0].held} == set(new)


def test_a_version_that_was_tampered_with_answers_no_more(finished, tmp_path):
    place = copied(finished, tmp_path / "project")
    (place / "models" / "embedtune-v1.0" / "model" / "extra.json").write_text("{}")
    index = OpenedIndex(opened(place))
    hit = index.search(QUESTION)[0]
    index.close()
    assert "tuned hybrid: the index was made with embedtune-v1.0" in hit.degraded
    assert "baseline" not in hit.degraded
    assert set(hit.component_ranks) == {"dense", "bm25"}
    with pytest.raises(EmbedtuneError, match="cannot be used here"):
        OpenedIndex(opened(place), strict=True)
