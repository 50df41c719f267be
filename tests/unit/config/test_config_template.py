import tomllib

import pytest

from embedtune.config.loading import known_keys, load_config
from embedtune.config.settings import EmbedtuneConfig, ProjectSettings, TrainingSettings
from embedtune.config.template import commented_toml


@pytest.fixture(scope="module")
def text():
    return commented_toml(EmbedtuneConfig())


def test_it_loads_back_to_the_defaults(tmp_path, text):
    path = tmp_path / "embedtune.toml"
    path.write_text(text)
    assert load_config(path) == EmbedtuneConfig()


def test_it_holds_every_key_with_its_description(text):
    loaded = tomllib.loads(text)
    lines = text.splitlines()
    for key in known_keys():
        table, _, name = key.partition(".")
        if not name:
            assert f"[{table}]" in lines
            continue
        line = next(line for line in lines[lines.index(f"[{table}]") :] if line.lstrip("# ").startswith(f"{name} ="))
        assert lines[lines.index(line) - 1].startswith("# ")
        assert (name in loaded[table]) == (not line.startswith("#"))


def test_every_key_has_a_description():
    for table in EmbedtuneConfig.model_fields:
        group = getattr(EmbedtuneConfig(), table)
        assert all(field.description for field in type(group).model_fields.values())


def test_values_other_than_the_defaults_are_kept(tmp_path):
    config = EmbedtuneConfig(
        project=ProjectSettings(corpus='manu"als', test_suites=("a.json", "b.json")),
        training=TrainingSettings(epochs=7, learning_rate=1e-6, freeze_layers=3),
    )
    path = tmp_path / "embedtune.toml"
    path.write_text(commented_toml(config))
    assert load_config(path) == config


def test_lines_are_short(text):
    assert max(map(len, text.splitlines())) <= 100
