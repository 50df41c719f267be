from __future__ import annotations

import pytest
import torch
import transformers

from embedtune.encoders.locate import MINILM, locate_model
from embedtune.encoders.sentence_transformer import load_model
from embedtune.errors import ModelError
from embedtune.training.engine.backbone import backbone_of
from embedtune.training.engine.freezing import Trainable, freeze, learning_weights, moved
from tiny_models import DIMENSION, LAYERS, vocabulary_size, write_tiny_model

WIDE = 2 * DIMENSION
SHAPES = {
    "bert": lambda size: transformers.BertConfig(
        vocab_size=size,
        hidden_size=DIMENSION,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=WIDE,
        max_position_embeddings=96,
    ),
    "roberta": lambda size: transformers.RobertaConfig(
        vocab_size=size,
        hidden_size=DIMENSION,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=WIDE,
        max_position_embeddings=98,
    ),
    "mpnet": lambda size: transformers.MPNetConfig(
        vocab_size=size,
        hidden_size=DIMENSION,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=WIDE,
        max_position_embeddings=98,
    ),
    "distilbert": lambda size: transformers.DistilBertConfig(
        vocab_size=size, dim=DIMENSION, n_layers=LAYERS, n_heads=2, hidden_dim=WIDE, max_position_embeddings=96
    ),
    "modernbert": lambda size: transformers.ModernBertConfig(
        vocab_size=size,
        hidden_size=DIMENSION,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=WIDE,
        max_position_embeddings=96,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        cls_token_id=2,
        sep_token_id=3,
    ),
}
# Weights and biases of one layer, by its narrow and wide size: query, key, value and output projections, up and
# down projections, two layer norms. ModernBERT has no biases and a gated, twice as wide, up projection.
H = DIMENSION
BERT_LAYER = 4 * H * (H + 1) + WIDE * (H + 1) + H * (WIDE + 1) + 4 * H
MODERN_LAYER = 4 * H * H + 2 * WIDE * H + H * WIDE + 2 * H


@pytest.fixture
def model(tiny_model):
    return load_model(tiny_model)


def learning(module):
    return {name for name, parameter in module.named_parameters() if parameter.requires_grad}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_train_layers_counts_from_the_top(model, count):
    trainable = freeze(model, train_layers=count, freeze_layers=None)

    assert (trainable.layers, trainable.trained_layers) == (3, count)
    assert trainable.trainable_params == count * BERT_LAYER
    layers = backbone_of(model).layers
    for number, layer in enumerate(layers):
        expected = set(dict(layer.named_parameters())) if number >= 3 - count else set()
        assert learning(layer) == expected
    assert all(".layer." in name for name in learning(model))


@pytest.mark.parametrize(("frozen", "trained"), [(0, 3), (1, 2), (2, 1)])
def test_freeze_layers_wins_over_train_layers(model, frozen, trained):
    assert freeze(model, train_layers=2, freeze_layers=frozen).trained_layers == trained


def test_without_a_number_all_layers_learn_and_the_embeddings_stay(model):
    trainable = freeze(model, train_layers=None, freeze_layers=None)

    assert trainable.trained_layers == 3
    assert not any("embeddings" in name or "pooler" in name for name in learning(model))


def test_freezing_again_forgets_the_first_time(model):
    freeze(model, train_layers=3, freeze_layers=None)

    assert freeze(model, train_layers=1, freeze_layers=None).trainable_params == BERT_LAYER


def test_counts_all_parameters(model):
    trainable = freeze(model, train_layers=2, freeze_layers=None)

    embeddings = (vocabulary_size() + 96 + 2) * H + 2 * H
    pooler = H * (H + 1)
    assert trainable.total_params == embeddings + 3 * BERT_LAYER + pooler
    assert trainable.share == pytest.approx(2 * BERT_LAYER / trainable.total_params)


@pytest.mark.parametrize("count", [4, 12])
def test_training_more_layers_than_there_are_names_the_right_number(model, count):
    with pytest.raises(ModelError, match=f"Cannot train {count} layers: the model has 3") as caught:
        freeze(model, train_layers=count, freeze_layers=None)

    assert "between 1 and 3" in caught.value.remedy


@pytest.mark.parametrize("count", [3, 10, -1])
def test_freezing_so_many_layers_that_none_learns_names_the_right_number(model, count):
    with pytest.raises(ModelError, match=f"Cannot freeze {count} layers: the model has 3") as caught:
        freeze(model, train_layers=2, freeze_layers=count)

    assert "between 0 and 2" in caught.value.remedy


def test_a_wrong_number_leaves_the_model_alone(model):
    before = learning(model)

    with pytest.raises(ModelError):
        freeze(model, train_layers=0, freeze_layers=None)

    assert learning(model) == before


@pytest.mark.parametrize("shape", SHAPES)
def test_known_shapes_can_be_frozen(shape, tmp_path):
    model = load_model(write_tiny_model(tmp_path / shape, SHAPES[shape](vocabulary_size())))

    trainable = freeze(model, train_layers=1, freeze_layers=None)

    expected = MODERN_LAYER if shape == "modernbert" else BERT_LAYER
    assert trainable == Trainable(3, 1, expected, sum(parameter.numel() for parameter in model.parameters()))
    top = backbone_of(model).layers[-1]
    assert learning(top) == set(dict(top.named_parameters()))


def test_modules_above_the_transformer_learn(model):
    from sentence_transformers.base.modules.dense import Dense

    model.append(Dense(DIMENSION, 4))

    assert freeze(model, train_layers=1, freeze_layers=None).trainable_params == BERT_LAYER + 4 * (DIMENSION + 1)


def test_an_unknown_shape_is_refused_by_name(model):
    from torch import nn

    model[0].model = nn.Identity()

    with pytest.raises(ModelError, match="layers of Identity are not known"):
        backbone_of(model)


def test_a_weight_that_learns_has_moved_if_one_number_has(model):
    freeze(model, train_layers=1, freeze_layers=None)
    before = learning_weights(model)
    assert before.keys() == learning(model)
    assert not moved(model, before)

    with torch.no_grad():
        model.get_parameter(list(before)[-1]).view(-1)[0] += 1e-3

    assert moved(model, before)


@pytest.mark.real_model
def test_two_of_six_layers_of_minilm():
    model = load_model(locate_model(MINILM).folder)

    trainable = freeze(model, train_layers=2, freeze_layers=None)

    assert trainable == Trainable(6, 2, 3_548_928, 22_713_216)
    with pytest.raises(ModelError, match="Cannot freeze 10 layers: the model has 6"):
        freeze(model, train_layers=2, freeze_layers=10)
