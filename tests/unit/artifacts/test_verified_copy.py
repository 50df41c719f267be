from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from embedtune.artifacts import verified_copy as room
from embedtune.artifacts.store import Registry
from embedtune.artifacts.verified_copy import default_cache_folder, verified_copy
from embedtune.errors import InputError, VerificationError


@pytest.fixture
def version(tmp_path, facts, fill):
    return Registry(tmp_path / "models").publish(facts(), fill)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_the_copy_holds_the_listed_files_alone(version, cache):
    copy = verified_copy(version, cache)
    files = {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    expected = {entry.path: (version.folder / entry.path).read_bytes() for entry in version.manifest.files}
    assert files == expected
    assert copy.name == version.manifest.files_digest.removeprefix("sha256:")


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


def test_a_file_exchanged_after_verification_is_caught(version, cache, monkeypatch):
    weights = version.folder / "model" / "model.safetensors"

    def compare_then_exchange(folder, manifest):
        weights.chmod(0o644)
        weights.write_bytes(b"evil!!!")
        return ()

    monkeypatch.setattr(room, "compare_folder", compare_then_exchange)
    with pytest.raises(VerificationError, match=r"model\.safetensors was altered while it was being copied"):
        verified_copy(version, cache)
    assert list((cache / "versions").iterdir()) == []


def test_a_copy_that_another_process_finished_first_is_used(version, cache, monkeypatch):
    target = cache / "versions" / version.manifest.files_digest.removeprefix("sha256:")
    copy_file = room._copy_file

    def copy_while_another_finishes(version_, entry, staging):
        copy_file(version_, entry, staging)
        if not target.exists():
            shutil.copytree(version.folder, target, ignore=lambda folder, names: {"manifest.json"} & set(names))

    monkeypatch.setattr(room, "_copy_file", copy_while_another_finishes)
    assert verified_copy(version, cache) == target
    assert [path.name for path in target.parent.iterdir()] == [target.name]


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
    def full(version_, entry, staging):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room, "_copy_file", full)
    with pytest.raises(InputError, match="No space left on device"):
        verified_copy(version, cache)
    assert list((cache / "versions").iterdir()) == []


def test_a_cache_that_is_no_folder_is_reported(version, cache):
    cache.write_text("")
    with pytest.raises(InputError, match="could not be copied"):
        verified_copy(version, cache)


def test_the_default_cache_is_the_users_own(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    assert default_cache_folder() == Path("/somewhere/cache/embedtune")
