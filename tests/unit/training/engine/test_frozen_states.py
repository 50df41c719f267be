from __future__ import annotations

import pytest
import torch

from embedtune.encoders.sentence_transformer import load_model
from embedtune.training.engine.backbone import backbone_of
from embedtune.training.engine.freezing import freeze
from embedtune.training.engine.frozen_states import FrozenStates
from embedtune.training.engine.state_store import StateStore
from embedtune.training.engine.token_memory import TokenMemory
from tiny_models import DIMENSION

TEXTS = ["a b c", "d e f g h i j", "a", "k l m n o p q r s t u v", "x y z"]
PLENTY = 1 << 20
CPU = torch.device("cpu")


@pytest.fixture
def model(tiny_model):
    model = load_model(tiny_model)
    freeze(model, 1, None)
    model.train()
    return model


def made(model, tmp_path, memory=PLENTY):
    return FrozenStates(model, StateStore(DIMENSION, memory, 0, tmp_path))


def calls_of(model):
    calls = []
    backbone_of(model).layers[0].register_forward_hook(lambda _, inputs, __: calls.append(len(inputs[0])))
    return calls


def test_filling_runs_texts_of_equal_length_together_and_each_once(model, tmp_path):
    states, ids, calls = made(model, tmp_path), TokenMemory(model).ids(TEXTS), calls_of(model)
    assert sum(states.fill([*ids, ids[0]])) == len(TEXTS)
    assert sorted(calls) == [1, 1, 1, 2]
    states.hidden(ids, CPU)
    assert sum(calls) == len(TEXTS)


def test_states_are_those_of_the_layers_below_without_dropout(model, tmp_path):
    ids = TokenMemory(model).ids(TEXTS[:1])
    hidden = made(model, tmp_path).hidden(ids, CPU)
    model.eval()
    output = backbone_of(model).module(input_ids=ids[0][None].long(), output_hidden_states=True)
    torch.testing.assert_close(hidden, output.hidden_states[2], atol=2e-3, rtol=2e-3)


def test_what_is_remembered_does_not_depend_on_the_batch(model, tmp_path):
    alone, together = made(model, tmp_path), made(model, tmp_path)
    ids = TokenMemory(model).ids(TEXTS)
    together.hidden(ids, CPU)
    for text in ids:
        assert torch.equal(alone.hidden([text], CPU), together.hidden([text], CPU))


def test_beyond_the_budget_states_are_computed_anew(model, tmp_path):
    none, plenty = made(model, tmp_path, 0), made(model, tmp_path)
    ids = TokenMemory(model).ids(TEXTS)
    assert sum(none.fill(ids)) == 0
    calls = calls_of(model)
    for _ in range(2):
        assert torch.equal(none.hidden(ids[:1], CPU), plenty.hidden(ids[:1], CPU))
    assert sum(calls) == 3


def test_filling_stops_when_it_is_told_to(model, tmp_path):
    ids = TokenMemory(model).ids(TEXTS)
    assert sum(made(model, tmp_path).fill(ids, lambda: True)) == 0


def test_other_frozen_weights_are_other_states(model, tmp_path):
    store = StateStore(DIMENSION, PLENTY, 0, tmp_path)
    ids = TokenMemory(model).ids(TEXTS)
    first = FrozenStates(model, store).hidden(ids, CPU)
    with torch.no_grad():
        list(backbone_of(model).layers[0].parameters())[-1].add_(torch.arange(float(DIMENSION)))
    assert not torch.equal(FrozenStates(model, store).hidden(ids, CPU), first)


def test_models_without_frozen_layers_have_nothing_to_remember(tiny_model):
    model = load_model(tiny_model)
    freeze(model, 3, None)
    assert not FrozenStates.fits(model)
    freeze(model, 1, None)
    assert FrozenStates.fits(model)
