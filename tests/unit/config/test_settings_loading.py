import json
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from embedtune.config.data_settings import SplitSettings
from embedtune.config.loading import known_keys, load_config, parse_config, read_mapping
from embedtune.config.settings import EmbedtuneConfig, RetrievalSettings
from embedtune.config.training_settings import LOSS_NAMES, TrainingSettings
from embedtune.errors import ConfigError

TOML = "[training]\nepochs = 3\nlearning_rate = 1e-4\n[questions]\nwriters = ['template']\n"
JSON = json.dumps({"training": {"epochs": 3, "learning_rate": 1e-4}, "questions": {"writers": ["template"]}})
YAML = "training:\n  epochs: 3\n  learning_rate: 1e-4\nquestions:\n  writers: [template]\nsplit:\n  # dev_share: 0.2\n"


def refusal(values):
    with pytest.raises(ConfigError) as caught:
        parse_config(values, "embedtune.toml")
    return caught.value


def write(folder, name, text):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", TOML),
        ("a.json", JSON),
        ("a.yaml", YAML),
        ("a.yml", YAML),
        ("A.TOML", TOML),
        ("b.toml", "\ufeff" + TOML),
    ],
)
def test_formats_say_the_same(tmp_path, name, text):
    config = load_config(write(tmp_path, name, text))
    assert (config.training.epochs, config.training.learning_rate) == (3, 1e-4)
    assert config.questions.writers == ("template",)
    assert config.split == SplitSettings()


@pytest.mark.parametrize("name", ["a.toml", "a.yaml"])
def test_an_empty_file_means_the_defaults(tmp_path, name):
    assert load_config(write(tmp_path, name, "")) == EmbedtuneConfig()


@pytest.mark.parametrize(
    ("values", "key", "meant"),
    [
        ({"training": {"epoch": 1}}, "training.epoch", "Did you mean `training.epochs`?"),
        ({"training": {"Learning_Rate": 1}}, "training.Learning_Rate", "Did you mean `training.learning_rate`?"),
        ({"trainig": {"epochs": 1}}, "trainig", "Did you mean `training`?"),
        ({"retreival": {}}, "retreival", "Did you mean `retrieval`?"),
        ({"corpus": {"batch_size": 8}}, "corpus.batch_size", "Did you mean `training.batch_size`?"),
        ({"epochs": 3}, "epochs", "Did you mean `training.epochs` or `anomaly.epochs`?"),
        ({"corpus": {"min_word": 8}}, "corpus.min_word", "Did you mean `corpus.min_words`?"),
        ({"split": {"xyzzy": 8}}, "split.xyzzy", "Known keys of `split`: dev_share, test_share."),
    ],
)
def test_an_unknown_key_names_the_nearest(values, key, meant):
    error = refusal(values)
    assert error.message == f"embedtune.toml: unknown key `{key}`."
    assert error.remedy == meant


def test_a_key_like_no_other_names_the_tables():
    assert refusal({"xyzzy": 1}).remedy == f"Known tables: {', '.join(EmbedtuneConfig.model_fields)}."


KEYS = [key for key in known_keys() if "." in key]


@given(st.sampled_from(KEYS), st.data())
def test_a_slip_of_one_letter_is_understood(key, data):
    table, _, name = key.rpartition(".")
    place = data.draw(st.integers(0, len(name) - 1))
    slip = name[:place] + "zz" + name[place + 1 :]
    values = reduce(lambda inner, group: {group: inner}, reversed(table.split(".")), {slip: 1})
    remedy = refusal(values).remedy
    if len(name) > 5:
        assert f"`{key}`" in remedy
    assert remedy.startswith(("Did you mean", "Known keys"))


@pytest.mark.parametrize(
    ("table", "key", "value", "reason"),
    [
        ("training", "epochs", 0, "greater than or equal to 1"),
        ("training", "epochs", 2.5, "valid integer"),
        ("training", "epochs", "many", "valid integer"),
        ("training", "epochs", True, "true and false"),
        ("training", "learning_rate", float("nan"), "finite"),
        ("training", "learning_rate", float("inf"), "finite"),
        ("training", "device", "tpu", "'cuda'"),
        ("split", "dev_share", 1.2, "less than or equal to 1"),
        ("negatives", "per_pair", 9, "less than or equal to 8"),
        ("questions", "writers", [], "at least 1 item"),
        ("retrieval", "passage_words", 32, "it is a list"),
        ("publish", "version", "1.0", "match pattern"),
        ("project", "seed", -1, "greater than or equal to 0"),
    ],
)
def test_an_impossible_value_is_named_with_the_reason(table, key, value, reason):
    error = refusal({table: {key: value}})
    assert error.message.startswith(f"embedtune.toml: `{table}.{key}` cannot be {value!r}: ")
    assert reason in error.message
    assert "embedtune init" in error.remedy


def test_an_item_of_a_list_is_named_by_its_place():
    assert "`questions.writers.1` cannot be 'poet'" in refusal({"questions": {"writers": ["template", "poet"]}}).message


def test_an_unknown_loss_lists_the_known_ones():
    message = refusal({"training": {"loss": "cosent"}}).message
    assert all(repr(name) in message for name in LOSS_NAMES)


@pytest.mark.parametrize(
    ("table", "values", "reason"),
    [
        ("split", {"dev_share": 0.5, "test_share": 0.5}, "nothing to train on"),
        ("retrieval", {"passage_words": [], "whole_sections": False}, "no passage size"),
    ],
)
def test_values_that_contradict_each_other(table, values, reason):
    message = refusal({table: values}).message
    assert f"`{table}`" in message
    assert reason in message


def test_a_table_that_is_a_value():
    assert refusal({"training": 3}).message == "embedtune.toml: `training` cannot be 3: it is a table."


def test_a_long_value_is_cut():
    assert len(refusal({"training": {"epochs": "x" * 5000}}).message) < 200


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.toml", "[training]\nepochs = = 3\n", "line 2"),
        ("a.toml", "[training]\nepochs = 3\nepochs = 4\n", "line 3"),
        ("a.json", '{\n"training": {,}\n}', "line 2"),
        ("a.yaml", "training:\n  epochs: [1\nsplit: 2\n", "line 3"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path, name, text, place):
    path = write(tmp_path, name, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(path) in caught.value.message
    assert place in caught.value.message


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.ini", "x", "suffix is .ini"),
        ("a", "x", "suffix is missing"),
        ("a.json", "[1]", "no table"),
        ("a.yaml", "[]", "no table"),
        ("a.toml", b"\xff\xfe", "cannot be read"),
    ],
)
def test_files_that_are_no_configuration(tmp_path, name, text, reason):
    with pytest.raises(ConfigError, match=reason):
        read_mapping(write(tmp_path, name, text))


def test_a_missing_file_names_the_command_that_writes_one(tmp_path):
    with pytest.raises(ConfigError, match="does not exist") as caught:
        load_config(tmp_path / "none.toml")
    assert "embedtune init" in caught.value.remedy


def test_known_keys_are_the_whole_tree():
    assert {"training", "training.epochs", "retrieval.dense_weights"} <= set(known_keys())
    assert len(known_keys()) == len(set(known_keys()))


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        TrainingSettings().epochs = 3


def test_truth_is_a_value_where_it_means_something():
    assert RetrievalSettings(whole_sections=False).whole_sections is False
