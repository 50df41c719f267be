"""The registry from Python: what each command of `embedtune models` does."""

from __future__ import annotations

import pytest

from embedtune import ModelRegistry, RegistrySettings, VersionedEmbeddings, generate_signing_keys, prune_cache
from embedtune.errors import ConfigError, GateError, InputError, VerificationError
from project_samples import copied


@pytest.fixture
def place(finished, tmp_path, monkeypatch):
    folder = copied(finished, tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def keys(tmp_path):
    return generate_signing_keys(tmp_path / "keys" / "release")


def test_a_version_goes_its_way(place, keys):
    private, public = keys
    registry = ModelRegistry("models", RegistrySettings(signing_key=private, allowed_keys=[public]))
    with pytest.raises(GateError):
        registry.publish(place / ".embedtune" / "run", "v2.0")
    made = registry.publish(place / ".embedtune" / "run", "v2.0", reason="a test")
    assert [version.label for version in registry.list()] == ["embedtune-v1.0", "embedtune-v2.0"]
    assert registry.card("v2.0").version == "v2.0"
    assert registry.verify("v2.0", public) == ()
    assert [str(problem.kind) for problem in registry.verify("v1.0", public)] == ["wrong signature"]
    assert registry.diff("v1.0", "v2.0").left == "embedtune-v1.0"
    registry.promote("v1.0", "production")
    assert registry.promote("v2.0", "production").deed.counter == 2
    assert registry.rollback("production").deed.version == "embedtune-v1.0"
    assert [str(entry.deed.action) for entry in registry.log()][-1] == "rolled back"
    plan = {item.version: bool(item.kept_for) for item in registry.prune(0, dry_run=True)}
    assert plan == {"embedtune-v1.0": True, "embedtune-v2.0": True}  # both hold the model of the project's index
    assert made.folder.is_dir()


def test_only_what_is_trusted_is_served(place, keys):
    private, public = keys
    options = {"registry": "models", "base_model": "base", "allowed_keys": [public], "require_signature": True}
    served = VersionedEmbeddings("v1.0", **options)
    assert served.get_model_info()["cause"] == "wrong signature"
    with pytest.raises(VerificationError, match="wrong signature"):
        VersionedEmbeddings("v1.0", False, **options)
    strict = RegistrySettings(signing_key=private, allowed_keys=[public], require_signature=True)
    ModelRegistry("models", strict).publish(".embedtune/run", "v2.0", reason="a test")
    signed = VersionedEmbeddings("v2.0", **options)
    assert not signed.get_model_info()["is_fallback"]
    assert signed.encode_labelled(["winch"]).model_digest == signed.digest


def test_settings_that_contradict_are_refused(place):
    with pytest.raises(ConfigError, match="require_signature needs a key"):
        ModelRegistry("models", RegistrySettings(require_signature=True))
    with pytest.raises(InputError, match="cannot be read"):
        ModelRegistry("models", RegistrySettings(allowed_keys=["no.pub"]))


def test_private_copies_can_be_pruned():
    assert prune_cache(10_000) == ()
