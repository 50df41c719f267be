import json

import pytest

from embedtune.config.flat import FLAT_KEYS, FLAT_NAMES, flat_paths, from_flat, is_flat
from embedtune.config.loading import load_config, parse_config
from embedtune.config.settings import EmbedtuneConfig
from embedtune.errors import ConfigError

FLAT = {
    "input_jsonl": "data/pairs.jsonl",
    "output_dir": "runs/one",
    "base_model": "models/base",
    "num_epochs": 4,
    "train_batch_size": 16,
    "loss_function": "MultipleNegativesRankingLoss",
    "learning_rate": 3e-5,
    "warmup_steps": 100,
    "max_seq_length": 128,
}


def test_every_key_has_its_place(tmp_path):
    path = tmp_path / "train.json"
    path.write_text(json.dumps(FLAT))
    assert set(FLAT) == FLAT_KEYS
    config = load_config(path)
    training = config.training
    assert (training.base_model, training.epochs, training.batch_size) == ("models/base", 4, 16)
    assert (training.learning_rate, training.warmup_steps, training.max_seq_length) == (3e-5, 100, 128)
    assert training.loss == "multiple_negatives_ranking"
    assert config.model_copy(update={"training": EmbedtuneConfig().training}) == EmbedtuneConfig()


@pytest.mark.parametrize("name", ["MultipleNegativesRankingLoss", "multiple_negatives_ranking_loss", "MNRL"])
def test_names_of_the_loss(name):
    assert from_flat({"loss_function": name}) == {"training": {"loss": "multiple_negatives_ranking"}}


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("CachedMultipleNegativesRankingLoss", "cached_multiple_negatives_ranking"),
        ("TripletLoss", "triplet"),
        ("ContrastiveLoss", "contrastive"),
        ("OnlineContrastiveLoss", "online_contrastive"),
        ("CosineSimilarityLoss", "cosine_similarity"),
        ("GISTEmbedLoss", "gist"),
        ("MarginMSELoss", "margin_mse"),
    ],
)
def test_the_librarys_names_of_the_other_losses(name, loss):
    assert parse_config({"loss_function": name}, "x").training.loss == loss


@pytest.mark.parametrize("prefix", ["", "cached"])
def test_the_librarys_symmetric_losses_are_an_option_of_ours(prefix):
    training = parse_config({"loss_function": f"{prefix}multiple_negatives_symmetric_ranking_loss"}, "x").training
    assert training.symmetric
    assert training.loss == ("cached_" if prefix else "") + "multiple_negatives_ranking"


def test_the_loss_by_its_own_name():
    assert parse_config({"loss_function": "multiple_negatives_ranking"}, "x").training == EmbedtuneConfig().training


@pytest.mark.parametrize(("key", "value"), [("num_epochs", 0), ("loss_function", "CoSENTLoss"), ("loss_function", 3)])
def test_an_impossible_value_is_named_as_it_was_written(key, value):
    with pytest.raises(ConfigError, match=f"train.json: `{key}` cannot be {value!r}: "):
        parse_config({key: value, "input_jsonl": "a"}, "train.json")


def test_an_unknown_key_names_the_nearest_flat_one():
    with pytest.raises(ConfigError, match="unknown key `num_epoch`") as caught:
        parse_config({"input_jsonl": "a", "num_epoch": 1}, "train.json")
    assert caught.value.remedy == "Did you mean `num_epochs`?"
    with pytest.raises(ConfigError, match="unknown key `xyzzy`") as caught:
        parse_config({"input_jsonl": "a", "xyzzy": 1}, "train.json")
    assert caught.value.remedy == f"Known keys: {', '.join(sorted(FLAT_KEYS))}."


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"num_epochs": 1}, True),
        ({"num_epochs": 1, "typo": 2}, True),
        ({"training": {"epochs": 1}}, False),
        ({"num_epochs": 1, "training": {}}, False),
        ({}, False),
    ],
)
def test_is_flat(values, expected):
    assert is_flat(values) is expected


def test_paths_are_given_apart():
    assert flat_paths(FLAT) == ("data/pairs.jsonl", "runs/one")
    assert flat_paths({"input_jsonl": ""}) == (None, None)


def test_every_flat_name_is_a_key_of_the_tree():
    values = EmbedtuneConfig().model_dump()
    for place in FLAT_NAMES:
        table, key = place.split(".")
        assert key in values[table]
