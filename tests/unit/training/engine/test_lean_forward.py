from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, DistilBertConfig, ModernBertConfig, MPNetConfig, RobertaConfig

from embedtune.encoders.sentence_transformer import load_model
from embedtune.training.engine.backbone import backbone_of
from embedtune.training.engine.freezing import freeze
from embedtune.training.engine.frozen_states import FrozenStates
from embedtune.training.engine.lean_forward import LeanForward
from embedtune.training.engine.state_store import StateStore
from tiny_models import DIMENSION, LAYERS, MAX_TOKENS, vocabulary_size, write_tiny_model

TEXTS = ["a b c", "d e f g h i j", "a", "k l m n o p q r s t u v", "a b c", "d e f g h i j"]
SIZES = {"hidden_size": DIMENSION, "num_hidden_layers": LAYERS, "num_attention_heads": 2}
ROOM = {"vocab_size": vocabulary_size(), "max_position_embeddings": MAX_TOKENS + 2, "pad_token_id": 0}
CONFIGS = {
    "bert": BertConfig(**SIZES, **ROOM, intermediate_size=32),
    "roberta": RobertaConfig(**SIZES, **ROOM, intermediate_size=32),
    "mpnet": MPNetConfig(**SIZES, **ROOM, intermediate_size=32),
    "distilbert": DistilBertConfig(dim=DIMENSION, n_layers=LAYERS, n_heads=2, hidden_dim=32, **ROOM),
    "modernbert": ModernBertConfig(**SIZES, **ROOM, intermediate_size=32, local_attention=8),
}


@pytest.fixture(scope="module", params=CONFIGS)
def shape(request, tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp("models") / request.param, CONFIGS[request.param])


def without_dropout(folder, train_layers=1):
    model = load_model(folder)
    freeze(model, train_layers, None)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        for name in ("dropout", "attention_dropout", "dropout_prob"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    model.train()
    return model


def gradients(model, texts=TEXTS):
    model.zero_grad()
    embeddings = model(model.preprocess(texts))["sentence_embedding"]
    (embeddings[0] @ embeddings[1] + embeddings[2] @ embeddings[3] ** 2 + embeddings[4] @ embeddings[5]).backward()
    learned = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return embeddings.detach(), learned


def states(model, tmp_path, memory=1 << 20):
    return FrozenStates(model, StateStore(DIMENSION, memory, 0, tmp_path))


def assert_same(found, expected, tolerance):
    torch.testing.assert_close(found[0], expected[0], atol=tolerance, rtol=tolerance)
    assert found[1].keys() == expected[1].keys()
    for name, gradient in expected[1].items():
        scale = max(1.0, float(gradient.abs().max()))
        assert torch.allclose(found[1][name], gradient, atol=5 * tolerance * scale), name


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("at_once", [0, 1, 40])
def test_without_states_embeddings_and_gradients_are_the_plain_ones(shape, merge, at_once):
    model = without_dropout(shape, train_layers=2)
    expected = gradients(model)
    with LeanForward(model, None, merge, at_once).installed():
        assert_same(gradients(model), expected, 1e-5)
    assert_same(gradients(model), expected, 1e-6)


def test_with_states_they_are_the_plain_ones_up_to_half_precision(shape, tmp_path):
    model = without_dropout(shape)
    expected = gradients(model)
    names = list(model.state_dict())
    lean = LeanForward(model, states(model, tmp_path), tokens_at_once=40)
    with lean.installed():
        for _ in range(2):  # the second time from memory
            assert_same(gradients(model), expected, 4e-3)
        assert list(model.state_dict()) == names
    assert "forward" not in vars(model)


def test_equal_texts_run_once(tiny_model):
    model = without_dropout(tiny_model)
    seen = []
    backbone_of(model).layers[0].register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    with LeanForward(model, None, merge=True, tokens_at_once=0).installed():
        model(model.preprocess(TEXTS))
    assert sum(seen) == len(set(TEXTS))


def test_a_group_has_no_more_tokens_than_allowed_and_little_padding(tiny_model):
    model = without_dropout(tiny_model)
    shapes = []
    backbone_of(model).layers[0].register_forward_hook(lambda _, inputs, __: shapes.append(inputs[0].shape[:2]))
    texts = ["a " * length for length in (30, 1, 2, 30, 2, 1, 29)]
    with LeanForward(model, None, merge=False, tokens_at_once=64).installed():
        model(model.preprocess(texts))
    assert [tuple(shape) for shape in shapes] == [(4, 4), (2, 32), (1, 32)]


def test_measuring_on_dev_uses_the_states(tiny_model, tmp_path):
    model = without_dropout(tiny_model)
    plain = model.encode(TEXTS)
    calls = []
    backbone_of(model).layers[0].register_forward_hook(lambda *_: calls.append(1))
    with LeanForward(model, states(model, tmp_path)).installed():
        for _ in range(3):
            assert model.encode(TEXTS) == pytest.approx(plain, abs=4e-3)
    assert len(calls) == len(set(TEXTS))
