from __future__ import annotations

import pytest
import torch

from embedtune.encoders.sentence_transformer import load_model
from embedtune.training.engine.token_memory import TokenMemory

TEXTS = ["a b c", "", "d e f g h i j", "a b c", "k"]


@pytest.fixture
def model(tiny_model):
    model = load_model(tiny_model)
    model.max_seq_length = 8
    return model


def test_tokens_are_the_models_own(model):
    expected = model.preprocess(TEXTS)
    memory = TokenMemory(model)
    for _ in range(2):
        found = memory(TEXTS)
        assert found.keys() == {name for name, value in expected.items() if isinstance(value, torch.Tensor)}
        for name, value in found.items():
            assert torch.equal(value, expected[name]), name


def test_a_text_is_tokenised_once(model, monkeypatch):
    asked = []
    plain = model.preprocess
    monkeypatch.setattr(model, "preprocess", lambda texts: asked.extend(texts) or plain(texts))
    memory = TokenMemory(model)
    memory(TEXTS)
    memory.lengths([*TEXTS, "new"])
    assert sorted(asked) == sorted({*TEXTS, "new"})


def test_lengths_and_ids_are_cut_at_the_models_greatest_length(model):
    memory = TokenMemory(model)
    assert memory.lengths(TEXTS) == [5, 2, 8, 5, 3]
    assert [len(ids) for ids in memory.ids(TEXTS)] == [5, 2, 8, 5, 3]


def test_a_prompt_is_part_of_the_text(model):
    assert torch.equal(
        TokenMemory(model)(["b c"], prompt="a ")["input_ids"], TokenMemory(model)(["a b c"])["input_ids"]
    )
