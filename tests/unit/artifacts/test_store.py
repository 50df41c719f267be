from __future__ import annotations

import shutil

import pytest

from embedtune.artifacts.manifest import manifest_digest
from embedtune.artifacts.problems import FileProblem, ProblemKind
from embedtune.artifacts.store import load_version
from embedtune.errors import InputError, ModelError, VerificationError, VersionExistsError
from embedtune.events import Alert
from version_samples import registry_in


@pytest.fixture
def registry(tmp_path):
    return registry_in(tmp_path)


def visible(folder):
    """Return the names in a registry, its hidden state left out; nothing half-written is among them."""
    assert [path.name for path in folder.glob(".*") if path.name != ".registry"] == []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def write_permissions(folder):
    return [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o222]


def test_a_published_version_is_described_and_verifies(registry, facts, fill):
    version = registry.publish(facts(), fill)
    assert version.folder == registry.root / "embedtune-v1.0"
    assert version.label == "embedtune-v1.0"
    assert [entry.path for entry in version.manifest.files] == [
        "model/1_Pooling/config.json",
        "model/config.json",
        "model/model.safetensors",
        "model/modules.json",
        "model_card.json",
    ]
    assert version.manifest.settings == facts().settings
    assert registry.verify(version) == ()
    assert visible(registry.root) == ["embedtune-v1.0"]


def test_nothing_of_a_version_may_be_written(registry, facts, fill):
    version = registry.publish(facts(), fill)
    assert write_permissions(version.folder) == []
    assert all(path.stat().st_mode & 0o400 for path in version.folder.rglob("*"))


def test_a_version_is_as_readable_as_its_registry(registry, facts, fill):
    registry.root.mkdir()
    registry.root.chmod(0o750)

    def fill_privately(folder):
        fill(folder)
        (folder / "model" / "model.safetensors").chmod(0o600)

    version = registry.publish(facts(), fill_privately)
    assert {path.stat().st_mode & 0o777 for path in version.folder.rglob("*") if path.is_file()} == {0o440}
    assert version.folder.stat().st_mode & 0o777 == 0o550


def test_a_version_can_be_moved_and_deleted(registry, facts, fill, tmp_path):
    version = registry.publish(facts(), fill)
    shutil.copytree(version.folder, tmp_path / "copy")
    assert registry.verify(load_version(tmp_path / "copy")) == ()
    for path in (version.folder, *version.folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    shutil.rmtree(version.folder)
    registry.ensure_free("embedtune", "v1.0")


def test_versions_never_change(registry, facts, fill):
    version = registry.publish(facts(), fill)

    def must_not_run(folder):
        pytest.fail("an existing version must be noticed before any work")

    with pytest.raises(VersionExistsError, match="versions never change") as caught:
        registry.publish(facts(), must_not_run)
    assert "another version number" in caught.value.remedy
    assert load_version(version.folder) == version
    assert registry.verify(version) == ()
    with pytest.raises(VersionExistsError):
        registry.ensure_free("embedtune", "v1.0")
    registry.ensure_free("embedtune", "v1.1")
    registry.ensure_free("other", "v1.0")


@pytest.mark.parametrize(("name", "version"), [("../x", "v1"), ("", "v1"), (".x", "v1"), ("a b", "v1"), ("x/y", "v1")])
def test_unfit_names_are_refused(registry, name, version):
    with pytest.raises(ModelError, match="model's name"):
        registry.ensure_free(name, version)


@pytest.mark.parametrize("version", ["1.0", "v", "v1.", "v1/..", "v1\n", "vx", ""])
def test_unfit_versions_are_refused(registry, version):
    with pytest.raises(ModelError, match="version number"):
        registry.ensure_free("embedtune", version)


def test_unsafe_files_are_not_published(registry, facts, fill):
    def fill_with_pickle(folder):
        fill(folder)
        (folder / "optimizer.pt").write_bytes(b"x")

    with pytest.raises(ModelError, match=r"optimizer\.pt"):
        registry.publish(facts(), fill_with_pickle)
    with pytest.raises(ModelError, match="no model folder"):
        registry.publish(facts(), lambda folder: None)
    assert visible(registry.root) == []


def test_a_mistake_of_the_writer_is_not_taken_for_an_existing_version(registry, facts):
    def fill_twice(folder):
        (folder / "model").mkdir()
        (folder / "model").mkdir()

    with pytest.raises(InputError, match="could not be published") as caught:
        registry.publish(facts(), fill_twice)
    assert not isinstance(caught.value, VersionExistsError)
    assert visible(registry.root) == []


def test_a_version_is_found_by_number_name_and_path(registry, facts, fill, tmp_path):
    one = registry.publish(facts(), fill)
    two = registry.publish(facts(version="v1.0.1"), fill)
    assert registry.find("v1.0") == one
    assert registry.find("embedtune-v1.0.1") == two
    assert registry.find(two.folder) == two
    assert registry.find(f"{two.folder}/") == two
    two.folder.chmod(0o755)
    elsewhere = two.folder.rename(tmp_path / "anything")
    assert registry.find(elsewhere).manifest == two.manifest


def test_a_missing_version_names_those_that_exist(registry, facts, fill):
    with pytest.raises(ModelError) as caught:
        registry.find("v9")
    assert "Nothing is published there yet." in caught.value.remedy
    registry.publish(facts(), fill)
    registry.publish(facts(version="v1.1"), fill)
    for reference in ("v9", "", "embedtune", "v1", "1.0", "embedtune-v1"):
        with pytest.raises(ModelError) as caught:
            registry.find(reference)
        assert "embedtune-v1.0, embedtune-v1.1" in caught.value.remedy


def test_a_reference_that_no_file_can_have_is_missing(registry):
    with pytest.raises(ModelError, match="There is no version"):
        registry.find("x" * 5000)


def test_a_registry_that_cannot_be_read_is_reported(registry, monkeypatch):
    registry.root.mkdir()

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(registry.root), "iterdir", refuse)
    with pytest.raises(ModelError, match="cannot be read: Permission denied"):
        registry.find("v1.0")


def test_a_number_that_two_models_share_is_ambiguous(registry, facts, fill):
    registry.publish(facts(), fill)
    registry.publish(facts(name="my-model"), fill)
    with pytest.raises(ModelError, match=r"embedtune-v1\.0, my-model-v1\.0"):
        registry.find("v1.0")
    assert registry.find("my-model-v1.0").manifest.name == "my-model"


def test_a_folder_without_manifest_is_no_version(registry, tmp_path):
    with pytest.raises(VerificationError, match=r"manifest\.json is not a whole manifest: it does not exist"):
        registry.find(tmp_path)


def test_a_version_under_the_name_of_another_is_refused(registry, facts, fill):
    version = registry.publish(facts(), fill)
    version.folder.chmod(0o755)
    version.folder.rename(registry.root / "embedtune-v2.0")
    with pytest.raises(VerificationError, match=r"holds the manifest of embedtune-v1\.0"):
        registry.find("v2.0")


def test_listing_goes_on_past_a_damaged_version(registry, facts, fill):
    assert registry.list() == ()
    versions = [registry.publish(facts(version=number), fill) for number in ("v1.0", "v1.1", "v1.2")]
    (registry.root / "notes").mkdir()
    (registry.root / ".embedtune-v9.xyz").mkdir()
    (registry.root / "file-v1").write_text("")
    manifest = versions[1].folder / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{")
    events = []
    assert registry.list(events.append) == (versions[0], versions[2])
    assert len(events) == 1
    assert isinstance(events[0], Alert)
    assert events[0].message.startswith("embedtune-v1.1 is left out:")


def test_verification_covers_the_manifest_itself(registry, facts, fill):
    version = registry.publish(facts(), fill)
    other = registry.publish(facts(version="v2"), fill)
    path = version.folder / "manifest.json"
    version.folder.chmod(0o755)
    path.unlink()
    assert [(p.path, p.kind) for p in registry.verify(version)] == [("manifest.json", ProblemKind.MISSING)]
    path.write_text("{}")
    assert [(p.path, p.kind) for p in registry.verify(version)] == [("manifest.json", ProblemKind.ALTERED)]
    shutil.copy(other.folder / "manifest.json", path)
    expected = FileProblem("manifest.json", ProblemKind.ALTERED, "it was replaced by another one")
    assert registry.verify(version) == (expected,)


def test_a_noted_digest_pins_a_version(registry, facts, fill):
    version = registry.publish(facts(), fill)
    digest = manifest_digest(version.manifest)
    for reference in ("v1.0", "embedtune-v1.0", version.folder):
        assert registry.find(f"{reference}@{digest}") == version
    with pytest.raises(VerificationError, match=r"embedtune-v1\.0/manifest\.json: altered \(its digest is sha256:"):
        registry.find("v1.0@sha256:" + "0" * 64)


def test_publishing_is_written_down(registry, facts, fill):
    version = registry.publish(facts(), fill)
    (entry,) = registry.history.entries()
    assert (entry.number, entry.previous) == (1, "")
    assert (entry.deed.action, entry.deed.version) == ("published", "embedtune-v1.0")
    assert entry.deed.manifest == manifest_digest(version.manifest)
    assert entry.deed.date == version.manifest.created


def test_an_unsigned_version_is_not_published_where_signatures_are_required(tmp_path, facts, fill, keys, other_keys):
    registry = registry_in(tmp_path, keys.required)
    with pytest.raises(InputError, match="no key to sign with"):
        registry.publish(facts(), fill)
    with pytest.raises(InputError, match="not among the allowed keys"):
        registry.publish(facts(), fill, other_keys.private)
    assert not registry.root.exists()
    version = registry.publish(facts(), fill, keys.private)
    assert registry.verify(version) == ()
    assert write_permissions(version.folder) == []
