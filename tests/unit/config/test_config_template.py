import tomllib
from functools import reduce

import pytest

from embedtune.config.base import Settings
from embedtune.config.loading import known_keys, load_config
from embedtune.config.settings import EmbedtuneConfig, ProjectSettings
from embedtune.config.template import commented_toml
from embedtune.config.training_settings import TrainingSettings


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
        if f"[{key}]" in lines:
            continue
        table, _, name = key.rpartition(".")
        line = next(line for line in lines[lines.index(f"[{table}]") :] if line.lstrip("# ").startswith(f"{name} ="))
        assert lines[lines.index(line) - 1].startswith("# ")
        group = reduce(dict.__getitem__, table.split("."), loaded)
        assert (name in group) == (not line.startswith("#"))


def test_every_key_has_a_description():
    groups = [getattr(EmbedtuneConfig(), table) for table in EmbedtuneConfig.model_fields]
    while groups:
        group = groups.pop()
        for name, field in type(group).model_fields.items():
            value = getattr(group, name)
            assert isinstance(value, Settings) or field.description
            groups += [value] if isinstance(value, Settings) else []


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
