from __future__ import annotations

import json
import math

import pytest
import torch

from embedtune.errors import InputError
from embedtune.training.steps.divergence import broken_part, diverged, write_failed_batch
from embedtune.training.steps.library_trainer import LibraryTrainer
from embedtune.training.trainer import train_model
from training_samples import sample_job, sample_pairs


def learning(*gradients):
    made = {f"weight {number}": torch.nn.Parameter(torch.zeros(2)) for number in range(len(gradients))}
    for parameter, gradient in zip(made.values(), gradients, strict=True):
        parameter.grad = None if gradient is None else torch.tensor(gradient)
    return made.items()


def test_a_sound_step_has_no_broken_part():
    assert broken_part(0.5, learning([1.0, -2.0], None)) == ""
    assert broken_part(0.5, []) == ""


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_broken(loss):
    assert broken_part(loss, learning([1.0, 1.0])) == f"The loss became {loss}"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_broken_gradient_is_named(value):
    broken = broken_part(0.5, learning([1.0, 1.0], None, [0.0, value], [value, 0.0]))

    assert broken == "The gradient of weight 2 became infinite or undefined"


def test_gradients_that_are_infinite_only_together_are_broken():
    assert "all weights together" in broken_part(0.5, learning([3e38, 3e38]))


def test_a_batch_is_written_row_by_row_without_fillers(tmp_path):
    batch = {"anchor": ["a", "b"], "positive": ["p", "q"], "negative_1": ["n", ""], "label": [7, 3]}

    path = write_failed_batch(tmp_path, batch)

    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"row": 7, "query": "a", "positive": "p", "negative_1": "n"},
        {"row": 3, "query": "b", "positive": "q"},
    ]


def test_the_error_says_what_to_do():
    error = diverged("The loss became nan", 3)

    assert error.message == "The loss became nan at step 3: training diverged."
    assert "training.learning_rate" in error.remedy


def broken_loss(loss, model):
    return loss * math.nan


def broken_gradient(loss, model):
    weight = next(value for value in model.parameters() if value.requires_grad)
    return loss + (weight - weight.detach()).sum().sqrt()  # 0, with an infinite slope


@pytest.fixture
def breaks_at_five(monkeypatch):
    """Have the loss of step 5 pass through a function; returns where it and its rows are put."""
    rows = []
    compute = LibraryTrainer.compute_loss

    def install(change):
        def changed(self, model, inputs, **options):
            loss = compute(self, model, inputs, **options)
            if self.state.global_step != 4:
                return loss
            rows.extend(inputs["label"].tolist())
            return change(loss, model)

        monkeypatch.setattr(LibraryTrainer, "compute_loss", changed)
        return rows

    return install


@pytest.mark.parametrize(
    ("change", "message"), [(broken_loss, "The loss became nan at step 5"), (broken_gradient, "The gradient of .* at")]
)
def test_a_broken_step_stops_the_run_and_shows_its_batch(tiny_model, tmp_path, breaks_at_five, change, message):
    run = tmp_path / "run"
    rows = breaks_at_five(change)

    with pytest.raises(InputError, match=f"{message}.*failed-batch.jsonl"):
        train_model(sample_job(tiny_model, run))

    shown = [json.loads(line) for line in (run / "failed-batch.jsonl").read_text().splitlines()]
    assert [row["row"] for row in shown] == rows
    pairs = sample_pairs()
    assert all(row["query"] == pairs[row["row"]].query.text for row in shown)
    assert all(row["positive"] == pairs[row["row"]].positive for row in shown)
    assert all(row["negative_1"] == pairs[row["row"]].negatives[0].text for row in shown)


def test_the_state_before_it_can_be_gone_on_from(tiny_model, tmp_path, breaks_at_five, monkeypatch):
    run = tmp_path / "run"
    with monkeypatch.context():
        breaks_at_five(broken_loss)
        with pytest.raises(InputError):
            train_model(sample_job(tiny_model, run))
    monkeypatch.undo()
    assert json.loads((run / "resume.json").read_text())["step"] == 4

    train_model(sample_job(tiny_model, run), resume=True)
    train_model(sample_job(tiny_model, tmp_path / "whole"))

    weights = [folder / "model" / "model.safetensors" for folder in (run, tmp_path / "whole")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert not (run / "failed-batch.jsonl").exists()
