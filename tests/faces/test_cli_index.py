from __future__ import annotations

import json
import shutil

import pytest

from embedtune.cli.main import BAD_INPUT, REFUSED
from project_samples import body
from qdrant_rest_server import RestServer

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]
QUESTION = "bleed the brake caliper"
STORE = ".embedtune/index/corpus"


def test_index_again_encodes_what_changed_alone(embedtune, project):
    first = embedtune("index", "docs", "--model", "base", "--store", "store", "--json").json
    assert first["update"] == {
        "added": 24,
        "changed": 0,
        "removed": 0,
        "unchanged": 0,
        "encoded": first["passage_count"],
        "reused": 0,
    }
    assert first["baseline"] is None
    path = project / "docs" / "forklift" / "lift.md"
    path.write_text(f"{path.read_text()}\n## Check the towing hook\n\n{body('forklift', 'towing hook')}\n")
    answer = embedtune("index", "docs", "--model", "base", "--store", "store")
    assert answer.out.endswith("in store: 1 added, 0 changed, 0 removed, 24 as before\n")
    found = embedtune("search", "towing hook", "--store", "store", "--limit", "1", "--json").json
    assert found["hits"][0]["heading_path"] == ["Check the towing hook"]


def test_base_model_stands_by_unless_it_is_not_wanted(embedtune, done):
    arguments = ["index", "docs", "--model", "v1.0", "--store", "store", "--json"]
    assert embedtune(*arguments, "--no-baseline").json["baseline"] is None
    assert embedtune(*arguments).json["baseline"].startswith("sha256:")
    shutil.rmtree("models", ignore_errors=True)
    found = embedtune("search", QUESTION, "--store", "store", "--limit", "2", "--json")
    assert (found.code, found.json["version"]) == (0, "v1.0")
    assert found.json["degraded"].startswith("tuned hybrid: the index was made with v1.0")
    assert all(set(hit["component_ranks"]) == {"dense", "bm25"} for hit in found.json["hits"])
    told = embedtune("search", QUESTION, "--store", "store")
    assert "Degraded search: tuned hybrid" in told.err
    strict = embedtune("search", QUESTION, "--store", "store", "--strict")
    assert strict.code == BAD_INPUT
    assert "its model cannot be used here" in strict.err


def test_strict_search_refuses_a_tampered_version_as_verifying_does(embedtune, done):
    (done / "models" / "embedtune-v1.0" / "model" / "extra.json").write_text("{}")
    assert embedtune("search", QUESTION, "--strict").code == REFUSED
    assert embedtune("search", QUESTION).code == 0


def test_search_filters(embedtune, done):
    arguments = ["search", "until the screw", "--limit", "30", "--json"]
    assert {hit["domain"] for hit in embedtune(*arguments, "--meta", "path=tractor/field.txt").json["hits"]} == {
        "tractor"
    }
    both = embedtune(*arguments, "--meta", "path=tractor/field.txt", "--domain", "forklift").json
    assert both["hits"] == []
    sure = embedtune(*arguments, "--threshold", "0.4").json["hits"]
    every = embedtune(*arguments).json["hits"]
    assert sure == [hit for hit in every if hit["confidence"] >= 0.4]
    assert embedtune(*arguments, "--kind", "poem").code == BAD_INPUT
    assert embedtune(*arguments, "--meta", "path").code == BAD_INPUT


def test_an_index_is_moved_to_a_server_and_searched_there(embedtune, done):
    with RestServer() as server:
        moved = embedtune("index", "--from", STORE, "--store", server.url, "--collection", "manuals", "--json")
        assert moved.code == 0, moved.err
        current, baseline = moved.json["collections"]
        assert (current["version"], baseline["version"]) == ("embedtune-v1.0", "base")
        assert current["section_count"] == baseline["section_count"] == 24
        assert current["greatest_difference"] < 1e-6
        here = embedtune("search", QUESTION, "--json").json["hits"]
        asked = ["search", QUESTION, "--store", server.url, "--collection", "manuals", "--json"]
        there = embedtune(*asked).json
        assert there["degraded"] == ""
        assert [hit["section_id"] for hit in there["hits"]] == [hit["section_id"] for hit in here]
        answer = embedtune("index", "--from", STORE, "--store", server.url, "--collection", "manuals")
        assert "the same as in" in answer.out
        server.fail = 10_000
        away = embedtune(*asked)
        assert away.code == 0
        assert "answered with the status 500" in away.json["degraded"]
        assert away.json["hits"][0]["heading_path"] == ["Bleed the brake caliper"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", STORE], "--from copies an index: give --store"),
        (["docs", "--from", STORE, "--store", "x"], "--from copies an index: give --store"),
        (["--from", "nowhere", "--store", "x"], "nowhere holds no index"),
        (["docs", "--model", "base", "--store", "http://"], "The store's address"),
    ],
)
def test_moves_that_cannot_be(embedtune, project, arguments, message):
    answer = embedtune("index", *arguments)
    assert answer.code == BAD_INPUT
    assert message in answer.err
    assert json.loads(embedtune("index", *arguments, "--json").out)["exit_code"] == BAD_INPUT
