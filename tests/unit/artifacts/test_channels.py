from __future__ import annotations

import json
import shutil

import pytest

from embedtune.artifacts.history import Action
from embedtune.artifacts.manifest import manifest_digest
from embedtune.artifacts.setting_channels import promote, roll_back
from embedtune.artifacts.store import Registry
from embedtune.artifacts.trust import TrustPolicy
from embedtune.errors import InputError, MissingVersionError, SignatureError, VerificationError
from embedtune.files import canonical_json
from version_samples import fill_version, registry_in, rewritten, unsealed, version_facts

TRUSTING = TrustPolicy()


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A registry of three versions, for copying."""
    registry = registry_in(tmp_path_factory.mktemp("three"))
    for number in ("v1.0", "v1.1", "v2.0"):
        registry.publish(version_facts(version=number), lambda folder, text=number: fill_version(folder, text.encode()))
    return registry.root


@pytest.fixture
def registry(published, tmp_path):
    shutil.copytree(published, tmp_path / "models")
    unsealed(tmp_path / "models")
    return registry_in(tmp_path)


def pointer(registry, channel="production"):
    return registry.root / ".registry" / "channels" / f"{channel}.json"


def log_entry(registry, number):
    return registry.root / ".registry" / "log" / f"{number:08d}.json"


def set_to(registry, *numbers, **options):
    for number in numbers:
        promote(registry, number, "production", **options)


def test_a_channel_names_the_version_it_was_promoted_to(registry):
    entry = promote(registry, "v1.1", "production", config="sha256:c")
    assert registry.find("production") == registry.find("v1.1")
    assert registry.channels.current("production") == entry
    assert (entry.deed.counter, entry.deed.action, entry.deed.config) == (1, Action.PROMOTED, "sha256:c")
    assert entry.deed.manifest == manifest_digest(registry.find("v1.1").manifest)
    assert registry.history.entries()[-1] == entry


def test_the_counter_grows_whichever_way_the_channel_is_set(registry):
    set_to(registry, "v1.0", "v1.1", "v2.0")
    back = roll_back(registry, "production")
    assert (back.deed.version, back.deed.counter, back.deed.action) == ("embedtune-v1.1", 4, Action.ROLLED_BACK)
    again = roll_back(registry, "production")
    assert (again.deed.version, again.deed.counter) == ("embedtune-v1.0", 5)
    with pytest.raises(InputError, match="no version to go back to"):
        roll_back(registry, "production")
    set_to(registry, "v2.0")
    assert roll_back(registry, "production").deed.version == "embedtune-v1.0"


def test_channels_do_not_know_each_other(registry):
    set_to(registry, "v1.0")
    assert promote(registry, "v2.0", "staging").deed.counter == 1
    assert registry.channels.known() == ("production", "staging")
    assert registry.find("production").label == "embedtune-v1.0"


def test_a_version_is_promoted_from_a_channel_to_another(registry):
    promote(registry, "v1.1", "staging")
    assert promote(registry, "staging", "production").deed.version == "embedtune-v1.1"


@pytest.mark.parametrize("name", ["v1", "v2-canary", "Production", "", "../x", "a/b", "a b", ".x", "x" * 65])
def test_unfit_names_are_refused(registry, name):
    with pytest.raises(InputError, match="cannot be a channel's name"):
        promote(registry, "v1.0", name)


def test_a_channel_that_does_not_exist(registry):
    with pytest.raises(MissingVersionError, match="no channel 'production'"):
        roll_back(registry, "production")
    with pytest.raises(MissingVersionError, match="no version 'production'"):
        registry.find("production")


def test_a_damaged_version_is_not_promoted(registry):
    (registry.root / "embedtune-v1.0" / "model" / "config.json").write_text("{}")
    with pytest.raises(VerificationError, match=r"model/config\.json: altered"):
        promote(registry, "v1.0", "production")
    assert registry.channels.known() == ()


def test_a_version_elsewhere_is_not_promoted(registry, tmp_path):
    shutil.copytree(registry.root / "embedtune-v1.0", tmp_path / "copy")
    with pytest.raises(InputError, match="is not in"):
        promote(registry, str(tmp_path / "copy"), "production")


def test_an_old_pointer_is_noticed_by_the_log(registry):
    set_to(registry, "v1.0")
    old = pointer(registry).read_bytes()
    set_to(registry, "v1.1")
    pointer(registry).write_bytes(old)
    with pytest.raises(VerificationError, match=r"production\.json: rolled back \(its counter is 1, and 2 was seen"):
        registry.find("production")


def test_an_old_pointer_with_the_log_cut_off_is_noticed_by_who_saw_the_new_one(registry, tmp_path):
    set_to(registry, "v1.0")
    old = pointer(registry).read_bytes()
    set_to(registry, "v1.1")
    assert registry.find("production").label == "embedtune-v1.1"
    pointer(registry).write_bytes(old)
    log_entry(registry, 5).unlink()
    with pytest.raises(VerificationError, match="rolled back"):
        registry_in(tmp_path).find("production")
    shutil.rmtree(tmp_path / "seen")  # somebody who never saw it cannot know
    assert registry_in(tmp_path).find("production").label == "embedtune-v1.0"


def test_a_copy_of_a_registry_goes_its_own_way(registry, tmp_path):
    set_to(registry, "v1.0")
    shutil.copytree(registry.root, tmp_path / "copy" / "models")
    set_to(registry, "v1.1", "v2.0")
    copy = Registry(tmp_path / "copy" / "models", TRUSTING, tmp_path / "seen")
    assert copy.find("production").label == "embedtune-v1.0"
    assert promote(copy, "v1.1", "production").deed.counter == 2


def test_a_log_cut_off_below_the_pointer_is_noticed(registry):
    set_to(registry, "v1.0", "v1.1")
    log_entry(registry, 4).unlink()
    log_entry(registry, 5).unlink()
    with pytest.raises(VerificationError, match=r"\.registry/log: missing"):
        registry.find("production")


def test_a_removed_pointer_is_missed(registry):
    set_to(registry, "v1.0")
    pointer(registry).unlink()
    with pytest.raises(VerificationError, match=r"production\.json: missing"):
        registry.find("production")


def test_the_pointer_of_another_channel_does_not_serve(registry):
    set_to(registry, "v1.0")
    promote(registry, "v2.0", "staging")
    pointer(registry).write_bytes(pointer(registry, "staging").read_bytes())
    with pytest.raises(VerificationError, match="pointer of another channel"):
        registry.find("production")


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", "[" * 100_000, '{"entry": 1, "key": "", "signature": ""}'])
def test_what_is_no_pointer_is_refused(registry, content):
    set_to(registry, "v1.0")
    pointer(registry).write_text(content)
    with pytest.raises(VerificationError, match=r"production\.json: altered"):
        registry.find("production")


def test_no_flipped_byte_of_a_pointer_goes_unnoticed(registry):
    set_to(registry, "v1.0")
    raw = pointer(registry).read_bytes()
    for position in range(0, len(raw) - 1, 7):
        content = bytearray(raw)
        content[position] ^= 1 << position % 7
        pointer(registry).write_bytes(content)
        with pytest.raises(VerificationError):
            registry.channels.current("production")


def test_a_tampered_channel_is_mended_by_promoting_again(registry):
    set_to(registry, "v1.0", "v1.1")
    pointer(registry).write_text("{}")
    assert promote(registry, "v2.0", "production").deed.counter == 3
    assert registry.find("production").label == "embedtune-v2.0"


def test_a_version_exchanged_behind_the_channel_is_noticed(registry, tmp_path):
    """A manifest that was edited and sealed again is whole; the pointer knows the digest that it had."""
    set_to(registry, "v1.0")
    folder = registry.root / "embedtune-v1.0"
    shutil.rmtree(folder)
    registry.publish(version_facts(), lambda f: fill_version(f, b"evil"))
    assert registry.verify(registry.find("v1.0")) == ()
    with pytest.raises(VerificationError, match=r"embedtune-v1\.0/manifest\.json: altered \(it is not the one that"):
        registry.find("production")


def test_a_version_that_is_gone_is_said(registry):
    set_to(registry, "v1.0")
    shutil.rmtree(registry.root / "embedtune-v1.0")
    with pytest.raises(MissingVersionError, match=r"points to embedtune-v1\.0, which is not in"):
        registry.find("production")


@pytest.fixture
def signed(registry, tmp_path, keys):
    """The registry as somebody sees it who allows one key; its channel is signed with it."""
    set_to(registry, "v1.0", key=keys.private)
    return registry_in(tmp_path, keys.allowed)


def test_a_signed_pointer_is_believed(signed, registry, keys):
    assert signed.find("production").label == "embedtune-v1.0"
    assert json.loads(pointer(registry).read_text())["key"] == keys.public.identity


def test_a_pointer_signed_by_another_is_not(signed, registry, other_keys):
    set_to(registry, "v1.1", key=other_keys.private)
    with pytest.raises(SignatureError, match="not an allowed one"):
        signed.find("production")
    assert registry.find("production").label == "embedtune-v1.1"


def test_a_signature_is_of_one_pointer(signed, registry):
    old = json.loads(pointer(registry).read_text())
    set_to(registry, "v1.1")
    forged = json.loads(pointer(registry).read_text()) | {"key": old["key"], "signature": old["signature"]}
    pointer(registry).write_bytes(canonical_json(forged))
    with pytest.raises(SignatureError, match="does not belong to this content"):
        signed.find("production")


def test_an_unsigned_pointer_is_refused_only_where_signatures_are_required(registry, tmp_path, keys):
    set_to(registry, "v1.0")
    assert registry_in(tmp_path, keys.allowed).find("production").label == "embedtune-v1.0"
    strict = registry_in(tmp_path, keys.required)
    with pytest.raises(SignatureError, match="there is none, and the trust policy requires one"):
        strict.find("production")
    with pytest.raises(InputError, match="no key to sign with"):
        roll_back(strict, "production")


def test_rewriting_is_only_a_way_to_damage(registry):
    set_to(registry, "v1.0")
    rewritten(pointer(registry), b"{")
    with pytest.raises(VerificationError, match="not valid JSON"):
        registry.find("production")
