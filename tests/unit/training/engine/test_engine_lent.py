from __future__ import annotations

import numpy as np
import pytest
import torch

from embedtune.config.training_settings import SpeedSettings
from embedtune.encoders.sentence_transformer import load_encoder, load_model
from embedtune.events import silent
from embedtune.training.engine.backbone import backbone_of
from embedtune.training.engine.engine import engine_for
from embedtune.training.engine.freezing import freeze

TEXTS = ["a b c", "d e f g h i j", "a", "x y z"]
PLAIN = SpeedSettings(frozen_cache_mb=0, frozen_cache_disk_mb=0, merge_texts=False, tokens_at_once=0)


def engine(folder, settings, tmp_path):
    model = load_model(folder)
    freeze(model, 1, None)
    made = engine_for(model, settings, tmp_path)
    made.fill(TEXTS, lambda: False, silent)
    return made


@pytest.fixture
def other(tiny_model):
    """A model with the same frozen layers and another one on top."""
    encoder = load_encoder(tiny_model)
    freeze(encoder.model, 1, None)
    with torch.no_grad():
        for parameter in encoder.model.parameters():
            if parameter.requires_grad:
                parameter.mul_(1.5)
    return encoder


def test_another_model_with_the_same_frozen_layers_is_spared_running_them(tiny_model, other, tmp_path):
    calls = []
    expected = other.encode(TEXTS)
    lent = engine(tiny_model, SpeedSettings(), tmp_path)
    backbone_of(other.model).layers[0].register_forward_hook(lambda *_: calls.append(1))

    with lent.lent_to(other.model):
        found = other.encode(TEXTS)

    np.testing.assert_allclose(found, expected, atol=2e-3)
    assert calls == []


def test_other_frozen_layers_have_states_of_their_own(tiny_model, other, tmp_path):
    lent = engine(tiny_model, SpeedSettings(), tmp_path)
    with torch.no_grad():
        next(backbone_of(other.model).layers[0].parameters()).mul_(3)
    expected = other.encode(TEXTS)

    with lent.lent_to(other.model):
        found = other.encode(TEXTS)

    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_an_engine_without_levers_lends_nothing(tiny_model, other, tmp_path):
    with engine(tiny_model, PLAIN, tmp_path).lent_to(other.model):
        assert "forward" not in vars(other.model)
