"""A version after accidents and attacks: every change is noticed by who verifies and by who loads, and named."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace

import pytest

from embedtune.artifacts.folder_check import describe_files
from embedtune.artifacts.manifest import manifest_digest, manifest_to_json, read_manifest
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.errors import VerificationError
from version_samples import fill_version, make_keys, registry_in, rewritten, unsealed, version_facts

FILES = (
    "manifest.json",
    "manifest.sig",
    "model/1_Pooling/config.json",
    "model/config.json",
    "model/model.safetensors",
    "model/modules.json",
    "model_card.json",
)


@dataclass(frozen=True)
class Attack:
    """A change of a version's folder, and how whoever verifies must name it: the file and the kind."""

    name: str
    change: object
    file: str
    kind: str


def flipped(file, share):
    def change(folder):
        content = bytearray((folder / file).read_bytes())
        content[round(share * (len(content) - 1))] ^= 1
        (folder / file).write_bytes(content)

    return change


def truncated(file):
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes()[:-1])


def emptied(file):
    return lambda folder: (folder / file).write_bytes(b"")


def swapped(file):
    other = "model/config.json" if file != "model/config.json" else "model_card.json"

    def change(folder):
        one, two = (folder / file).read_bytes(), (folder / other).read_bytes()
        (folder / file).write_bytes(two)
        (folder / other).write_bytes(one)

    return change


def renamed(file):
    return lambda folder: (folder / file).rename(folder / f"{file}.txt")


def removed(file):
    return lambda folder: (folder / file).unlink()


def kind_of(file, kind="altered"):
    if file == "manifest.sig":
        return "wrong signature"
    return kind


def attacks_on_files():
    for file in FILES:
        for place, share in (("start", 0), ("middle", 0.5), ("end", 1)):
            yield Attack(f"{file} flipped at its {place}", flipped(file, share), file, kind_of(file))
        yield Attack(f"{file} truncated", truncated(file), file, kind_of(file))
        yield Attack(f"{file} emptied", emptied(file), file, kind_of(file))
        # a signature is not looked at while the files are not as the manifest says, and those are named
        other = ("model/config.json", "altered") if file == "manifest.sig" else (file, "altered")
        yield Attack(f"{file} swapped", swapped(file), *other)
        gone = ("manifest.sig.txt", "added") if file == "manifest.sig" else (file, "missing")
        yield Attack(f"{file} renamed", renamed(file), *gone)
        yield Attack(f"{file} removed", removed(file), file, kind_of(file, "missing"))


def added(name, content=b"x"):
    def change(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return change


def linked(name, target):
    def change(folder):
        (folder / name).symlink_to(target)

    return change


def in_a_links_place(file):
    def change(folder):
        (folder / file).rename(folder.parent / "elsewhere")
        (folder / file).symlink_to(folder.parent / "elsewhere")

    return change


def piped(file):
    def change(folder):
        (folder / file).unlink()
        os.mkfifo(folder / file)

    return change


def foldered(file):
    def change(folder):
        (folder / file).unlink()
        (folder / file).mkdir()

    return change


def card_edited(folder):
    card = json.loads((folder / "model_card.json").read_text())
    (folder / "model_card.json").write_text(json.dumps(card | {"recall_at_5_finetuned": 1.0}))


def with_entry(**changes):
    """Return a change that adds an entry to the manifest and seals it again."""

    def change(folder):
        manifest = read_manifest(folder)
        entry = replace(manifest.files[-1], **changes)
        files = tuple(sorted((*manifest.files, entry), key=lambda item: item.path))
        (folder / "manifest.json").write_text(manifest_to_json(replace(manifest, files=files)))

    return change


def resealed(folder):
    """Rewrite a file, and the manifest with its new digest: the folder is whole in itself."""
    (folder / "model" / "model.safetensors").write_bytes(b"evil!!!")
    manifest = replace(read_manifest(folder), files=describe_files(folder))
    (folder / "manifest.json").write_text(manifest_to_json(manifest))


ATTACKS = (
    *attacks_on_files(),
    Attack("a visible file", added("model/extra.json"), "model/extra.json", "added"),
    Attack("a hidden file", added(".hidden"), ".hidden", "added"),
    Attack("code", added("model/modeling_evil.py"), "model/modeling_evil.py", "added"),
    Attack("a pickle", added("model/pytorch_model.bin"), "model/pytorch_model.bin", "added"),
    Attack("a git folder", added(".git/config"), ".git/config", "added"),
    Attack("git attributes", added(".gitattributes"), ".gitattributes", "added"),
    Attack("a case twin", added("model/Config.json"), "model/Config.json", "added"),
    Attack("a second manifest", added("model/manifest.json"), "model/manifest.json", "added"),
    Attack("a link in it", linked("model/link.json", "config.json"), "model/link.json", "added"),
    Attack("a link out of it", linked("model/link.json", "/etc/hostname"), "model/link.json", "added"),
    Attack("a link to a folder", linked("model/link", "/etc"), "model/link", "added"),
    Attack("a link in a file's place", in_a_links_place("model/config.json"), "model/config.json", "altered"),
    Attack("a link in a folder's place", in_a_links_place("model"), "model", "added"),
    Attack("a pipe in a file's place", piped("model/config.json"), "model/config.json", "altered"),
    Attack("a folder in a file's place", foldered("model/config.json"), "model/config.json", "missing"),
    Attack("an edited card", card_edited, "model_card.json", "altered"),
    Attack("an entry above the folder", with_entry(path="../../secret.json"), "manifest.json", "altered"),
    Attack("an entry from the root", with_entry(path="/etc/hostname"), "manifest.json", "altered"),
    Attack("an entry twice", with_entry(size=1), "manifest.json", "altered"),
    Attack("an entry without a file", with_entry(path="model/z.json"), "model/z.json", "missing"),
    Attack("a manifest sealed again", resealed, "manifest.sig", "wrong signature"),
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def published(tmp_path_factory, keys):
    """A signed version, for copying."""
    place = tmp_path_factory.mktemp("published")
    registry_in(place).publish(version_facts(), fill_version, keys.private)
    return place / "models"


@pytest.fixture
def place(published, tmp_path):
    shutil.copytree(published, tmp_path / "models")
    unsealed(tmp_path / "models")
    return tmp_path


@pytest.fixture
def registry(place, keys):
    return registry_in(place, keys.required)


def found(registry, version):
    return [f"{problem.path}: {problem.kind}" for problem in registry.verify(version)]


def refused(registry, folder, cache):
    """Return what somebody is told who finds the version and loads it."""
    with pytest.raises(VerificationError) as caught:
        verified_copy(registry.find("v1.0"), cache, registry.policy)
    return caught.value.message


def test_there_are_enough_of_them():
    assert len(ATTACKS) >= 60
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_an_untouched_version_is_whole(registry, place):
    version = registry.find("v1.0")
    assert {entry.path for entry in version.manifest.files} | {"manifest.json", "manifest.sig"} == set(FILES)
    assert found(registry, version) == []
    assert verified_copy(version, place / "cache", registry.policy).is_dir()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_tampering_is_named_to_who_verifies_and_to_who_loads(registry, place, attack):
    version = registry.find("v1.0")
    attack.change(version.folder)
    if attack.file == "manifest.json":
        assert found(registry, version)[0] == f"manifest.json: {attack.kind}"
    else:
        assert f"{attack.file}: {attack.kind}" in found(registry, registry.find("v1.0"))
    told = refused(registry, version.folder, place / "cache")
    assert attack.file in told
    assert attack.kind in told or attack.file == "manifest.json"
    assert list((place / "cache").glob("versions/[0-9a-f]*")) == [] or attack.kind == "wrong signature"


def test_a_bare_digest_does_not_notice_who_rewrites_both(place, registry):
    """What the user's guide says: it takes a signature, or a digest that was noted elsewhere."""
    bare = registry_in(place)
    noted = manifest_digest(bare.find("v1.0").manifest)
    resealed(bare.root / "embedtune-v1.0")
    assert found(bare, bare.find("v1.0")) == []
    with pytest.raises(VerificationError, match=r"embedtune-v1\.0/manifest\.json: altered"):
        bare.find(f"v1.0@{noted}")
    assert found(registry, registry.find("v1.0")) == ["manifest.sig: wrong signature"]


def test_an_old_signature_on_new_content_is_noticed(place, registry, keys):
    old = (registry.root / "embedtune-v1.0" / "manifest.sig").read_bytes()
    new = registry.publish(version_facts(version="v2.0"), lambda f: fill_version(f, b"new"), keys.private)
    rewritten(new.folder / "manifest.sig", old)
    assert found(registry, new) == ["manifest.sig: wrong signature"]
    with pytest.raises(VerificationError, match=r"embedtune-v2\.0/manifest\.sig: wrong signature"):
        verified_copy(new, place / "cache", registry.policy)


def test_another_version_under_its_name_is_noticed(registry, keys):
    shutil.rmtree(registry.root / "embedtune-v1.0")
    other = registry.publish(version_facts(version="v2.0"), fill_version, keys.private)
    shutil.copytree(other.folder, registry.root / "embedtune-v1.0")
    with pytest.raises(VerificationError, match=r"embedtune-v1\.0 holds the manifest of embedtune-v2\.0"):
        registry.find("v1.0")
