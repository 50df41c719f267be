"""A model behind a server is evaluated as any other, and asked as little as need be."""

from __future__ import annotations

import dataclasses
import json

import pytest

from embedding_server import EmbeddingServer, by_words
from embedtune.config.data_settings import CorpusSettings
from embedtune.config.settings import RemoteSettings
from embedtune.corpus.folder import read_folder
from embedtune.encoders.remote import PROBE
from embedtune.errors import InputError, ModelError
from embedtune.evaluation.trec import read_run, run_file_name
from embedtune.pipeline.evaluation import evaluate, write_evaluation
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.sampling import sample_questions
from embedtune.pipeline.systems import SystemSpec
from embedtune.pipeline.wiring import vector_cache
from llm_server import complaint
from project_samples import judged_questions, write_corpus
from stand_in_models import stand_in_project


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    docs = write_corpus(tmp_path_factory.mktemp("corpus") / "docs")
    sections = read_folder(docs, CorpusSettings()).sections
    return QuestionSet("set", sections, judged_questions(sections, "t", 1))


@pytest.fixture
def server():
    with EmbeddingServer() as started:
        yield started


def specs(*names):
    return [SystemSpec.parse(name) for name in names]


def project_with(tmp_path, events=None, **changes):
    project = stand_in_project(tmp_path, events, **changes)
    return dataclasses.replace(
        project, models=dataclasses.replace(project.models, remote=RemoteSettings(max_retries=0))
    )


def test_it_is_measured_beside_the_others(tmp_path, questions, server):
    names = ("base", "bm25", server.name, f"hybrid:{server.name}")
    record = evaluate(project_with(tmp_path), questions, specs(*names))
    assert tuple(result.system for result in record.evaluation.systems) == names
    blind, remote = (record.evaluation.system(name).values["recall@5"] for name in ("base", server.name))
    assert remote > blind
    assert record.evaluation.comparison("ndcg@10", "base", server.name) is not None
    assert [request.texts for request in server.log].count([PROBE]) == 1


def test_result_says_what_each_system_searched(tmp_path, questions, server):
    record = evaluate(project_with(tmp_path, retrieval__passage_words=[8]), questions, specs("bm25", server.name))
    details = record.details
    assert details["candidates"] == {
        "sections": len(questions.sections),
        "passage_choices": ["8 words", "whole section"],
        "sections_per_component": 100,
    }
    searched = {name: system["passages_searched"] for name, system in details["systems"].items()}
    assert searched["bm25"] == len(questions.sections) < searched[server.name]
    assert details["systems"][server.name]["model"].startswith("sha256:")
    assert details["sample"] is None


def test_result_says_how_questions_were_drawn(tmp_path, questions):
    sample = sample_questions(questions, 4, 9, lambda event: None)
    record = evaluate(project_with(tmp_path), sample.questions, specs("bm25"), sample=sample)
    assert record.evaluation.n == 4
    assert record.details["sample"]["seed"] == 9
    assert json.loads(json.dumps(record.details))["sample"]["of"] == len(questions.test.queries)


def test_run_file_of_a_remote_name(tmp_path, questions, server):
    record = evaluate(project_with(tmp_path), questions, specs(server.name, f"hybrid:{server.name}"))
    write_evaluation(record, questions, tmp_path / "result.json")
    names = sorted(path.name for path in (tmp_path / "runs").glob("*.run"))
    assert names == sorted(run_file_name(name) for name in (server.name, f"hybrid:{server.name}"))
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-") for name in names)
    run = read_run(tmp_path / "runs" / run_file_name(server.name), record.evaluation.corpus_digest)
    assert run.system == server.name
    assert run.rankings == record.evaluation.runs[0].rankings


def test_second_evaluation_asks_for_the_probe_alone(tmp_path, questions, server):
    first = evaluate(project_with(tmp_path), questions, specs(server.name))
    server.log.clear()
    second = evaluate(project_with(tmp_path), questions, specs(server.name))
    assert [request.texts for request in server.log] == [[PROBE]]
    assert second.evaluation == first.evaluation


def test_exchanged_model_is_not_taken_for_the_one_before(tmp_path, questions, server):
    evaluate(project_with(tmp_path), questions, specs(server.name))
    server.script = by_words(salt="another model")
    server.log.clear()
    evaluate(project_with(tmp_path), questions, specs(server.name))
    assert sum(len(request.texts) for request in server.log) > len(questions.sections)


def test_evaluation_that_broke_off_goes_on(tmp_path, questions, server):
    good = server.script
    server.script = lambda request: good(request) if request.number < 2 else complaint(503)
    with pytest.raises(ModelError, match="HTTP 503"):
        evaluate(project_with(tmp_path, retrieval__passage_words=[8]), questions, specs(server.name))
    server.script = good
    evaluate(project_with(tmp_path, retrieval__passage_words=[8]), questions, specs(server.name))


def test_room_of_nothing_keeps_nothing(tmp_path, questions, server):
    evaluate(project_with(tmp_path, cache__vectors_mib=0), questions, specs(server.name))
    assert not (tmp_path / ".embedtune").exists()


def test_cache_lies_in_the_workspace(tmp_path, questions):
    project = project_with(tmp_path)
    evaluate(project, questions, specs("base"))
    cache = vector_cache(project.workspace.folder("cache"), project.config.cache, project.report)
    assert cache.budget_bytes == 4096 << 20
    assert list(cache.folder.glob("*/*.safetensors"))


def test_server_is_asked_once_a_project(tmp_path, server):
    models = project_with(tmp_path).models
    assert models.named(server.name) is models.named(server.name.replace("/v1#", "/v1/#"))
    assert len(server.log) == 1


def test_name_that_is_none(tmp_path):
    with pytest.raises(InputError, match="names no model"):
        project_with(tmp_path).models.named("remote:http://127.0.0.1:9/v1")
