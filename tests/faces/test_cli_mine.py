"""`mine`: every option reaches the miner, and what cannot be mined is said."""

from __future__ import annotations

import json

import pytest

from embedtune.config.settings import EmbedtuneConfig
from qdrant_stand_in import StandInServer, started


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def sources(path):
    return {source for row in rows(path) for source in row.get("negative_sources", [])}


@pytest.fixture
def pairs(embedtune, project):
    assert embedtune("generate", "docs", "-o", "pairs.jsonl", "--quiet").code == 0
    return project / "pairs.jsonl"


@pytest.fixture
def server():
    held = StandInServer()
    stop = started(held)
    yield held
    stop()


def mined(embedtune, *arguments):
    answer = embedtune("mine", "pairs.jsonl", "-o", "mined.jsonl", "--json", *arguments)
    assert answer.code == 0, answer.err
    return answer.json


def test_negatives_carry_source_and_score(embedtune, pairs, project):
    told = mined(embedtune)
    found = [row for row in rows(project / "mined.jsonl") if row.get("negative")]
    assert told["negatives"] == len(found) > 0
    for row in found:
        assert row["hard_negative"] is True
        assert len(row["negative_sources"]) == len(row["negative_scores"]) == 1
    assert sources(project / "mined.jsonl") <= {"bm25", "base", "cross_domain"}
    assert mined(embedtune) == told


def test_a_corpus_and_named_sources(embedtune, pairs, project):
    mined(embedtune, "--corpus", "docs", "--source", "hybrid:1", "--source", "bm25", "--negatives", "3")
    assert sources(project / "mined.jsonl") >= {"hybrid", "bm25"}
    most = [row.get("negative_sources", []).count("hybrid") for row in rows(project / "mined.jsonl")]
    assert max(most) == 1


def test_a_model_ranks_in_place_of_the_base(embedtune, pairs, project):
    mined(embedtune, "--model", "base", "--negatives", "2")
    assert "base" not in sources(project / "mined.jsonl")
    assert "current" in sources(project / "mined.jsonl")


def test_limits_reach_the_miner(embedtune, pairs, project):
    everything = mined(embedtune, "--margin", "0")["negatives"]
    assert mined(embedtune, "--max-score", "-1")["negatives"] == 0
    assert mined(embedtune, "--margin", "1")["negatives"] < everything
    assert mined(embedtune, "--margin", "0", "--depth", "1", "--skip-top", "900")["negatives"] < everything


def test_replace(embedtune, pairs, project):
    mined(embedtune, "--source", "bm25")
    (project / "mined.jsonl").rename(project / "pairs.jsonl")
    mined(embedtune, "--source", "base")
    assert "bm25" in sources(project / "mined.jsonl")
    mined(embedtune, "--source", "base", "--replace")
    assert "bm25" not in sources(project / "mined.jsonl")


def test_a_beir_folder(embedtune, pairs, project):
    folder = project / "beir"
    folder.mkdir()
    documents = [{"_id": f"d{n}", "title": "", "text": f"grease the winch drum number {n} twice"} for n in range(3)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    mined(embedtune, "--beir", "beir", "--source", "bm25", "--margin", "0")
    given = {row.get("negative") for row in rows(project / "mined.jsonl")} - {None}
    assert given <= {row["text"] for row in documents}


def test_a_qdrant_collection(embedtune, pairs, project, server):
    texts = [f"turn the painted lever {n} of the winch until its lamp shows green" for n in range(6)]
    server.collections = {"manuals": [([0.1 * n] * 16, {"body": text}) for n, text in enumerate(texts)]}
    server.vectors = {"size": 16, "distance": "Cosine"}
    given = ("--qdrant", server.url, "--collection", "manuals", "--text-field", "body", "--margin", "0")
    mined(embedtune, *given, "--source", "qdrant")
    assert sources(project / "mined.jsonl") <= {"qdrant", "cross_domain"}
    assert {method for method, _ in server.requests} == {"GET", "POST"}
    assert all("/points/" not in path or "query" in path or "scroll" in path for _, path in server.requests)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--source", "current"), "`current` cannot be mined here"),
        (("--source", "qdrant"), "no server or collection is named"),
        (("--source", "google"), "'google' is not one of bm25, base, current, hybrid, qdrant"),
        (("--source", "bm25:9"), "the quota of bm25 is not a number from 1 to 8"),
        (("--source", "bm25", "--source", "bm25:2"), "a source stands twice"),
        (("--qdrant", "http://127.0.0.1:9", "--collection", "c"), "cannot be reached"),
        (("--model", "nowhere"), "nowhere"),
        (("--corpus", "docs", "--beir", "docs"), "not both"),
        (("--corpus", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_mined_is_said_and_writes_nothing(embedtune, pairs, project, arguments, message):
    answer = embedtune("mine", "pairs.jsonl", "-o", "mined.jsonl", *arguments)
    assert answer.code == 2
    assert message in " ".join(answer.err.split())
    assert not (project / "mined.jsonl").exists()


def test_the_defaults_are_those_of_the_settings():
    assert EmbedtuneConfig().negatives.quotas == {"bm25": 1, "base": 1}
