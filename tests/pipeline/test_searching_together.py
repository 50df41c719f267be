"""One opened index in several threads, in asynchronous code, and with parts that are slow or fail later."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from embedtune.errors import InputError
from embedtune.events import Alert, Notice
from embedtune.index.description import Engine
from embedtune.pipeline.project import with_value
from embedtune.pipeline.searching import OpenedIndex
from index_samples import QUESTION, CountingEncoder, indexed
from stand_in_models import stand_in_project, write_stand_in_run


@pytest.fixture
def project(tmp_path, events):
    write_stand_in_run(tmp_path / "run", "good")
    made = stand_in_project(tmp_path, events)
    return dataclasses.replace(made, config=with_value(made.config, "search", "retry_seconds", 0.05))


@pytest.fixture
def encoder(project):
    return CountingEncoder(project.models.named(str(project.workspace.project / "run")))


@pytest.mark.parametrize("engine", [Engine.EXACT, Engine.QDRANT])
def test_threads_and_tasks_share_one_index(project, sections, engine):
    indexed(project, sections, engine=engine)
    index = OpenedIndex(project)
    questions = [QUESTION, "until the screw", "turn the steel clamp", "hours"] * 6
    alone = [index.search(question, 5) for question in questions]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda question: index.search(question, 5), questions)) == alone

    async def at_once():
        return await asyncio.gather(*(asyncio.to_thread(index.search, question, 5) for question in questions))

    assert asyncio.run(at_once()) == alone
    index.close()


def test_a_closed_index_cannot_be_searched(project, sections):
    indexed(project, sections)
    index = OpenedIndex(project)
    index.close()
    index.close()
    with pytest.raises(ValueError, match="closed"):
        index.search(QUESTION)


def test_a_slow_model_is_not_waited_for(project, sections, encoder):
    impatient = dataclasses.replace(project, config=with_value(project.config, "search", "timeout_seconds", 1.0))
    indexed(project, sections, baseline=True)
    index = OpenedIndex(impatient, encoder=encoder)
    release = threading.Event()
    encoder.before = lambda: release.wait(20)
    hits = index.search(QUESTION)
    release.set()
    assert hits[0].degraded == "tuned hybrid: no answer in time"
    assert set(hits[0].component_ranks) == {"dense", "bm25"}
    index.close()


def test_a_model_that_fails_later_is_left_alone_and_tried_again(project, sections, encoder, events):
    indexed(project, sections)
    index = OpenedIndex(project, encoder=encoder)
    assert index.search(QUESTION)[0].degraded == ""

    def out_of_memory():
        raise MemoryError("no room")

    encoder.before = out_of_memory
    for _ in range(5):
        assert index.search(QUESTION)[0].degraded == "tuned hybrid: MemoryError: no room"
    asked = [event for event in events if isinstance(event, Alert)]
    assert len(asked) == 1
    encoder.before = lambda: None
    recovered = threading.Event()
    for _ in range(100):
        if index.search(QUESTION)[0].degraded == "":
            recovered.set()
            break
        recovered.wait(0.02)
    assert recovered.is_set()
    assert events[-1] == Notice("The tuned hybrid search answers again.")
    index.close()


def test_strict_search_raises_a_later_failure(project, sections, encoder):
    indexed(project, sections, baseline=True)
    index = OpenedIndex(project, encoder=encoder, strict=True)

    def out_of_memory():
        raise MemoryError("no room")

    encoder.before = out_of_memory
    with pytest.raises(InputError, match="tuned hybrid search failed: MemoryError: no room"):
        index.search(QUESTION)
    encoder.before = lambda: None
    assert index.search(QUESTION)[0].degraded == ""
    index.close()
