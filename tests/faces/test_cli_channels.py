"""Keys, signatures, channels, differences and pruning from the command line."""

from __future__ import annotations

import json
import shutil

import pytest

from project_samples import snapshot
from version_samples import unsealed

RUN = ".embedtune/run"


@pytest.fixture
def version(done):
    return done / "models" / "embedtune-v1.0"


@pytest.fixture
def keys(embedtune, done):
    assert embedtune("models", "keygen", "keys/release").code == 0
    assert embedtune("models", "keygen", "keys/other").code == 0
    return done / "keys"


def publish(embedtune, number, *options):
    answer = embedtune("publish", RUN, "--version", number, "--force-without-gain", "a test", *options, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def trust(done, required):
    config = done / "embedtune.toml"
    trusted = f'[trust]\nallowed_keys = ["keys/release.pub"]\nrequire_signature = {str(required).lower()}\n'
    config.write_text(f"{config.read_text()}\n{trusted}")


def test_keygen_makes_a_pair_and_replaces_none(embedtune, done):
    told = embedtune("models", "keygen", "keys/release", "--json").json
    assert told["private_key"] == "keys/release.key"
    assert len(told["identity"]) == 64
    before = snapshot(done / "keys")
    answer = embedtune("models", "keygen", "keys/release")
    assert answer.code == 2
    assert "exists already" in answer.err
    assert snapshot(done / "keys") == before


def test_a_signed_version_is_verified_with_its_key(embedtune, keys):
    publish(embedtune, "v2.0", "--sign", keys / "release.key")
    told = embedtune("models", "verify", "v2.0", "--public-key", keys / "release.pub", "--json")
    assert (told.code, told.json["ok"]) == (0, True)
    assert told.json["signed_by"].endswith("release.pub")
    for reference, key in (("v2.0", "other.pub"), ("v1.0", "release.pub")):
        answer = embedtune("models", "verify", reference, "--public-key", keys / key)
        assert answer.code == 1
        assert answer.out.startswith("wrong signature: manifest.sig (")


def test_a_noted_digest_is_checked(embedtune, version):
    digest = json.loads((version / "manifest.json").read_text())["digest"]
    assert embedtune("models", "verify", f"v1.0@{digest}").code == 0
    answer = embedtune("models", "verify", "v1.0@sha256:" + "0" * 64)
    assert answer.code == 1
    assert "manifest.json: altered" in answer.err


def test_what_the_settings_do_not_trust_is_not_used(embedtune, done, keys):
    publish(embedtune, "v2.0", "--sign", keys / "release.key")
    trust(done, required=True)
    assert embedtune("models", "verify", "v2.0").code == 0
    assert embedtune("models", "verify", "v1.0").out.startswith("wrong signature: manifest.sig")
    answer = embedtune("anomaly", "score", "bleed the brake", "--model", "v1.0")
    assert answer.code == 1
    assert "wrong signature" in answer.err
    refused = embedtune("publish", RUN, "--version", "v3.0", "--force-without-gain", "x")
    assert refused.code == 2
    assert "no key to sign with" in refused.err


def test_trust_without_a_key_is_a_mistake(embedtune, done):
    (done / "embedtune.toml").write_text("[trust]\nrequire_signature = true\n")
    answer = embedtune("models", "list")
    assert answer.code == 2
    assert "require_signature needs a key" in answer.err


def test_a_channel_is_promoted_and_rolled_back(embedtune, done, version):
    publish(embedtune, "v2.0")
    first = embedtune("models", "promote", "v1.0", "--channel", "production", "--json").json
    assert (first["version"], first["counter"], first["action"]) == ("embedtune-v1.0", 1, "promoted")
    embedtune("models", "promote", "v2.0", "--channel", "production")
    assert embedtune("models", "show", "production", "--json").json["version"] == "v2.0"
    listed = embedtune("models", "list", "--json").json["versions"]
    assert {row["version"]: row["channels"] for row in listed} == {
        "embedtune-v1.0": [],
        "embedtune-v2.0": ["production"],
    }
    back = embedtune("models", "rollback", "--channel", "production", "--json").json
    assert (back["version"], back["counter"]) == ("embedtune-v1.0", 3)
    assert embedtune("models", "rollback", "--channel", "production").code == 2
    log = embedtune("models", "log", "--json").json["entries"]
    assert [entry["deed"]["action"] for entry in log] == [
        "published",
        "published",
        "promoted",
        "promoted",
        "rolled back",
    ]
    assert log[2]["deed"]["config"] == log[0]["deed"]["config"]
    assert "rolled back" in embedtune("models", "log").out


def test_a_tampered_channel_and_log_are_refused(embedtune, done):
    embedtune("models", "promote", "v1.0", "--channel", "production")
    pointer = done / "models" / ".registry" / "channels" / "production.json"
    pointer.write_text("{}")
    assert embedtune("models", "show", "production").code == 1
    listed = embedtune("models", "list")
    assert listed.code == 0
    assert "production is left out" in listed.err
    (done / "models" / ".registry" / "log" / "00000001.json").unlink()
    answer = embedtune("models", "log")
    assert answer.code == 1
    assert "00000001.json: missing" in answer.err


def test_difference(embedtune, done):
    publish(embedtune, "v2.0", "--evaluation", ".embedtune/evaluation/evaluation.json")
    told = embedtune("models", "diff", "v1.0", "v2.0", "--json").json
    assert (told["left"], told["right"], told["comparable"]) == ("embedtune-v1.0", "embedtune-v2.0", True)
    assert [row["name"] for row in told["rows"]] == ["manifest"]
    whole = embedtune("models", "diff", "v1.0", "v2.0", "--all").out
    assert "ndcg@10, tuned minus base" in whole
    assert "passages.words" in whole
    assert embedtune("models", "diff", "v1.0", "v1.0").out == "embedtune-v1.0 and embedtune-v1.0 state the same.\n"
    assert embedtune("models", "diff", "v1.0", "v9").code == 2


def test_pruning_spares_the_index_and_the_channel(embedtune, done):
    for number in ("v2.0", "v3.0"):
        publish(embedtune, number, "--notes", number)
    shutil.rmtree(done / ".embedtune" / "index")
    embedtune("models", "promote", "v1.0", "--channel", "production")
    before = snapshot(done / "models")
    plan = embedtune("models", "prune", "--keep", "1", "--dry-run", "--json").json
    assert plan["removed"] == ["embedtune-v2.0"]
    assert plan["kept"]["embedtune-v1.0"] == "the channel production points to it"
    assert snapshot(done / "models") == before
    assert embedtune("models", "prune", "--keep", "1", "--json").json["removed"] == ["embedtune-v2.0"]
    assert not (done / "models" / "embedtune-v2.0").exists()
    assert embedtune("publish", RUN, "--version", "v2.0", "--force-without-gain", "x").code == 2


def test_pruning_spares_what_the_projects_index_was_made_with(embedtune, done):
    told = embedtune("models", "prune", "--keep", "0", "--json").json
    assert told["removed"] == []
    assert "index" in told["kept"]["embedtune-v1.0"]


def test_pruning_needs_to_know_what(embedtune, done):
    assert embedtune("models", "prune").code == 2
    assert embedtune("models", "prune", "--cache-days", "1", "--dry-run").code == 2
    assert embedtune("models", "prune", "--cache-days", "-1").code == 2
    assert embedtune("models", "prune", "--cache-days", "9999", "--json").json["copies_removed"] == []


def test_examples_stand_on_the_card_where_they_are_asked_for(embedtune, done):
    made = publish(embedtune, "v2.0", "--examples", "2", "--pairs", ".embedtune/data/pairs.jsonl")
    card = json.loads((done / made["folder"] / "model_card.json").read_text())
    assert len(card["examples"]) == 2
    assert card["examples"][0]["question"] in (done / made["folder"] / "README.md").read_text()
    answer = embedtune("publish", RUN, "--version", "v3.0", "--force-without-gain", "x", "--examples", "2")
    assert answer.code == 2
    assert "--pairs" in answer.err


def test_a_run_by_hand_knows_its_documents(embedtune, done):
    made = publish(embedtune, "v2.0", "--corpus", "docs")
    cards = [json.loads((done / "models" / name / "model_card.json").read_text()) for name in ("embedtune-v1.0",)]
    cards.append(json.loads((done / made["folder"] / "model_card.json").read_text()))
    assert cards[0]["training_corpus_hash"] == cards[1]["training_corpus_hash"] != ""
    assert cards[0]["data"]["pairs"] > 0
    assert cards[0]["examples"] == []
    (done / "docs" / "extra.md").write_text("# Extra winch\n\nTurn the winch by hand until it is tight and hums.\n")
    answer = embedtune("publish", RUN, "--version", "v3.0", "--force-without-gain", "x", "--corpus", "docs")
    assert answer.code == 2
    assert "does not hold the documents" in answer.err
    unsealed(done / "models")
