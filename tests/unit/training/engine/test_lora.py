from __future__ import annotations

import json
import signal
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from test_freezing import SHAPES

from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_encoder, load_model
from embedtune.errors import InputError, InterruptedRunError, ModelError, UnavailableError
from embedtune.events import Alert, Progress
from embedtune.training.engine.backbone import backbone_of
from embedtune.training.engine.freezing import freeze
from embedtune.training.engine.frozen_states import FrozenStates
from embedtune.training.engine.lora import add_adapters, become_plain, has_adapters, load_learned, save_learned, summed
from embedtune.training.steps.callback import save_model
from embedtune.training.trainer import train_model
from tiny_models import DIMENSION, LAYERS, vocabulary_size, write_tiny_model
from training_samples import sample_job

RANK = 4
LORA = {"lora_rank": RANK, "lora_alpha": 16, "learning_rate": 2e-2}
TEXTS = ["a b c", "some longer text", "x"]
PROJECTIONS = 3


@pytest.fixture
def model(tiny_model):
    """A model whose top two layers learn by changes that are not zero."""
    model = load_model(tiny_model)
    freeze(model, 2, None)
    add_adapters(model, RANK, 16, seed=3)
    disturb(model)
    return model


@torch.no_grad()
def disturb(model):
    drawn = torch.Generator().manual_seed(1)
    for value in model.parameters():
        if value.requires_grad:
            value.add_(torch.randn(value.shape, generator=drawn) * 0.1)


def encoded(model):
    return SentenceTransformerEncoder(model, "", "").encode(TEXTS)


def learned(model):
    return {name: value.clone() for name, value in model.named_parameters() if value.requires_grad}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_attention_of_the_layers_that_learn_gets_changes_that_are_zero_at_first(shape, tmp_path):
    model = load_model(write_tiny_model(tmp_path / shape, SHAPES[shape](vocabulary_size())))
    before = encoded(model)
    freeze(model, 2, None)

    count = add_adapters(model, RANK, 16, seed=3)

    width = DIMENSION * (RANK + RANK) * PROJECTIONS if shape != "modernbert" else DIMENSION * RANK * (1 + PROJECTIONS)
    assert count == 2 * width
    assert [any(value.requires_grad for value in layer.parameters()) for layer in backbone_of(model).layers] == [
        False,
        True,
        True,
    ]
    assert (encoded(model) == before).all()


def test_modules_above_the_transformer_go_on_learning(tiny_model):
    from sentence_transformers.base.modules.dense import Dense

    model = load_model(tiny_model)
    model.append(Dense(DIMENSION, 4))
    freeze(model, 1, None)

    assert add_adapters(model, 1, 1, seed=3) == 2 * DIMENSION * PROJECTIONS + 4 * (DIMENSION + 1)


def test_the_seed_decides_and_torchs_generator_stays(tiny_model):
    def made(seed):
        model = load_model(tiny_model)
        freeze(model, 1, None)
        before = torch.get_rng_state()
        add_adapters(model, RANK, 16, seed)
        assert torch.equal(torch.get_rng_state(), before)
        return torch.cat([value.flatten() for value in learned(model).values()])

    assert torch.equal(made(1), made(1))
    assert not torch.equal(made(1), made(2))


def test_a_saved_model_is_a_plain_one_that_says_the_same(model, tmp_path, tiny_model):
    before, vectors = learned(model), encoded(model)

    save_model(model, tmp_path / "saved")

    saved = load_file(tmp_path / "saved" / "model.safetensors")
    assert saved.keys() == load_file(tiny_model / "model.safetensors").keys()
    assert not list((tmp_path / "saved").rglob("*adapter*"))
    assert load_encoder(tmp_path / "saved").encode(TEXTS) == pytest.approx(vectors, abs=1e-6)
    assert all(torch.equal(value, before[name]) for name, value in learned(model).items())
    assert (encoded(model) == vectors).all()


def test_becoming_plain_is_for_good(model, tiny_model):
    vectors = encoded(model)

    become_plain(model)

    assert not has_adapters(model)
    assert dict(model.named_parameters()).keys() == dict(load_model(tiny_model).named_parameters()).keys()
    assert encoded(model) == pytest.approx(vectors, abs=1e-6)
    assert not (encoded(model) == encoded(load_model(tiny_model))).all()


def test_models_without_changes_are_left_alone(tiny_model):
    model = load_model(tiny_model)
    layer = backbone_of(model).layers[0]

    with summed(model):
        assert backbone_of(model).layers[0] is layer
    become_plain(model)

    assert not has_adapters(model)


def test_what_learns_is_read_back_to_the_bit(model, tmp_path):
    save_learned(model, tmp_path / "state")
    before = learned(model)
    disturb(model)

    load_learned(model, tmp_path / "state")

    assert all(torch.equal(value, before[name]) for name, value in learned(model).items())


@pytest.mark.parametrize("damage", ["missing", "torn", "other"])
def test_a_damaged_state_is_an_input_error(model, tmp_path, damage):
    path = tmp_path / "learned.safetensors"
    if damage == "torn":
        path.write_bytes(b"half")
    if damage == "other":
        save_file({"other": torch.zeros(2)}, path)

    with pytest.raises(InputError, match=r"learned\.safetensors.*missing or damaged"):
        load_learned(model, tmp_path)


def test_without_peft_the_extra_is_named(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)

    with pytest.raises(UnavailableError, match="need the package peft") as caught:
        train_model(sample_job(tiny_model, tmp_path / "run", **LORA))

    assert "embedtune[lora]" in caught.value.remedy
    assert not (tmp_path / "run").exists()


def test_unknown_attention_is_refused(tiny_model, monkeypatch):
    model = load_model(tiny_model)
    freeze(model, 1, None)
    monkeypatch.setattr("embedtune.training.engine.lora._PROJECTIONS", frozenset())

    with pytest.raises(ModelError, match="The attention of BertModel is not known"):
        add_adapters(model, RANK, 16, seed=3)


@pytest.fixture(scope="module")
def finished(tiny_model, tmp_path_factory):
    """The run, its result and events of a training by low-rank changes."""
    run, events = tmp_path_factory.mktemp("lora") / "run", []
    return run, train_model(sample_job(tiny_model, run, **LORA), report=events.append), events


def weights(folder):
    return load_file(folder / "model.safetensors")


def test_only_attention_weights_of_the_top_layers_move(finished, tiny_model):
    run, result, events = finished
    before = weights(tiny_model)

    for name in ("model", "checkpoint-best", "checkpoint-epoch-3"):
        after = weights(run / name)
        moved = {key for key in before if not torch.equal(before[key], after[key])}
        assert moved == {
            f"encoder.layer.{layer}.attention.self.{part}.weight"
            for layer in (1, 2)
            for part in ("query", "key", "value")
        }
    assert result.trainable.trainable_params == 2 * DIMENSION * (RANK + RANK) * PROJECTIONS
    assert result.trainable.total_params == sum(value.numel() for value in load_model(tiny_model).parameters())
    assert not [event for event in events if isinstance(event, Alert)]
    assert not list(run.rglob("adapter*"))


def test_the_states_of_frozen_layers_are_used(tiny_model, tmp_path, finished, monkeypatch):
    texts = []
    compute = FrozenStates._compute
    monkeypatch.setattr(FrozenStates, "_compute", lambda self, ids: texts.append(len(ids)) or compute(self, ids))

    train_model(sample_job(tiny_model, tmp_path / "run", **LORA))

    distinct = 12 + 36 + 2 * 8  # sections and questions to train on, and of the dev set
    assert sum(texts) == distinct
    assert weights(tmp_path / "run" / "model").keys() == weights(finished[0] / "model").keys()


def test_it_goes_on_bit_for_bit(tiny_model, tmp_path, finished):
    run = tmp_path / "run"

    def stop(event):
        if isinstance(event, Progress) and event.activity == "Training" and event.done == 7:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(InterruptedRunError):
        train_model(sample_job(tiny_model, run, **LORA), report=stop)
    train_model(sample_job(tiny_model, run, **LORA), resume=True)

    for name in ("model", "checkpoint-best", "checkpoint-epoch-2", "checkpoint-epoch-3"):
        assert (run / name / "model.safetensors").read_bytes() == (
            finished[0] / name / "model.safetensors"
        ).read_bytes(), name


def test_the_result_can_be_averaged_with_the_base(tiny_model, tmp_path, finished):
    train_model(sample_job(tiny_model, tmp_path / "run", **LORA, base_share=0.5))

    name = f"encoder.layer.{LAYERS - 1}.attention.self.query.weight"
    base, tuned = weights(tiny_model)[name], weights(tmp_path / "run" / "checkpoint-best")[name]
    assert torch.allclose(weights(tmp_path / "run" / "model")[name], (base + tuned) / 2, atol=1e-7)


def test_without_dev_questions_the_last_model_is_plain(tiny_model, tmp_path):
    run = tmp_path / "run"

    train_model(sample_job(tiny_model, run, **LORA, dev=None, epochs=1))

    assert weights(run / "model").keys() == weights(tiny_model).keys()
    assert (run / "model" / "model.safetensors").read_bytes() == (
        run / "checkpoint-epoch-1" / "model.safetensors"
    ).read_bytes()
    assert json.loads((run / "parameters.json").read_text())["trainable_params"] == 768


def test_says_so_if_the_changes_stayed_zero(tiny_model, tmp_path):
    events = []

    changes = {**LORA, "learning_rate": 1e-60}
    train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=1, **changes), report=events.append)

    assert Alert("Training changed no weight: the tuned model is the base model.") in events
