"""A server that is absent, slow, failing, full of another model's vectors or guarded: a search answers and says so."""

from __future__ import annotations

import dataclasses
import shutil
import socket

import pytest

from embedtune.errors import InputError, ModelError
from embedtune.pipeline.index_command import index_corpus
from embedtune.pipeline.project import with_value
from embedtune.pipeline.searching import OpenedIndex
from embedtune.pipeline.stores import open_store
from embedtune.vocabulary.retrieval import Mode
from index_samples import QUESTION, fresh, held_in
from project_samples import write_corpus
from qdrant_rest_server import RestServer
from stand_in_models import stand_in_project, write_stand_in_run

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]
BRAKES = ("Bleed the brake caliper",)


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "docs")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_stand_in_run(tmp_path / "run", "good")
    made = stand_in_project(tmp_path)
    config = with_value(with_value(made.config, "index", "max_retries", 2), "search", "timeout_seconds", 2.0)
    return dataclasses.replace(made, config=config)


@pytest.fixture
def server():
    with RestServer() as running:
        yield running


@pytest.fixture
def indexed(project, docs, server):
    run = str(project.workspace.project / "run")
    return index_corpus(project, corpus=docs, beir=None, model=run, place=server.url)


def searched(project, place, **options):
    index = OpenedIndex(fresh(project), place, **options)
    try:
        return index.search(QUESTION, 3)
    finally:
        index.close()


def test_a_server_that_is_well_answers_as_the_embedded_engines_do(project, docs, server, indexed):
    run = str(project.workspace.project / "run")
    index_corpus(project, corpus=docs, beir=None, model=run, place=project.workspace.project / "local")
    here = searched(project, project.workspace.project / "local")
    there = searched(project, server.url)
    assert [hit.section_id for hit in there] == [hit.section_id for hit in here]
    assert [hit.score for hit in there] == pytest.approx([hit.score for hit in here], abs=1e-5)
    assert there[0].component_scores["bm25"] == pytest.approx(here[0].component_scores["bm25"], rel=1e-5)
    assert there[0].degraded == ""
    assert ("POST", "/collections/embedtune-" + indexed.current.name + "/points/query") in server.requests


def test_an_absent_server_is_answered_for_by_the_words_of_the_last_visit(project, server, indexed):
    assert searched(project, server.url)[0].degraded == ""
    url = server.url
    server.__exit__()
    server.__exit__ = lambda *error: None
    hits = searched(project, url)
    assert hits[0].heading_path == BRAKES
    assert "cannot be reached" in hits[0].degraded
    assert set(hits[0].component_ranks) == {"bm25"}
    with pytest.raises(InputError, match="cannot be reached"):
        searched(project, url, strict=True)


def test_an_absent_server_that_was_never_visited_is_an_error(project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError, match=r"cannot be reached.*Start it, or check the address"):
        searched(project, url)


def test_a_server_that_goes_away_while_it_is_searched(project, server, indexed):
    index = OpenedIndex(fresh(project), server.url)
    assert index.search(QUESTION)[0].degraded == ""
    for trouble, reason in ((("fail", 1000), "status 500"), (("wait", 8.0), "no answer in time")):
        setattr(server, *trouble)
        hit = index.search(QUESTION)[0]
        assert (hit.heading_path, set(hit.component_ranks)) == (BRAKES, {"bm25"})
        assert reason in hit.degraded
        server.fail, server.wait = 0, 0.0
    assert index.search(QUESTION, mode=Mode.BM25)[0].degraded == ""
    index.close()


def test_what_others_write_meanwhile_does_not_disturb_an_open_search(project, docs, server, indexed, tmp_path):
    index = OpenedIndex(fresh(project), server.url)
    before = index.search(QUESTION, 5)
    more = tmp_path / "more"
    shutil.copytree(docs, more)
    (more / "forklift" / "new.md").write_text(f"# {BRAKES[0]}\n\n{' '.join([QUESTION] * 8)}\n")
    run = str(project.workspace.project / "run")
    index_corpus(project, corpus=more, beir=None, model=run, place=server.url)
    after = index.search(QUESTION, 5)
    assert [(hit.section_id, hit.degraded) for hit in after] == [(hit.section_id, "") for hit in before]
    index.close()
    assert QUESTION * 2 in searched(project, server.url)[0].passage.replace(f"{QUESTION} ", QUESTION)


def test_strict_search_raises_what_the_server_said(project, server, indexed):
    index = OpenedIndex(fresh(project), server.url, strict=True)
    server.fail = 1000
    with pytest.raises(InputError, match="answered with the status 500"):
        index.search(QUESTION)
    index.close()


def test_wrong_dimensions_are_refused_and_answered_for(project, server, indexed):
    from qdrant_client.models import Distance, VectorParams

    name = f"embedtune-{indexed.current.name}"
    searched(project, server.url)
    store = open_store(project, server.url)
    payloads = [(p.id, p.payload) for p in server.client.scroll(name, limit=1000)[0] if "row" in p.payload]
    server.client.delete_collection(name)
    server.client.create_collection(name, vectors_config={"dense": VectorParams(size=7, distance=Distance.COSINE)})
    from qdrant_client.models import PointStruct

    server.client.upsert(name, [PointStruct(id=id_, vector={}, payload=payload) for id_, payload in payloads])
    server.client.update_collection_aliases(_alias(name))
    hits = searched(project, server.url)
    assert "7 dimensions, not of 32" in hits[0].degraded
    assert "baseline" not in hits[0].degraded
    with pytest.raises(ModelError, match="7 dimensions"):
        searched(project, server.url, strict=True)
    store.close()


def _alias(name):
    from qdrant_client.models import CreateAlias, CreateAliasOperation

    return [CreateAliasOperation(create_alias=CreateAlias(collection_name=name, alias_name="embedtune"))]


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_a_key_comes_from_the_environment_and_is_never_shown(project, docs, server, monkeypatch):
    server.key = "top-secret"
    run = str(project.workspace.project / "run")
    with pytest.raises(InputError, match="refuses the request") as caught:
        index_corpus(project, corpus=docs, beir=None, model=run, place=server.url)
    monkeypatch.setenv("QDRANT_API_KEY", "top-secret")
    made = index_corpus(project, corpus=docs, beir=None, model=run, place=server.url)
    assert "top-secret" not in f"{caught.value}{made}"
    assert searched(project, server.url)[0].degraded == ""


def test_failures_that_pass_are_tried_again_while_indexing(project, docs, server, monkeypatch):
    monkeypatch.setattr("embedtune.index.server_connection.backoff_seconds", lambda attempt, salt: 0.0)
    server.fail, server.status = 2, 503
    run = str(project.workspace.project / "run")
    made = index_corpus(project, corpus=docs, beir=None, model=run, place=server.url)
    assert made.current.counts.added == 24
    store = open_store(project, server.url)
    found, held = held_in(store)
    assert held == {passage.id for passage in found.passages}
    server.fail = 3
    with pytest.raises(InputError, match="status 503"):
        store.pointer()
    store.close()


def test_what_is_no_address_of_a_server_is_refused(project):
    for url in ("http://", "http://user:secret@host:6333", "http://host:6333?x=1"):
        with pytest.raises(InputError, match=r"The store's address") as caught:
            searched(project, url)
        assert "secret" not in str(caught.value)
