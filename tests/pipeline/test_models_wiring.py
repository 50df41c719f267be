from __future__ import annotations

import pytest

from embedtune.encoders.digests import model_digest
from embedtune.errors import ModelError, VerificationError
from embedtune.events import Alert, Counted
from stand_in_models import BLIND, stand_in_project, write_stand_in


@pytest.fixture
def events():
    return []


@pytest.fixture
def models(tmp_path, events):
    return stand_in_project(tmp_path, events).models


def test_each_model_is_loaded_once(models, tmp_path):
    write_stand_in(tmp_path / "other", "other weights")
    assert models.base() is models.base()
    assert models.named(str(tmp_path / "other")) is models.named(str(tmp_path / "other"))
    assert models.named(str(tmp_path / "other")) is not models.base()


def test_equal_weights_under_two_names_are_one_model(models, tmp_path):
    write_stand_in(tmp_path / "copy", BLIND)
    assert models.named(str(tmp_path / "copy")) is models.base()


def test_run_folder_stands_for_its_model(models, tmp_path):
    model = write_stand_in(tmp_path / "run" / "model", "tuned")
    assert models.named(str(tmp_path / "run")).digest == model_digest(model)


def test_folder_without_a_model(models, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(ModelError, match="holds no sentence-transformers model"):
        models.named(str(tmp_path / "run"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("v9.9", r"There is no version 'v9\.9'"),
        ("bse", "There is no version 'bse'"),
        ("some/model", "There is no version 'some/model'"),
    ],
)
def test_unknown_name(models, name, message):
    with pytest.raises(ModelError, match=message):
        models.named(name)


def test_version_is_served_from_a_verified_copy(finished_copy):
    models = stand_in_project(finished_copy, publish__registry="models").models
    assert models.named("v1.0").name == "embedtune-v1.0"
    assert models.named("embedtune-v1.0") is models.named(str(finished_copy / "models" / "embedtune-v1.0"))
    (finished_copy / "models" / "embedtune-v1.0" / "model" / "config.json").write_text("{}")
    with pytest.raises(VerificationError, match=r"model/config\.json: altered"):
        models.named("v1.0")


def test_version_or_base_falls_back_and_says_why(models, events):
    encoder = models.version_or_base("v9.9")
    assert encoder.digest == models.base().digest
    assert encoder.get_model_info().reason == events[0].message.split(": ", 1)[1].split(". ")[0] + "."
    assert isinstance(events[0], Alert)


def test_model_of_an_index_is_that_one_or_an_error_that_is_counted(models, tmp_path, events):
    assert models.of_index("whatever", models.base().digest).name == models.base().name
    model = write_stand_in(tmp_path / "run" / "model", "tuned")
    assert models.of_index(str(tmp_path / "run"), model_digest(model)).name == str(tmp_path / "run")
    assert events == []
    with pytest.raises(ModelError, match="it is another one by now"):
        models.of_index(str(tmp_path / "run"), "sha256:x")
    for name in ("v9.9", "some/model"):
        with pytest.raises(ModelError, match="There is no version"):
            models.of_index(name, "sha256:x")
    causes = [event.labels["cause"] for event in events if isinstance(event, Counted)]
    assert causes == ["unreadable", "missing", "missing"]


def test_model_of_an_index_is_verified(finished_copy):
    models = stand_in_project(finished_copy, publish__registry="models").models
    digest = models.named("v1.0").digest
    (finished_copy / "models" / "embedtune-v1.0" / "model" / "config.json").write_text("{}")
    with pytest.raises(VerificationError, match=r"model/config\.json: altered"):
        models.of_index("v1.0", digest)
