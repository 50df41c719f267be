from __future__ import annotations

import json

import numpy as np
import pytest

from embedtune.artifacts.manifest import served_digest
from embedtune.artifacts.trust import TrustPolicy
from embedtune.artifacts.versioned_embeddings import VersionedEmbeddings
from embedtune.errors import DimensionError, MissingVersionError, ModelError, SignatureError, VerificationError
from embedtune.events import Alert, Counted
from embedtune.index.exact_files import KeptExactIndex
from embedtune.vocabulary.corpus import Passage
from version_samples import registry_in


class Bench:
    def __init__(self, tmp_path, stub_encoder):
        self.place = tmp_path
        self.registry = registry_in(tmp_path)
        self.cache = tmp_path / "cache"
        self.events = []
        self.loaded = []
        self.stub = stub_encoder

    def load_encoder(self, folder, digest):
        self.loaded.append(folder)
        return self.stub("tuned", digest)

    def load_baseline(self):
        return self.stub("base", "sha256:base", 3)

    def embeddings(self, version="v1.0", fallback_to_baseline=True, load_encoder=None, policy=None):
        return VersionedEmbeddings(
            version,
            fallback_to_baseline,
            registry=registry_in(self.place, policy or TrustPolicy()),
            load_encoder=load_encoder or self.load_encoder,
            load_baseline=self.load_baseline,
            cache_folder=self.cache,
            report=self.events.append,
        )

    def assert_refused(self, error, match, cause, version="v1.0", **kwargs):
        with pytest.raises(error, match=match):
            self.embeddings(version, fallback_to_baseline=False, **kwargs)
        assert self.events == []
        embeddings = self.embeddings(version, **kwargs)
        info = embeddings.get_model_info()
        assert info.is_fallback
        assert (info.requested, info.name, info.version, info.digest) == (version, "base", "", "sha256:base")
        assert embeddings.encode(["a", "b"]).shape == (2, 3)
        alert, counted = self.events
        assert isinstance(alert, Alert)
        assert info.reason in alert.message
        assert counted == Counted("fallbacks", {"cause": cause})
        assert info.cause == cause
        return info.reason


@pytest.fixture
def bench(tmp_path, stub_encoder):
    return Bench(tmp_path, stub_encoder)


@pytest.fixture
def version(bench, facts, fill):
    return bench.registry.publish(facts(), fill)


def overwrite(path, content):
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_whole_version_answers(bench, version):
    embeddings = bench.embeddings()
    info, digest = embeddings.get_model_info(), served_digest(version.manifest)
    assert (info.name, info.version, info.digest, info.dimension) == ("embedtune-v1.0", "v1.0", digest, 4)
    assert (info.is_fallback, info.reason, info.cause) == (False, "", "")
    assert (embeddings.name, embeddings.digest, embeddings.dimension) == ("embedtune-v1.0", digest, 4)
    vectors = embeddings.encode(["a", "b", "c"])
    assert vectors.shape == (3, 4)
    assert vectors.dtype == np.float32
    assert bench.events == []


def test_the_information_reads_like_a_mapping(bench, version):
    info = bench.embeddings().get_model_info()
    assert info["version"] == "v1.0"
    assert dict(info)["is_fallback"] is False
    with pytest.raises(KeyError):
        info["keys"]


def test_one_string_is_not_a_list_of_texts(bench, version):
    with pytest.raises(TypeError, match="list of texts"):
        bench.embeddings().encode("brakes")


def test_only_the_private_copy_is_loaded(bench, version):
    bench.embeddings()
    (folder,) = bench.loaded
    assert folder.is_relative_to(bench.cache)
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert (bench.cache / "versions").stat().st_mode & 0o077 == 0


def test_a_missing_version(bench, version):
    reason = bench.assert_refused(MissingVersionError, "There is no version 'v9'", "missing", version="v9")
    assert "v9" in reason


def test_a_flipped_byte(bench, version):
    overwrite(version.folder / "model" / "model.safetensors", b"wEights")
    reason = bench.assert_refused(VerificationError, r"model/model\.safetensors: altered", "tampered")
    assert "model/model.safetensors: altered" in reason
    assert bench.loaded == []


def test_damage_is_noticed_although_a_good_copy_is_at_hand(bench, version):
    bench.embeddings()
    overwrite(version.folder / "model_card.json", b"{}")
    bench.assert_refused(VerificationError, r"model_card\.json: altered", "tampered")


def test_many_problems_are_counted(bench, version):
    for path in version.folder.rglob("*.json"):
        if path.name != "manifest.json":
            overwrite(path, b"damaged")
    overwrite(version.folder / "model" / "model.safetensors", b"")
    assert bench.assert_refused(VerificationError, "and 2 more", "tampered").count("altered") == 3


def test_a_damaged_manifest(bench, version):
    overwrite(version.folder / "manifest.json", b"{")
    bench.assert_refused(VerificationError, "not a whole manifest", "tampered")


@pytest.mark.parametrize(
    "error", [OSError("header too small"), ValueError("bad shape"), RuntimeError("x"), KeyError("w")]
)
def test_a_model_that_cannot_be_loaded(bench, version, error):
    def fail(folder, digest):
        raise error

    reason = bench.assert_refused(ModelError, "cannot be loaded", "unreadable", load_encoder=fail)
    assert type(error).__name__ in reason


def test_an_error_of_embedtune_passes_unchanged(bench, version):
    def fail(folder, digest):
        raise ModelError("It is too big.", "Use a smaller one.")

    assert bench.assert_refused(ModelError, "too big", "unreadable", load_encoder=fail) == "It is too big."


def test_another_dimension_than_the_card_says(bench, version):
    def load(folder, digest):
        return bench.stub("tuned", digest, 5)

    bench.assert_refused(
        DimensionError, "vectors of 5 numbers, its card says 4", "dimension changed", load_encoder=load
    )


def test_a_wrong_signature(bench, facts, fill, keys, other_keys):
    bench.registry.publish(facts(), fill, keys.private)
    assert not bench.embeddings(policy=keys.required).get_model_info().is_fallback
    bench.assert_refused(SignatureError, "not an allowed one", "wrong signature", policy=other_keys.required)


def test_vectors_say_whose_they_are_and_meet_no_others(bench, version, tmp_path):
    labelled = bench.embeddings().encode_labelled(["a", "b"])
    assert labelled.of(served_digest(version.manifest)).shape == (2, 4)
    index = KeptExactIndex.open(tmp_path / "vectors", 4, labelled.model_digest)
    index.upsert([Passage("a", "a", "a", 0)], labelled.of(labelled.model_digest)[:1], ["d"])
    index.close()
    overwrite(version.folder / "model" / "config.json", b"{}")
    fallen = bench.embeddings().encode_labelled(["a"])
    assert fallen.model_digest == "sha256:base"
    with pytest.raises(ModelError, match="are of the model sha256:base"):
        fallen.of(labelled.model_digest)
    with pytest.raises(ModelError):
        KeptExactIndex.open(tmp_path / "vectors", 4, fallen.model_digest)


def test_unsafe_modules_are_refused_before_loading(bench, facts, fill, monkeypatch):
    def fill_unsafely(folder):
        fill(folder)
        (folder / "model" / "modules.json").write_text(json.dumps([{"path": "", "type": "evil.Module"}]))

    with monkeypatch.context() as patch:
        patch.setattr("embedtune.artifacts.store.check_model_folder", lambda folder: None)
        bench.registry.publish(facts(), fill_unsafely)
    bench.assert_refused(ModelError, "evil", "unreadable")
    assert bench.loaded == []


def test_a_version_without_a_card_is_served(bench, facts, fill):
    def fill_without_card(folder):
        fill(folder)
        (folder / "model_card.json").unlink()

    bench.registry.publish(facts(), fill_without_card)
    assert not bench.embeddings().get_model_info().is_fallback


def test_a_baseline_that_fails_too_is_not_hidden(bench):
    def fail():
        raise ModelError("no baseline", "Install it.")

    bench.load_baseline = fail
    with pytest.raises(ModelError, match="no baseline"):
        bench.embeddings()
