from __future__ import annotations

import signal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import get_scheduler

from embedtune.encoders.sentence_transformer import load_model
from embedtune.errors import InterruptedRunError
from embedtune.events import Progress
from embedtune.training.engine.backbone import backbone_of
from embedtune.training.steps.callback import RunCallback
from embedtune.training.steps.library_trainer import LibraryTrainer
from embedtune.training.steps.optimiser import OPTIMISER, rate_shares, schedule_arguments, split_by_share
from embedtune.training.trainer import train_model
from training_samples import sample_job, sample_settings


def rates(warmup, steps, **changes):
    """Return the learning rate of each step, as a share of the peak."""
    name, options = schedule_arguments(sample_settings(**changes))
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = get_scheduler(name, optimiser, warmup, steps, options)
    found = []
    for _ in range(steps):
        found.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    return found


@pytest.mark.parametrize("schedule", ["linear", "cosine", "cosine_restarts", "constant"])
def test_every_schedule_warms_up_first(schedule):
    assert rates(4, 20, schedule=schedule)[:5] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_schedules_go_on_as_their_names_say():
    half_cosine = [1.0, pytest.approx(0.8536, abs=1e-4), pytest.approx(0.5), pytest.approx(0.1464, abs=1e-4)]

    assert rates(0, 4, schedule="linear") == [1.0, 0.75, 0.5, 0.25]
    assert rates(0, 4, schedule="constant") == [1.0] * 4
    assert rates(0, 4, schedule="cosine") == half_cosine
    assert rates(0, 12, schedule="cosine_restarts", epochs=3) == half_cosine * 3


def test_the_optimiser_gives_equal_bits_for_equal_gradients():
    def trained(threads):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            drawn = torch.Generator().manual_seed(5)
            weights = [torch.nn.Parameter(torch.randn(size, generator=drawn)) for size in (70_001, 3, 1)]
            optimiser = torch.optim.AdamW(weights, lr=1e-2, fused=OPTIMISER.endswith("fused"))
            for _ in range(5):
                for weight in weights:
                    weight.grad = torch.randn(weight.shape, generator=drawn)
                optimiser.step()
            return torch.cat([weight.detach() for weight in weights])
        finally:
            torch.set_num_threads(before)

    assert torch.equal(trained(1), trained(1))
    assert torch.equal(trained(1), trained(2))


def test_each_layer_learns_at_a_share_of_the_one_above(tiny_model):
    model = load_model(tiny_model)

    shares = rate_shares(model, 0.5)

    backbone = backbone_of(model)
    assert [{shares[value] for value in layer.parameters()} for layer in backbone.layers] == [{0.25}, {0.5}, {1.0}]
    assert {shares[value] for value in backbone.embeddings.parameters()} == {0.125}


@given(st.lists(st.lists(st.sampled_from([1.0, 0.5, 0.25]), max_size=5), min_size=1, max_size=3))
def test_splitting_keeps_every_parameter_once_with_its_decay(drawn):
    parameters = [[torch.nn.Parameter(torch.zeros(1)) for _ in shares] for shares in drawn]
    share_of = {
        value: share
        for values, shares in zip(parameters, drawn, strict=True)
        for value, share in zip(values, shares, strict=True)
        if share < 1  # what is not named learns at the full rate
    }
    groups = [{"params": values, "weight_decay": 0.1 * number} for number, values in enumerate(parameters)]

    parts = split_by_share(groups, share_of, 8.0)

    assert [part["lr"] for part in parts] == sorted((part["lr"] for part in parts), reverse=True)
    placed = {(value, part["weight_decay"], part["lr"]) for part in parts for value in part["params"]}
    assert sum(len(part["params"]) for part in parts) == sum(map(len, drawn)) == len(placed)
    assert placed == {
        (value, group["weight_decay"], 8.0 * share_of.get(value, 1.0)) for group in groups for value in group["params"]
    }


@pytest.fixture
def groups(monkeypatch):
    """The optimiser's groups of a training: (rate, decay, names of the parameters)."""
    found = []
    create = LibraryTrainer.create_scheduler

    def spied(self, num_training_steps, optimizer=None):
        names = {value: name for name, value in self.model.named_parameters()}
        found.extend(
            (group["lr"], group["weight_decay"], {names[value] for value in group["params"]})
            for group in self.optimizer.param_groups
        )
        return create(self, num_training_steps, optimizer)

    monkeypatch.setattr(LibraryTrainer, "create_scheduler", spied)
    return found


def test_layers_learn_at_their_own_rates_and_biases_and_norms_do_not_decay(tiny_model, tmp_path, groups):
    train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=1, layer_decay=0.5, learning_rate=0.5))

    assert [(rate, decay) for rate, decay, _ in groups] == [(0.5, 0.01), (0.5, 0.0), (0.25, 0.01), (0.25, 0.0)]
    for rate, decay, names in groups:
        layer = "encoder.layer.2." if rate == 0.5 else "encoder.layer.1."
        assert names
        assert all(layer in name for name in names)
        assert all(("bias" in name or "LayerNorm" in name) == (decay == 0) for name in names)


def test_without_decay_the_trainers_own_groups_stay(tiny_model, tmp_path, groups):
    train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=1))

    assert [(rate, decay) for rate, decay, _ in groups] == [(2e-3, 0.01), (2e-3, 0.0)]


def test_a_training_with_all_of_it_goes_on_bit_for_bit(tiny_model, tmp_path):
    changes = {"layer_decay": 0.7, "schedule": "cosine_restarts", "warmup_steps": 3}

    def stop(event):
        if isinstance(event, Progress) and event.activity == "Training" and event.done == 7:
            signal.raise_signal(signal.SIGTERM)

    train_model(sample_job(tiny_model, tmp_path / "whole", **changes))
    with pytest.raises(InterruptedRunError):
        train_model(sample_job(tiny_model, tmp_path / "parts", **changes), report=stop)
    train_model(sample_job(tiny_model, tmp_path / "parts", **changes), resume=True)

    whole, parts = (tmp_path / name / "checkpoint-epoch-3" / "model.safetensors" for name in ("whole", "parts"))
    assert whole.read_bytes() == parts.read_bytes()


@pytest.mark.parametrize(("most", "clipped"), [(1e-3, True), (1e6, False)])
def test_gradients_are_clipped_before_the_step(tiny_model, tmp_path, monkeypatch, most, clipped):
    norms = []

    def seen(self, args, state, control, model=None, **_):
        gradients = [value.grad for value in model.parameters() if value.grad is not None]
        norms.append(float(torch.nn.utils.get_total_norm(gradients)))

    monkeypatch.setattr(RunCallback, "on_pre_optimizer_step", seen)
    train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=1, max_grad_norm=most))

    assert len(norms) == 5
    assert all(norm == pytest.approx(most, rel=1e-2) if clipped else 1e-2 < norm < 1e3 for norm in norms)
