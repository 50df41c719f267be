"""Advice beside a search never costs its hits, nor more time than an answer may take."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from embedtune.errors import UnavailableError
from embedtune.events import Alert
from embedtune.pipeline import advising
from embedtune.pipeline.judging import Judge
from embedtune.pipeline.searching import OpenedIndex
from embedtune.vocabulary.retrieval import Mode
from index_samples import QUESTION, CountingEncoder, indexed
from stand_in_models import stand_in_project, write_stand_in_run


@pytest.fixture
def project(tmp_path, events, sections):
    write_stand_in_run(tmp_path / "run", "good")
    made = stand_in_project(tmp_path, events, query_log__advise=True, query_log__file="queries.log")
    indexed(made, sections)
    return made


class Judging(Judge):
    """Judges by the model alone, and notes what it was asked."""

    asked: list[list[str]]

    def judge(self, texts, domain="", *, logged=True):
        self.encoder.encode(texts)
        self.asked.append(list(texts))
        return []


@pytest.fixture
def judged(monkeypatch):
    """The queries that were judged, call by call."""
    asked = []
    monkeypatch.setattr(Judging, "asked", asked, raising=False)
    monkeypatch.setattr(advising.Judge, "of", lambda project, version, encoder: Judging(None, encoder))
    return asked


@pytest.fixture
def opened(project, judged):
    """Opens the index with a model that may fail or wait, and judges every search."""
    made = []

    def of(**search):
        encoder = CountingEncoder(project.models.named(str(project.workspace.project / "run")))
        settings = project.config.search.model_copy(update=search)
        own = replace(project, config=project.config.model_copy(update={"search": settings}))
        made.append(OpenedIndex(own, encoder=encoder, judging=True))
        return made[-1], encoder

    yield of
    for index in made:
        index.close()


def told(events):
    return [event.message for event in events if isinstance(event, Alert) and "not judged" in event.message]


def test_a_model_that_raises_costs_no_hits_and_is_not_asked_again(opened, events, judged):
    index, encoder = opened()
    assert index.search(QUESTION)
    assert judged == [[QUESTION]]
    asked = []

    def broken():
        asked.append(1)
        raise RuntimeError("no memory")

    encoder.before = broken
    for _ in range(2):
        assert {mode for hit in index.search(QUESTION) for mode in hit.component_ranks} == {"bm25"}
    assert len(asked) == 2
    assert len(told(events)) == 1
    with pytest.raises(UnavailableError, match="cannot be judged: RuntimeError: no memory"):
        index.advise([QUESTION])


def test_a_model_that_hangs_holds_no_search_up(opened, events, judged):
    index, encoder = opened(timeout_seconds=0.2)
    assert index.search(QUESTION)
    gate = threading.Event()
    encoder.before = gate.wait
    try:
        assert index.search(QUESTION)[0].degraded
        assert index.search(QUESTION, mode=Mode.BM25)
        with pytest.raises(UnavailableError, match="no answer in time"):
            index.advise([QUESTION])
    finally:
        gate.set()
    assert len(told(events)) == 2
    assert judged[0] == [QUESTION]


def test_what_fails_in_judging_alone_is_left_alone_for_a_while(opened, events, judged, monkeypatch):
    index, _ = opened(retry_seconds=3600.0)
    tries = []

    def judge(self, texts, domain="", *, logged=True):
        tries.append(texts)
        raise ValueError("a server of another kind")

    monkeypatch.setattr(Judging, "judge", judge)
    for _ in range(3):
        assert index.search(QUESTION)[0].degraded == ""
    assert len(tries) == 1
    assert told(events) == ["Searches are not judged: ValueError: a server of another kind."]


def test_searches_are_judged_again_once_the_wait_is_over(opened, events, judged, monkeypatch):
    index, _ = opened(retry_seconds=0.001)
    broken = [OSError("away")] * 2

    def judge(self, texts, domain="", *, logged=True):
        if broken:
            raise broken.pop()
        judged.append(list(texts))

    monkeypatch.setattr(Judging, "judge", judge)
    while not judged:
        assert index.search(QUESTION)[0].degraded == ""
    assert told(events) == ["Searches are not judged: OSError: away."]


def test_many_questions_are_encoded_once_and_judged_by_blocks(project, events, judged):
    encoder = CountingEncoder(project.models.named(str(project.workspace.project / "run")))
    questions = [f"bleed the caliper of truck {number}" for number in range(150)]
    index = OpenedIndex(project, encoder=project.models.remembering(encoder), judging=True)
    index.search_batch(questions)
    index.advise(questions)
    index.close()
    assert sorted(encoder.texts) == sorted(questions)
    assert [len(block) for block in judged] == [64, 64, 22] * 2


@pytest.mark.parametrize("fails", [False, True])
def test_half_a_character_keeps_no_other_question_from_being_judged(opened, events, judged, fails):
    index, encoder = opened()
    whole, half = "bleed the brake", "bleed \ud800"

    def refuse():
        raise TypeError("no text")

    plain = encoder.encode

    def encode(texts):
        encoder.before = refuse if fails and half in texts else lambda: None
        return plain([text for text in texts if text != half] + [whole] * (half in texts))

    encoder.encode = encode
    for _ in range(2):
        assert all(index.search_batch([whole, half, QUESTION]))
    assert judged == [[whole, QUESTION]] * 2
    assert told(events) == ["Searches are not judged: a question holds half a character; the others are."]
    assert index.search(half)
    assert len(judged) == 2


def test_advice_without_a_log_is_said_to_be_none(project, events, judged):
    log = project.config.query_log.model_copy(update={"file": ""})
    own = replace(project, config=project.config.model_copy(update={"query_log": log}))
    index = OpenedIndex(own, judging=True)
    assert index.search(QUESTION)
    index.close()
    assert judged == []
    assert told(events) == [
        "Searches are not judged: query_log.advise is on, and query_log.file names no log for what is found."
    ]
