"""``models verify --behaviour`` and ``evaluate --robustness``."""

from __future__ import annotations

import json

import pytest

ASKED = ("evaluate", "--test-suite", "suite.json", "--corpus", "docs", "--system", "base", "--system", "bm25")


def test_a_saved_model_behaves(embedtune, project):
    answer = embedtune("models", "verify", "base", "--behaviour")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert len(lines) == 7
    assert all(line.startswith("✓ ") for line in lines)
    assert "✓ dimension: 16 in its vectors, 16 by the model" in lines


def test_behaviour_on_documents_as_json(embedtune, project):
    told = embedtune("models", "verify", "base", "--behaviour", "--corpus", "docs", "--json").json
    assert told["version"] == "base"
    assert told["behaviour"]["texts"] == "docs"
    assert told["ok"] == all(check["passed"] for check in told["behaviour"]["checks"])
    assert {"check", "passed", "value"} == set(told["behaviour"]["checks"][0])


def test_a_model_that_does_not_load_fails(embedtune, project):
    weights = next((project / "base").rglob("model.safetensors"))
    weights.write_bytes(weights.read_bytes()[:100])
    answer = embedtune("models", "verify", "base", "--behaviour")
    assert answer.code == 1
    assert answer.out.startswith("✗ loads and encodes: The model in base cannot be loaded")
    assert not embedtune("models", "verify", "base", "--behaviour", "--json").json["ok"]


@pytest.mark.parametrize(
    "arguments",
    [["v9.9", "--behaviour"], ["base"], ["base", "--corpus", "docs"]],
    ids=["unknown", "no-manifest", "corpus"],
)
def test_what_is_no_version_is_refused(embedtune, project, arguments):
    answer = embedtune("models", "verify", *arguments)
    assert answer.code in {1, 2}
    assert answer.out == ""
    assert "Error: " in answer.err


def test_a_version_behaves(embedtune, done):
    answer = embedtune("models", "verify", "v1.0", "--behaviour")
    assert answer.code == 0, answer.err
    first, *checks = answer.out.splitlines()
    assert first.endswith("files are as published.")
    assert "✓ dimension: 16 in its vectors, 16 by the model, 16 on the card" in checks


def test_a_tampered_version_is_not_loaded(embedtune, done):
    with (done / "models" / "embedtune-v1.0" / "model" / "modules.json").open("a") as stream:
        stream.write(" ")
    told = embedtune("models", "verify", "v1.0", "--behaviour", "--json")
    assert told.code == 1
    assert [problem["path"] for problem in told.json["problems"]] == ["model/modules.json"]
    (check,) = told.json["behaviour"]["checks"]
    assert not check["passed"]


def test_robustness_is_in_the_result(embedtune, project):
    answer = embedtune(*ASKED, "--robustness", "-o", "result.json")
    assert answer.code == 0, answer.err
    written = json.loads((project / "result.json").read_text())["robustness"]
    assert [one["system"] for one in written["systems"]] == ["base", "bm25"]
    assert written["systems"][0]["total"] >= 111
    rows = [line for line in answer.out.splitlines() if "typos" in line]
    assert len(rows) == 1
    assert "same answer kept" in rows[0]


def test_robustness_is_off(embedtune, project):
    assert "robustness" not in embedtune(*ASKED, "--json").json
