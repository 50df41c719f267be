"""What every registry keeps, wherever it lies: a path, ``file://``, an object store of fsspec's, S3."""

from __future__ import annotations

import threading

import pytest

from embedtune.artifacts.manifest import manifest_digest
from embedtune.artifacts.problems import ProblemKind
from embedtune.artifacts.pruning import plan_pruning, prune
from embedtune.artifacts.setting_channels import promote, roll_back
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.artifacts.versioned_embeddings import FallbackCause, VersionedEmbeddings
from embedtune.errors import (
    InputError,
    MissingVersionError,
    ModelError,
    SignatureError,
    VerificationError,
    VersionExistsError,
)
from version_samples import StubEncoder, fill_smallest, fill_version, version_facts

BASE = StubEncoder("base", "sha256:base")


def published(registry, *numbers, key=None):
    return [
        registry.publish(version_facts(version=n), lambda f, n=n: fill_version(f, n.encode()), key) for n in numbers
    ]


def deeds(registry):
    return [(str(entry.deed.action), entry.deed.version) for entry in registry.history.entries()]


def test_a_published_version_is_found_listed_verified_and_logged(place):
    registry = place.registry()
    (version,) = published(registry, "v1.0")
    again = place.registry()
    assert again.find("v1.0") == again.find("embedtune-v1.0") == again.list()[0]
    assert again.find(f"v1.0@{manifest_digest(version.manifest)}").manifest == version.manifest
    assert again.verify(again.find("v1.0")) == ()
    assert again.find("v1.0").files.read("model/model.safetensors") == b"v1.0"
    assert deeds(again) == [("published", "embedtune-v1.0")]
    with pytest.raises(VerificationError, match="was asked for"):
        again.find("v1.0@sha256:" + "0" * 64)


def test_an_empty_registry_has_nothing(place):
    registry = place.registry()
    assert (registry.list(), registry.history.entries(), registry.channels.known()) == ((), (), ())
    with pytest.raises(MissingVersionError, match="Nothing is published there yet"):
        registry.find("v1.0")


def test_a_second_publication_fails_and_changes_nothing(place):
    registry = place.registry()
    published(registry, "v1.0")
    before = place.stored()
    with pytest.raises(VersionExistsError, match="versions never change"):
        registry.publish(version_facts(), lambda folder: pytest.fail("noticed before any work"))
    assert place.stored() == before
    assert registry.find("v1.0").files.read("model/model.safetensors") == b"v1.0"


def test_of_publishers_at_once_one_wins(place):
    """All have seen that the number is free before the first of them goes on."""
    meeting = threading.Barrier(3)
    outcomes = []

    def publisher(name):
        registry = place.registry()

        def fill(folder):
            fill_smallest(folder, name.encode())
            meeting.wait(60)

        try:
            outcomes.append(registry.publish(version_facts(), fill).files.read("model/model.safetensors"))
        except VersionExistsError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=publisher, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, bytes)]
    assert len(outcomes) == 3
    registry = place.registry()
    assert registry.find("v1.0").files.read("model/model.safetensors") == won
    assert registry.verify(registry.find("v1.0")) == ()
    ((action, label),) = deeds(registry)
    # In a store where nobody is kept out, one who came too late may write down the winner's version first.
    assert action == "published" or (action == "adopted" and registry.root is None)
    assert label == "embedtune-v1.0"
    assert len([key for key in place.stored() if key.endswith("model.safetensors")]) == 1


def test_publishers_of_different_versions_do_not_lose_each_others_entries(place):
    meeting = threading.Barrier(4)

    def publisher(number):
        def fill(folder):
            fill_smallest(folder, number.encode())
            meeting.wait(60)

        place.registry().publish(version_facts(version=number), fill)

    threads = [threading.Thread(target=publisher, args=(f"v{number}.0",)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    registry = place.registry()
    labels = [f"embedtune-v{number}.0" for number in range(1, 5)]
    assert [version.label for version in registry.list()] == labels
    assert sorted(version for _, version in deeds(registry)) == labels


def test_what_must_not_enter_does_not_and_leaves_nothing(place):
    def fill(folder):
        fill_smallest(folder)
        (folder / "optimizer.pt").write_bytes(b"x")

    with pytest.raises(ModelError, match=r"optimizer\.pt"):
        place.registry().publish(version_facts(), fill)
    assert place.stored() == set()
    assert published(place.registry(), "v1.0")


@pytest.mark.parametrize("name", ["model/model.safetensors", "model_card.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["altered", "emptied", "removed"])
def test_tampering_is_detected_and_named(place, name, damage):
    (version,) = published(place.registry(), "v1.0")
    key = place.key(version, name)
    content = version.files.read(name)
    if damage == "removed":
        place.remove(key)
    else:
        place.write(key, b"" if damage == "emptied" else content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    kind = ProblemKind.MISSING if damage == "removed" else ProblemKind.ALTERED
    assert [(problem.path, problem.kind) for problem in place.registry().verify(version)] == [(name, kind)]
    with pytest.raises(VerificationError, match=name.replace(".", r"\.")):
        verified_copy(place.registry().find("v1.0"), place.cache)


def test_a_file_that_was_added_is_named(place):
    (version,) = published(place.registry(), "v1.0")
    place.write(place.key(version, "model/extra.json"), b"{}")
    (problem,) = place.registry().verify(version)
    assert (problem.path, problem.kind) == ("model/extra.json", ProblemKind.ADDED)


def test_signatures_are_checked(place, keys, other_keys):
    (version,) = published(place.registry(keys.required), "v1.0", key=keys.private)
    assert place.registry(keys.required).verify(version) == ()
    (problem,) = place.registry(other_keys.required).verify(version)
    assert problem.kind is ProblemKind.SIGNATURE
    assert verified_copy(version, place.cache, keys.required).is_dir()
    with pytest.raises(SignatureError):
        verified_copy(version, place.cache, other_keys.required)
    place.remove(place.key(version, "manifest.sig"))
    (problem,) = place.registry(keys.required).verify(version)
    assert "there is none" in problem.detail
    with pytest.raises(SignatureError, match="there is none"):
        verified_copy(version, place.cache, keys.required)


def test_what_is_loaded_is_a_private_copy_or_the_baseline(place):
    published(place.registry(), "v1.0")
    loaded = []

    def load(folder, digest):
        loaded.append((folder / "model.safetensors").read_bytes())
        assert folder.is_relative_to(place.cache)
        return StubEncoder("tuned", digest)

    def serve():
        options = {"registry": place.registry(), "load_encoder": load, "cache_folder": place.cache}
        return VersionedEmbeddings("v1.0", load_baseline=lambda: BASE, **options).get_model_info()

    assert not serve().is_fallback
    assert not serve().is_fallback
    assert loaded == [b"v1.0", b"v1.0"]
    version = place.registry().find("v1.0")
    place.write(place.key(version, "model/model.safetensors"), b"evil")
    info = serve()
    assert (info.is_fallback, info.cause) == (True, FallbackCause.TAMPERED)
    assert loaded == [b"v1.0", b"v1.0"]


def test_channels_are_set_and_set_back(place):
    registry = place.registry()
    published(registry, "v1.0", "v1.1")
    assert promote(registry, "v1.0", "production").deed.counter == 1
    assert promote(registry, "v1.1", "production").deed.counter == 2
    assert place.registry().find("production").label == "embedtune-v1.1"
    assert roll_back(place.registry(), "production").deed.counter == 3
    assert registry.find("production").label == "embedtune-v1.0"
    assert registry.channels.known() == ("production",)
    assert [action for action, _ in deeds(registry)] == ["published"] * 2 + ["promoted"] * 2 + ["rolled back"]
    with pytest.raises(InputError, match="no version to go back to"):
        roll_back(registry, "production")


def test_promoters_at_once_each_have_a_counter_of_their_own(place):
    published(place.registry(), "v1.0", "v1.1", "v1.2")
    meeting = threading.Barrier(3)
    entries = []

    def promoter(number):
        registry = place.registry()
        meeting.wait(60)
        entries.append(promote(registry, number, "production"))

    threads = [threading.Thread(target=promoter, args=(number,)) for number in ("v1.0", "v1.1", "v1.2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.deed.counter for entry in entries) == [1, 2, 3]
    last = max(entries, key=lambda entry: entry.number)
    assert place.registry().find("production").label == last.deed.version


def test_signed_channels(place, keys, other_keys):
    published(place.registry(), "v1.0", key=keys.private)
    promote(place.registry(keys.required), "v1.0", "production", key=keys.private)
    assert place.registry(keys.required).find("production").label == "embedtune-v1.0"
    promote(place.registry(), "v1.0", "production", key=other_keys.private)
    with pytest.raises(SignatureError, match="not an allowed one"):
        place.registry(keys.required).find("production")


def test_an_altered_log_is_named_and_versions_can_still_be_used(place):
    registry = place.registry()
    published(registry, "v1.0", "v1.1")
    (first, *_) = sorted(key for key in place.stored() if "/log/" in key)
    place.write(first, registry.storage.read(first).replace(b"embedtune-v1.0", b"embedtune-v9.0"))
    with pytest.raises(VerificationError, match=r"00000001\.json"):
        registry.history.entries()
    with pytest.raises(VerificationError):
        published(registry, "v1.2")
    assert registry.verify(registry.find("v1.1")) == ()


def test_a_lost_pointer_is_missed(place):
    registry = place.registry()
    published(registry, "v1.0")
    promote(registry, "v1.0", "production")
    (pointer,) = [key for key in place.stored() if "/channels/" in key]
    place.remove(pointer)
    with pytest.raises(VerificationError, match="missing"):
        registry.find("production")
    assert promote(registry, "v1.0", "production").deed.counter == 2


def test_a_log_cut_off_is_noticed_by_who_saw_more(place):
    registry = place.registry()
    published(registry, "v1.0", "v1.1")
    promote(registry, "v1.0", "production")
    old = {key: registry.storage.read(key) for key in place.stored() if "/channels/" in key}
    promote(registry, "v1.1", "production")
    assert registry.find("production").label == "embedtune-v1.1"
    place.remove(max(key for key in place.stored() if "/log/" in key))
    for key, content in old.items():
        place.write(key, content)
    with pytest.raises(VerificationError, match="rolled back"):
        place.registry().find("production")


def test_pruning_keeps_what_is_held_and_gives_no_number_again(place):
    registry = place.registry()
    published(registry, "v1.0", "v1.1", "v1.2")
    promote(registry, "v1.0", "production")
    assert [bool(item.kept_for) for item in plan_pruning(registry, 1, {})] == [True, False, True]
    prune(registry, 1, {})
    assert [version.label for version in place.registry().list()] == ["embedtune-v1.0", "embedtune-v1.2"]
    assert not [key for key in place.stored() if "v1.1" in key and "model" in key]
    assert deeds(registry)[-1] == ("pruned", "embedtune-v1.1")
    with pytest.raises(VersionExistsError):
        published(registry, "v1.1")
