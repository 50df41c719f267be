from __future__ import annotations

import pytest

from embedtune.config.settings import EmbedtuneConfig
from embedtune.errors import ConfigError, ModelError
from embedtune.events import Notice
from embedtune.pipeline.project import open_project, with_value
from stand_in_models import write_stand_in


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "embedtune.toml").write_text(
        '[project]\nseed = 7\n[publish]\nregistry = "versions"\n[training]\nbase_model = "weights/mine"\n'
    )
    return tmp_path


def test_folder_has_its_configuration(folder):
    project = open_project(folder=folder)
    assert project.seed == 7
    assert project.workspace.root == folder / ".embedtune"
    assert project.registry.root == folder / "versions"


def test_configuration_file_brings_its_folder(folder):
    project = open_project(folder / "embedtune.toml")
    assert project.seed == 7
    assert project.workspace.project == folder


def test_current_folder_is_the_default(folder, monkeypatch):
    monkeypatch.chdir(folder)
    project = open_project()
    assert project.seed == 7
    assert project.registry.root.resolve() == folder / "versions"


def test_no_configuration_means_defaults(tmp_path):
    assert open_project(folder=tmp_path).config == EmbedtuneConfig()


def test_named_configuration_must_exist(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml does not exist"):
        open_project(tmp_path / "nowhere.toml")


def test_given_settings_win_over_the_file(folder):
    assert open_project(folder=folder, config=EmbedtuneConfig()).seed == 42


def test_seed_replaces_the_configured_one(folder):
    assert open_project(folder=folder, seed=11).seed == 11
    assert open_project(folder=folder, seed=0).seed == 0


def test_base_model_beside_the_configuration_keeps_its_name(folder):
    target = write_stand_in(folder / "weights" / "mine", "x")
    located = open_project(folder=folder).models.located_base()
    assert (located.name, located.folder, located.source) == ("weights/mine", target, "folder")


def test_base_model_that_is_nowhere(folder):
    with pytest.raises(ModelError, match="weights/mine is not on this machine"):
        open_project(folder=folder).models.located_base()


def test_report_reaches_the_models(folder):
    told = []
    project = open_project(folder=folder, report=told.append)
    project.models.report(Notice("x"))
    project.report(Notice("y"))
    assert told == [Notice("x"), Notice("y")]


def test_with_value_changes_one_key():
    config = with_value(EmbedtuneConfig(), "training", "epochs", 5)
    assert config.training.epochs == 5
    assert config.training.batch_size == EmbedtuneConfig().training.batch_size
    assert EmbedtuneConfig().training.epochs == 2


@pytest.mark.parametrize(("table", "key"), [("training", "epoch"), ("trainings", "epochs")])
def test_with_value_knows_its_keys(table, key):
    with pytest.raises(ConfigError, match=rf"no setting `{table}\.{key}`"):
        with_value(EmbedtuneConfig(), table, key, 1)


def test_with_value_checks_the_value():
    with pytest.raises(ConfigError, match=r"the command line: `training.epochs` cannot be 0"):
        with_value(EmbedtuneConfig(), "training", "epochs", 0)
