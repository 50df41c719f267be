"""`cluster`, `duplicates --store`, `similarity` and `answers`, on the command line and in Python."""

from __future__ import annotations

import json

import pytest

from embedtune import VectorUses
from embedtune.index.description import Engine
from embedtune.index.folder_store import FolderStore
from embedtune.pipeline.opening import read_index

INDEX = ".embedtune/index/corpus"


def test_cluster(embedtune, done):
    answer = embedtune("cluster", "--clusters", 4, "--json")
    assert answer.code == 0
    found = answer.json
    assert 1 <= len(found["clusters"]) <= 4
    assert sum(cluster["size"] for cluster in found["clusters"]) == found["sections"]
    assert all(cluster["label"] and cluster["sections"] for cluster in found["clusters"])

    text = embedtune("cluster", "--store", INDEX, "-o", "clusters.json").out
    assert "clusters in clusters.json" in text
    assert json.loads((done / "clusters.json").read_text())["sections"] == found["sections"]
    assert " sections, " in embedtune("cluster").out
    assert embedtune("cluster", "--clusters", 10_000).code == 2


def test_duplicates_of_an_index(embedtune, done):
    loose = embedtune("duplicates", "--store", INDEX, "--threshold", 0.01, "--json").json
    assert loose["passages"] == read_index(FolderStore(done / INDEX)).words.description.passage_count
    assert len(loose["clusters"]) == 1
    strict = embedtune("duplicates", "--store", INDEX, "-o", "near.json")
    assert (strict.code, "in near.json" in strict.out) == (0, True)
    assert embedtune("duplicates", "--store", INDEX, "--threshold", 0.01).out.count("#") > 2


def test_duplicates_wants_documents_or_an_index(embedtune, done):
    assert embedtune("duplicates").code == 2
    assert embedtune("duplicates", "docs", "--store", INDEX).code == 2
    assert embedtune("duplicates", "--store", "docs").code == 2
    assert embedtune("duplicates", "--store", INDEX, "--threshold", 0).code == 2


def test_the_engine_that_holds_the_vectors_makes_no_difference(embedtune, done):
    exact = VectorUses().duplicates(INDEX, 0.9)
    assert embedtune("index", "docs", "--model", "v1.0", "--store", "other", "--engine", Engine.QDRANT.value).code == 0
    other = VectorUses().duplicates("other", 0.9)
    assert other.passage_count == exact.passage_count
    assert {frozenset(p.id for p in cluster) for cluster in other.clusters} == {
        frozenset(p.id for p in cluster) for cluster in exact.clusters
    }


def test_similarity(embedtune, done):
    same = embedtune("similarity", "bleed the brakes", "bleed the brakes", "--json").json
    assert same["similarity"] == pytest.approx(1.0, abs=1e-5)
    assert embedtune("similarity", "oil", "brakes", "--model", "v1.0").code == 0
    assert embedtune("similarity", "oil", " ").code == 2
    assert VectorUses().similarity("oil", "oil") == pytest.approx(1.0, abs=1e-5)


@pytest.fixture
def faq(done):
    rows = [
        {"question": "How long is the warranty?", "answer": "Two years from the day of purchase."},
        {"question": "Which oil does the pump take?", "answer": "Take SAE 10W-30 and nothing else."},
        {"question": "Which oil does the pump take?", "answer": "Take SAE 10W-30 and nothing else."},
    ]
    (done / "faq.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return "faq.jsonl"


def test_answers(embedtune, faq):
    found = embedtune("answers", faq, "10w30", "--json").json["hits"]
    assert found[0]["passage"] == "Take SAE 10W-30 and nothing else."
    assert found[0]["heading_path"] == ["Which oil does the pump take?"]
    assert len(found) == 2
    assert "Two years" in embedtune("answers", faq, "warranty", "--limit", 1).out
    assert VectorUses().answers(faq, "how long is the warranty", limit=1)[0]["content"].startswith("Two years")


def test_answers_of_nothing_are_refused(embedtune, faq, done):
    (done / "empty.jsonl").write_text("")
    assert embedtune("answers", "empty.jsonl", "oil").code == 2
    assert embedtune("answers", "absent.jsonl", "oil").code == 2
    assert embedtune("answers", faq, " ").code == 2
    assert embedtune("answers", faq, "oil", "--limit", 0).code == 2
