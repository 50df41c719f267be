from __future__ import annotations

import shutil

import pytest

from embedtune.artifacts.pruning import prune
from embedtune.artifacts.setting_channels import promote
from embedtune.errors import VersionExistsError
from version_samples import fill_version, registry_in, version_facts


@pytest.fixture
def registry(tmp_path):
    registry = registry_in(tmp_path)
    for number in ("v1.0", "v2.0"):
        registry.publish(version_facts(version=number), fill_version)
    return registry


def deeds(registry):
    return [(str(entry.deed.action), entry.deed.version) for entry in registry.history.entries()]


def reconciled(registry):
    with registry.storage.writing():
        registry.reconcile()
    return deeds(registry)


def last_entry(registry):
    return max((registry.root / ".registry" / "log").iterdir())


def test_there_is_nothing_to_do_where_nothing_died(registry):
    before = deeds(registry)
    assert reconciled(registry) == before == [("published", "embedtune-v1.0"), ("published", "embedtune-v2.0")]


def test_a_version_without_an_entry_is_adopted(registry):
    last_entry(registry).unlink()
    assert reconciled(registry) == [("published", "embedtune-v1.0"), ("adopted", "embedtune-v2.0")]
    assert reconciled(registry) == [("published", "embedtune-v1.0"), ("adopted", "embedtune-v2.0")]


def test_a_channel_that_was_set_is_written_down(registry):
    entry = promote(registry, "v2.0", "production")
    last_entry(registry).unlink()
    assert registry.find("production").label == "embedtune-v2.0"
    assert reconciled(registry)[-1] == ("promoted", "embedtune-v2.0")
    assert registry.history.entries()[-1] == entry


def test_a_pruning_is_finished(registry, tmp_path):
    shutil.copytree(registry.root / "embedtune-v1.0", tmp_path / "kept")
    prune(registry, 1, {})
    shutil.copytree(tmp_path / "kept", registry.root / "embedtune-v1.0")
    assert reconciled(registry)[-1] == ("pruned", "embedtune-v1.0")
    assert [version.label for version in registry.list()] == ["embedtune-v2.0"]


def test_a_pruned_number_is_not_given_again(registry):
    prune(registry, 1, {})
    with pytest.raises(VersionExistsError, match="a number is given once"):
        registry.publish(version_facts(), fill_version)


def test_a_damaged_version_is_left_alone(registry):
    last_entry(registry).unlink()
    manifest = registry.root / "embedtune-v2.0" / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{}")
    assert reconciled(registry) == [("published", "embedtune-v1.0")]
    assert manifest.exists()
