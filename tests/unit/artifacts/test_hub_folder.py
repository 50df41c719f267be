from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import ModelCard as HubCard

from embedtune.artifacts.hub_folder import upload_version, write_hub_folder
from embedtune.artifacts.readme import render_readme
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.errors import InputError
from version_samples import fill_version, model_card, registry_in, version_facts

MODEL = ("1_Pooling/config.json", "README.md", "config.json", "model.safetensors", "model_card.json", "modules.json")


@pytest.fixture
def version(tmp_path):
    def fill(folder):
        fill_version(folder)
        (folder / "README.md").write_text(render_readme(model_card()))
        (folder / "evaluation.json").write_text('{"leaked": "How is the pump bled?"}')
        (folder / "training.log").write_text("at work\n")

    return registry_in(tmp_path).publish(version_facts(), fill)


@pytest.fixture
def copy(version, tmp_path):
    return verified_copy(version, tmp_path / "cache")


@dataclass
class StandInHub:
    """A hub that keeps what it is given."""

    private: bool = True
    tags: list[str] = field(default_factory=list)
    asked: list[tuple] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def create_repo(self, repo_id, *, private, exist_ok):
        self.asked.append(("create", repo_id, private, exist_ok))

    def repo_info(self, repo_id):
        return SimpleNamespace(private=self.private)

    def list_repo_refs(self, repo_id):
        return SimpleNamespace(tags=[SimpleNamespace(name=name) for name in self.tags])

    def upload_folder(self, *, repo_id, folder_path, commit_message, delete_patterns):
        self.asked.append(("upload", repo_id, commit_message))
        folder = Path(folder_path)
        self.files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    def create_tag(self, repo_id, *, tag):
        self.tags.append(tag)


def test_a_folder_is_a_plain_model_repository(version, copy, tmp_path):
    target = tmp_path / "pushed"
    assert write_hub_folder(version, copy, target) == MODEL
    found = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert found == sorted(MODEL)
    assert (target / "model.safetensors").read_bytes() == b"weights"
    card = HubCard.load(target / "README.md")
    assert card.data.library_name == "sentence-transformers"
    assert 'SentenceTransformer("pushed")' in card.text


def test_test_questions_stay_behind_unless_asked_for(version, copy, tmp_path):
    pushed = write_hub_folder(version, copy, tmp_path / "pushed", ["evaluation.json"])
    assert set(pushed) - set(MODEL) == {"evaluation.json"}
    with pytest.raises(InputError, match=r"holds no test\.json"):
        write_hub_folder(version, copy, tmp_path / "other", ["test.json"])
    with pytest.raises(InputError, match="exists already"):
        write_hub_folder(version, copy, tmp_path / "pushed")
    assert not (tmp_path / "other").exists()


def test_the_hub_gets_the_same_files_privately_and_tagged(version, copy):
    hub = StandInHub()
    assert upload_version(version, copy, "acme/manuals", api=hub) == MODEL
    assert hub.asked == [("create", "acme/manuals", True, True), ("upload", "acme/manuals", "embedtune-v1.0")]
    assert hub.tags == ["v1.0"]
    assert tuple(sorted(hub.files)) == tuple(sorted(MODEL))
    assert b'SentenceTransformer("acme/manuals")' in hub.files["README.md"]
    with pytest.raises(InputError, match=r"has v1\.0 already"):
        upload_version(version, copy, "acme/manuals", api=hub)


def test_a_public_repository_must_be_meant(version, copy):
    hub = StandInHub(private=False)
    with pytest.raises(InputError, match="is public"):
        upload_version(version, copy, "acme/manuals", api=hub)
    assert hub.files == {}
    upload_version(version, copy, "acme/manuals", public=True, api=hub)
    assert hub.asked[-2][2] is False
    assert hub.tags == ["v1.0"]


def test_the_hub_is_not_asked_where_the_user_is_offline(version, copy):
    """The tests run with HF_HUB_OFFLINE, as a machine without a network would."""
    with pytest.raises(InputError, match="could not be pushed to acme/manuals: OfflineModeIsEnabled"):
        upload_version(version, copy, "acme/manuals")
