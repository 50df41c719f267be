from __future__ import annotations

import pytest

from embedtune.artifacts.manifest import served_digest
from embedtune.artifacts.pruning import plan_pruning, prune
from embedtune.artifacts.setting_channels import promote, roll_back
from embedtune.encoders.onnx_files import Precision, exported_digest
from embedtune.errors import InputError, VerificationError
from version_samples import fill_version, registry_in, version_facts

NUMBERS = ("v1.0", "v1.2", "v1.10", "v2.0")


@pytest.fixture
def registry(tmp_path):
    registry = registry_in(tmp_path)
    for number in NUMBERS:
        registry.publish(version_facts(version=number), lambda f, text=number: fill_version(f, text.encode()))
    return registry


def kept(registry, keep, indexed=None):
    plan = plan_pruning(registry, keep, indexed or {})
    return {item.version.removeprefix("embedtune-"): item.kept_for for item in plan if item.kept_for}


def test_the_newest_stay_by_number_not_by_letters(registry):
    assert list(kept(registry, 2)) == ["v1.10", "v2.0"]
    assert list(kept(registry, 3)) == ["v1.2", "v1.10", "v2.0"]
    assert kept(registry, 0) == {}
    assert list(kept(registry, 9)) == list(NUMBERS)


def test_each_model_keeps_its_own(registry):
    registry.publish(version_facts(name="other", version="v0.1"), fill_version)
    plan = {item.version: item.kept_for for item in plan_pruning(registry, 1, {})}
    assert [version for version, reason in plan.items() if reason] == ["embedtune-v2.0", "other-v0.1"]


def test_what_a_channel_points_to_or_goes_back_to_stays(registry):
    for number in ("v1.0", "v1.2", "v1.10"):
        promote(registry, number, "production")
    assert kept(registry, 0) == {
        "v1.2": "the channel production would go back to it",
        "v1.10": "the channel production points to it",
    }
    roll_back(registry, "production")
    assert kept(registry, 0) == {
        "v1.0": "the channel production would go back to it",
        "v1.2": "the channel production points to it",
    }


def test_what_an_index_was_made_with_stays(registry):
    digest = served_digest(registry.find("v1.0").manifest)
    assert kept(registry, 0, {digest: "my/index", "sha256:of-another": "other"}) == {
        "v1.0": "the index my/index needs it"
    }


def test_what_an_index_was_made_with_8_bit_weights_of_stays(registry):
    digest = exported_digest(served_digest(registry.find("v1.0").manifest), Precision.INT8)
    assert kept(registry, 0, {digest: "my/index"}) == {"v1.0": "the index my/index needs it"}


def test_pruning_removes_and_writes_down(registry):
    promote(registry, "v1.0", "production")
    plan = prune(registry, 1, {}, "sha256:c")
    assert [item.version for item in plan if not item.kept_for] == ["embedtune-v1.2", "embedtune-v1.10"]
    assert [version.label for version in registry.list()] == ["embedtune-v1.0", "embedtune-v2.0"]
    assert [path.name for path in registry.root.glob(".embedtune*")] == []
    last = [entry.deed for entry in registry.history.entries()][-2:]
    assert [(str(deed.action), deed.version, deed.config) for deed in last] == [
        ("pruned", "embedtune-v1.2", "sha256:c"),
        ("pruned", "embedtune-v1.10", "sha256:c"),
    ]
    assert registry.verify(registry.find("production")) == ()


def test_a_negative_number_is_none(registry):
    with pytest.raises(InputError, match="-1 versions cannot be kept"):
        prune(registry, -1, {})


def test_nothing_is_removed_while_a_channel_is_in_doubt(registry):
    promote(registry, "v1.0", "production")
    (registry.root / ".registry" / "channels" / "production.json").write_text("{}")
    with pytest.raises(VerificationError, match=r"production\.json: altered"):
        prune(registry, 1, {})
    assert len(registry.list()) == len(NUMBERS)
