from __future__ import annotations

import os
from pathlib import Path

import pytest

from embedtune.artifacts.cache_folder import default_cache_folder, mark_used, private_shelf, prune_cache
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.errors import InputError
from version_samples import fill_version, registry_in, version_facts


@pytest.fixture
def copies(tmp_path):
    registry = registry_in(tmp_path)
    made = []
    for number in ("v1.0", "v2.0"):
        version = registry.publish(version_facts(version=number), fill_version)
        made.append(verified_copy(version, tmp_path / "cache"))
    return made


def aged(copy, days):
    for path in (copy, copy.with_name(f"{copy.name}.json")):
        os.utime(path, (path.stat().st_mtime - days * 86_400,) * 2)


def test_only_copies_that_were_not_used_lately_go(copies, tmp_path):
    old, new = copies
    aged(old, 31)
    aged(new, 29)
    assert prune_cache(tmp_path / "cache", 30) == (old.name,)
    assert not old.exists()
    assert not old.with_name(f"{old.name}.json").exists()
    assert (new / "model" / "model.safetensors").is_file()
    assert prune_cache(tmp_path / "cache", 30) == ()


def test_a_used_copy_is_young_again(copies, tmp_path):
    aged(copies[0], 31)
    mark_used(copies[0])
    assert prune_cache(tmp_path / "cache", 30) == ()


def test_what_a_killed_process_left_goes_too(copies, tmp_path):
    left = tmp_path / "cache" / "versions" / ".abc.xyz"
    left.mkdir()
    os.utime(left, (0, 0))
    assert prune_cache(tmp_path / "cache", 30) == (".abc.xyz",)


def test_a_cache_that_does_not_exist_is_empty(tmp_path):
    assert prune_cache(tmp_path / "nowhere", 0) == ()


def test_a_pruned_copy_is_made_anew(copies, tmp_path):
    aged(copies[0], 31)
    prune_cache(tmp_path / "cache", 30)
    version = registry_in(tmp_path).find("v1.0")
    assert verified_copy(version, tmp_path / "cache") == copies[0]
    assert (copies[0] / "model" / "model.safetensors").read_bytes() == b"weights"


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_shelf_that_others_can_write_to_is_refused(tmp_path, mode):
    private_shelf(tmp_path).chmod(mode)
    with pytest.raises(InputError, match="is not private"):
        private_shelf(tmp_path)


def test_a_link_is_no_shelf(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "versions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="is not private"):
        private_shelf(tmp_path)


def test_the_default_cache_is_the_users_own(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    assert default_cache_folder() == Path("/somewhere/cache/embedtune")
