from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from embedtune.artifacts import receipts
from embedtune.artifacts import verified_copy as room
from embedtune.artifacts.manifest import manifest_digest
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.artifacts.version_files import FolderFiles
from embedtune.errors import InputError, SignatureError, VerificationError
from version_samples import registry_in


@pytest.fixture
def version(tmp_path, facts, fill):
    return registry_in(tmp_path).publish(facts(), fill)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_the_copy_holds_the_listed_files_alone(version, cache):
    copy = verified_copy(version, cache)
    files = {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    listed = {entry.path: (version.folder / entry.path).read_bytes() for entry in version.manifest.files}
    assert files == listed | {"manifest.json": (version.folder / "manifest.json").read_bytes()}
    assert copy.name == manifest_digest(version.manifest).removeprefix("sha256:")


def test_a_whole_copy_is_used_again(version, cache):
    copy = verified_copy(version, cache)
    before = (copy / "model" / "model.safetensors").stat()
    assert verified_copy(version, cache) == copy
    assert (copy / "model" / "model.safetensors").stat().st_ino == before.st_ino


@pytest.mark.parametrize("damage", ["alter", "add", "remove"])
def test_a_damaged_copy_is_made_anew(version, cache, damage):
    copy = verified_copy(version, cache)
    weights = copy / "model" / "model.safetensors"
    if damage == "alter":
        weights.write_bytes(b"wEights")
    elif damage == "add":
        (copy / "model" / "code.py").write_text("")
    else:
        weights.unlink()
    assert verified_copy(version, cache) == copy
    assert weights.read_bytes() == b"weights"
    assert not (copy / "model" / "code.py").exists()


def exchanged(path, content):
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_file_exchanged_after_it_was_looked_at_is_caught(version, cache, monkeypatch):
    weights = version.folder / "model" / "model.safetensors"
    look = FolderFiles.states

    def look_then_exchange(files):
        states = look(files)
        exchanged(weights, b"evil!!!")
        return states

    monkeypatch.setattr(FolderFiles, "states", look_then_exchange)
    with pytest.raises(VerificationError, match=r"model/model\.safetensors: altered"):
        verified_copy(version, cache)
    assert list((cache / "versions").iterdir()) == []


def test_everything_that_is_wrong_is_named_while_copying(version, cache):
    exchanged(version.folder / "model" / "config.json", b"{}")
    for folder in (version.folder, version.folder / "model"):
        folder.chmod(0o755)
    (version.folder / "model_card.json").unlink()
    (version.folder / "model" / "extra.txt").write_text("")
    with pytest.raises(VerificationError) as caught:
        verified_copy(version, cache)
    for problem in ("model/config.json: altered", "model_card.json: missing", "model/extra.txt: added"):
        assert problem in caught.value.message


@pytest.fixture
def reads(monkeypatch):
    """The names of the files that are read, one each time."""
    read = []
    of_copy, of_version = room.compare_folder, room.compare_version

    def copy_read(folder, manifest):
        read.append("copy")
        return of_copy(folder, manifest)

    def version_read(version, copies=None):
        if copies is None:  # and not for a first copy
            read.append("version")
        return of_version(version, copies)

    monkeypatch.setattr(room, "compare_folder", copy_read)
    monkeypatch.setattr(room, "compare_version", version_read)
    return read


def test_what_has_rested_is_not_read_again(version, cache, reads, monkeypatch):
    monkeypatch.setattr(receipts, "RESTING_NS", -(10**18))
    copy = verified_copy(version, cache)
    assert verified_copy(version, cache) == copy
    assert verified_copy(version, cache) == copy
    assert reads == []
    exchanged(version.folder / "model" / "model.safetensors", b"weights")
    assert verified_copy(version, cache) == copy
    assert reads == ["version"]
    (copy / "model" / "model.safetensors").write_bytes(b"weights")
    assert verified_copy(version, cache) == copy
    assert reads == ["version", "copy"]
    assert verified_copy(version, cache) == copy
    assert reads == ["version", "copy"]


def test_what_was_written_a_moment_ago_is_read_again(version, cache, reads):
    verified_copy(version, cache)
    verified_copy(version, cache)
    assert reads == ["version"]


def test_a_change_that_keeps_size_and_time_is_noticed(version, cache, monkeypatch):
    monkeypatch.setattr(receipts, "RESTING_NS", -(10**18))
    verified_copy(version, cache)
    weights = version.folder / "model" / "model.safetensors"
    before = weights.stat()
    exchanged(weights, b"WEIGHTS")
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    weights.chmod(before.st_mode & 0o777)
    with pytest.raises(VerificationError, match=r"model/model\.safetensors: altered"):
        verified_copy(version, cache)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"copy_states": {"a": 1}}', None])
def test_a_receipt_that_proves_nothing_costs_only_time(version, cache, content):
    copy = verified_copy(version, cache)
    receipt = copy.with_name(f"{copy.name}.json")
    if content is None:
        receipt.unlink()
    else:
        receipt.write_bytes(content)
    before = (copy / "model" / "model.safetensors").stat().st_ino
    assert verified_copy(version, cache) == copy
    assert (copy / "model" / "model.safetensors").stat().st_ino == before


def test_a_signature_is_checked_against_the_copy_and_once(tmp_path, cache, facts, fill, keys, other_keys, monkeypatch):
    version = registry_in(tmp_path / "signed").publish(facts(), fill, keys.private)
    checks = []
    check = room.check_signature

    def counted(folder, *rest):
        checks.append(folder)
        return check(folder, *rest)

    monkeypatch.setattr(room, "check_signature", counted)
    copy = verified_copy(version, cache, keys.required)
    assert verified_copy(version, cache, keys.required) == copy
    assert checks == [copy]
    with pytest.raises(SignatureError, match="not an allowed one"):
        verified_copy(version, cache, other_keys.required)
    version.folder.chmod(0o755)
    (version.folder / "manifest.sig").unlink()
    with pytest.raises(SignatureError, match="there is none"):
        verified_copy(version, cache, keys.required)
    assert verified_copy(version, cache, keys.allowed) == copy
    assert verified_copy(version, cache) == copy
    assert [path.name for path in copy.parent.glob(".*")] == []


def test_a_copy_that_another_process_finished_first_is_used(version, cache, monkeypatch):
    target = cache / "versions" / manifest_digest(version.manifest).removeprefix("sha256:")
    copied = room.compare_version

    def copy_while_another_finishes(version_, staging):
        problems = copied(version_, staging)
        shutil.copytree(version.folder, target)
        return problems

    monkeypatch.setattr(room, "compare_version", copy_while_another_finishes)
    assert verified_copy(version, cache) == target
    assert sorted(path.name for path in target.parent.iterdir()) == [target.name, f"{target.name}.json"]


def test_a_damaged_copy_that_cannot_be_removed_is_refused(version, cache, monkeypatch):
    copy = verified_copy(version, cache)
    (copy / "model_card.json").write_text("{}")
    remove = shutil.rmtree
    monkeypatch.setattr(
        shutil, "rmtree", lambda path, **options: None if Path(path) == copy else remove(path, **options)
    )
    with pytest.raises(VerificationError, match=r"The copy of embedtune-v1\.0 in .* model_card\.json: altered"):
        verified_copy(version, cache)


def test_a_full_disk_is_reported_and_leaves_nothing(version, cache, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room, "compare_version", full)
    with pytest.raises(InputError, match="No space left on device"):
        verified_copy(version, cache)
    assert list((cache / "versions").iterdir()) == []


def test_a_cache_that_is_no_folder_is_reported(version, cache):
    cache.write_text("")
    with pytest.raises(InputError, match="could not be copied"):
        verified_copy(version, cache)
