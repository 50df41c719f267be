"""Publishing and looking after versions; exit code 1 where the evidence or a file says no."""

from __future__ import annotations

import json
import shutil

import pytest

from project_samples import snapshot

RUN = ".embedtune/run"
RESULT = ".embedtune/evaluation/evaluation.json"


@pytest.fixture
def version(done):
    return done / "models" / "embedtune-v1.0"


@pytest.mark.parametrize("options", [[], ["--evaluation", RESULT]], ids=["no-evaluation", "no-gain"])
def test_gate_refuses(embedtune, done, options):
    before = snapshot(done)
    answer = embedtune("publish", RUN, "--version", "v2.0", *options)
    assert answer.code == 1
    assert answer.err.startswith("Error: ")
    assert "--force-without-gain" in answer.err
    told = embedtune("publish", RUN, "--version", "v2.0", *options, "--json")
    assert told.json["exit_code"] == told.code == 1
    assert snapshot(done) == before


def test_reason_publishes(embedtune, done):
    answer = embedtune(
        "publish", RUN, "--version", "v2.0", "--name", "mine", "--evaluation", RESULT, "--notes", "first try",
        "--force-without-gain", "the boss wants it", "--registry", "elsewhere", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert answer.json["version"] == "mine-v2.0"
    assert answer.json["folder"] == "elsewhere/mine-v2.0"
    card = json.loads((done / "elsewhere" / "mine-v2.0" / "model_card.json").read_text())
    assert card["published_without_gain"] == "the boss wants it"
    assert card["notes"] == "first try"
    assert card["base_model"] == "base"


def test_list(embedtune, done):
    answer = embedtune("models", "list")
    assert answer.code == 0
    assert "embedtune-v1.0" in answer.out
    (listed,) = embedtune("models", "list", "--json").json["versions"]
    assert listed["version"] == "embedtune-v1.0"
    assert listed["folder"] == "models/embedtune-v1.0"


def test_list_of_nothing(embedtune, project):
    answer = embedtune("models", "list")
    assert (answer.code, answer.out) == (0, "No version.\n")
    assert embedtune("models", "list", "--json").json == {"versions": []}


def test_list_leaves_a_damaged_version_out_and_says_so(embedtune, version):
    (version / "manifest.json").write_text("{}")
    answer = embedtune("models", "list", "--json")
    assert answer.json == {"versions": []}
    assert "embedtune-v1.0 is left out" in answer.err


def test_show(embedtune, version):
    answer = embedtune("models", "show", "v1.0")
    assert answer.code == 0
    assert answer.out.startswith("\n# embedtune v1.0")
    assert "model-index" not in answer.out
    told = embedtune("models", "show", "embedtune-v1.0", "--json")
    assert told.json == json.loads((version / "model_card.json").read_text())


def test_verify(embedtune, version):
    answer = embedtune("models", "verify", "v1.0")
    assert answer.code == 0
    files = len(json.loads((version / "manifest.json").read_text())["files"])
    assert answer.out == f"embedtune-v1.0: all {files} files are as published.\n"
    assert embedtune("models", "verify", "v1.0", "--json").json == {
        "version": "embedtune-v1.0",
        "ok": True,
        "digest": json.loads((version / "manifest.json").read_text())["digest"],
        "signed_by": "",
        "problems": [],
    }


def flip(version):
    path = version / "model" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return "model/model.safetensors", "altered"


def add(version):
    (version / "model" / "extra.json").write_text("{}")
    return "model/extra.json", "added"


def remove(version):
    (version / "training.log").unlink()
    return "training.log", "missing"


@pytest.mark.parametrize("tamper", [flip, add, remove])
def test_verify_names_the_file(embedtune, version, tamper):
    path, kind = tamper(version)
    answer = embedtune("models", "verify", "v1.0")
    assert answer.code == 1
    assert answer.out.startswith(f"{kind}: {path} (")
    told = embedtune("models", "verify", "v1.0", "--json")
    assert told.code == 1
    assert not told.json["ok"]
    assert [(problem["path"], problem["kind"]) for problem in told.json["problems"]] == [(path, kind)]


@pytest.mark.parametrize("damage", ["{}", "[", None])
@pytest.mark.parametrize("command", ["verify", "show"])
def test_damaged_manifest_is_a_failed_verification(embedtune, version, damage, command):
    (version / "manifest.json").unlink()
    if damage:
        (version / "manifest.json").write_text(damage)
    answer = embedtune("models", command, "v1.0")
    assert answer.code == 1
    assert "manifest.json" in answer.err


def test_tampered_version_is_not_measured(embedtune, version, done):
    flip(version)
    answer = embedtune("evaluate", "--test-suite", "suite.json", "--corpus", "docs", "--system", "v1.0")
    assert answer.code == 1
    assert "model/model.safetensors: altered" in answer.err


def test_tampered_version_is_not_searched_with(embedtune, version, done):
    flip(version)
    answer = embedtune("search", "bleed the brake caliper", "--limit", "1", "--json")
    assert answer.code == 0
    assert "its model cannot be used here" in answer.json["degraded"]
    (hit,) = answer.json["hits"]
    assert answer.json["degraded"].startswith("tuned hybrid: ")
    assert sorted(hit["component_ranks"]) == ["bm25", "dense"]  # the base model's, on its own index
    assert hit["degraded"] == answer.json["degraded"]
    assert "model/model.safetensors: altered" in answer.err


def test_tampered_version_fits_no_detector(embedtune, version, done):
    flip(version)
    shutil.copy(done / "suite.json", done / "queries.txt")
    answer = embedtune("anomaly", "fit", "--queries", "queries.txt", "--model", "v1.0")
    assert answer.code == 1
