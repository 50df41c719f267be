from __future__ import annotations

import pytest
import torch

from embedtune.encoders.sentence_transformer import load_model
from embedtune.training.freezing import freeze, transformer_layers
from embedtune.training.frozen_prefix import FrozenPrefix

TEXTS = ["a b c", "d e f g h i j", "a", "k l m n o p q r s t u v"]
PLENTY = 1 << 20


@pytest.fixture
def model(tiny_model):
    model = load_model(tiny_model)
    freeze(model, 1, None)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def gradients(model, embed):
    model.zero_grad()
    model.train()
    embeddings = embed(model.preprocess(TEXTS))
    (embeddings[0] @ embeddings[1] + embeddings[2] @ embeddings[3] ** 2).backward()
    learned = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return embeddings.detach(), learned


def test_embeddings_and_gradients_equal_the_whole_models(model):
    prefix = FrozenPrefix(model, PLENTY)
    plain, expected = gradients(model, lambda tokens: model(tokens)["sentence_embedding"])
    for _ in range(2):  # the second time from memory
        cached, found = gradients(model, prefix.embed)
        assert torch.allclose(cached, plain, atol=2e-3)
        assert found.keys() == expected.keys()
        for name, gradient in expected.items():
            assert torch.allclose(found[name], gradient, atol=5e-3 * max(1.0, float(gradient.abs().max()))), name


def test_frozen_layers_run_once_for_each_distinct_text(model):
    prefix = FrozenPrefix(model, PLENTY)
    calls = []
    transformer_layers(model)[0].register_forward_hook(lambda *_: calls.append(1))
    for _ in range(3):
        prefix.embed(model.preprocess([*TEXTS, TEXTS[0]]))
    assert len(calls) == len(TEXTS)


def test_what_is_remembered_does_not_depend_on_the_batch(model):
    alone, together = FrozenPrefix(model, PLENTY), FrozenPrefix(model, PLENTY)
    alone.embed(model.preprocess(TEXTS[:1]))
    together.embed(model.preprocess(TEXTS))
    model.eval()
    short = model.preprocess(TEXTS[:1])
    assert torch.equal(alone.embed(short), together.embed(short))


def test_beyond_the_budget_states_are_computed_anew(model):
    prefix = FrozenPrefix(model, 0)
    unlimited = FrozenPrefix(model, PLENTY)
    model.eval()
    tokens = model.preprocess(TEXTS)
    assert torch.equal(prefix.embed(tokens), unlimited.embed(tokens))
    assert prefix.bytes_held == 0
    assert unlimited.bytes_held == 2 * 16 * int(tokens["attention_mask"].sum())


def test_frozen_layers_run_without_dropout_while_the_others_have_it(tiny_model):
    model = load_model(tiny_model)
    freeze(model, 1, None)
    prefix = FrozenPrefix(model, PLENTY)
    model.train()
    tokens = model.preprocess(TEXTS[:1])
    state = prefix._state(tokens["input_ids"][0])
    assert torch.equal(state, FrozenPrefix(model, PLENTY)._state(tokens["input_ids"][0]))
    assert not torch.equal(prefix.embed(tokens), prefix.embed(tokens))


def test_models_without_frozen_layers_are_refused(tiny_model):
    model = load_model(tiny_model)
    freeze(model, 3, None)
    assert not FrozenPrefix.fits(model)
    freeze(model, 1, None)
    assert FrozenPrefix.fits(model)
