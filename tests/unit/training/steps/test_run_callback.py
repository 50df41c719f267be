from __future__ import annotations

import json
import math

import pytest
import torch
from transformers import TrainerControl, TrainerState

from embedtune.encoders.sentence_transformer import load_model
from embedtune.errors import InputError
from embedtune.events import silent
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.processes.interruption import StopFlag
from embedtune.training.records.recording import RunRecord
from embedtune.training.steps.callback import Best, RunCallback
from embedtune.training.steps.watch import CollapseWatch, Patience


@pytest.fixture
def callback(tiny_model, tmp_path):
    model = load_model(tiny_model)
    loss = MultipleNegativesRanking(model, [0, 1], [[], []])
    return RunCallback(model, loss, RunRecord(tmp_path, 10, 2), "sha256:inputs", StopFlag(), silent)


def state(step, steps=20, epochs=2):
    return TrainerState(global_step=step, max_steps=steps, num_train_epochs=epochs, epoch=step * epochs / steps)


def step_end(callback, at):
    control = TrainerControl()
    callback.on_step_end(None, at, control)
    return control


def test_a_raised_flag_saves_and_stops(callback):
    callback.stop.signal_name = "SIGTERM"

    control = step_end(callback, state(7))

    assert control.should_save
    assert control.should_training_stop
    assert not control.should_evaluate


def test_the_last_step_logs_measures_and_saves_even_if_a_signal_came(callback):
    callback.stop.signal_name = "SIGTERM"

    control = step_end(callback, state(20))

    assert control.should_log
    assert control.should_save
    assert control.should_evaluate
    assert not control.should_training_stop


def test_any_other_step_asks_for_nothing(callback):
    control = step_end(callback, state(7))

    asked = [control.should_log, control.should_save, control.should_evaluate, control.should_training_stop]
    assert not any(asked)


@pytest.mark.parametrize(("step", "kept"), [(9, []), (10, ["checkpoint-epoch-1"]), (20, ["checkpoint-epoch-2"])])
def test_an_epochs_model_is_kept_at_its_last_step(callback, step, kept):
    callback.stop.signal_name = "SIGTERM"  # also when the run stops right there

    step_end(callback, state(step))

    assert [path.name for path in callback.record.run.iterdir()] == kept


def test_a_row_holds_the_mean_since_the_last_one(callback):
    for loss in (3.0, 1.0, 0.5):
        callback.add_loss(loss)
    callback.on_log(None, state(3), TrainerControl(), {"loss": 9.0, "learning_rate": 0.125})
    callback.add_loss(0.25)
    callback.on_log(None, state(4), TrainerControl(), {"loss": 9.0, "learning_rate": 0.125})

    rows = [json.loads(line) for line in (callback.record.run / "metrics.jsonl").read_text().splitlines()]
    assert [(row["step"], row["loss"], row["learning_rate"]) for row in rows] == [(3, 1.5, 0.125), (4, 0.25, 0.125)]


def test_logs_without_a_loss_write_no_row(callback):
    callback.on_log(None, state(3), TrainerControl(), {"train_runtime": 1.0})
    callback.on_log(None, state(3), TrainerControl(), None)

    assert list(callback.record.run.iterdir()) == []


def test_a_save_names_the_checkpoint_and_what_goes_on_with_it(callback):
    callback.best = Best(4, 0.75)
    callback.patience = Patience(3, 1)
    callback.add_loss(0.1)

    callback.on_save(None, state(6), TrainerControl())

    assert json.loads((callback.record.run / "resume.json").read_text()) == {
        "checkpoint": "checkpoint-6",
        "step": 6,
        "inputs": "sha256:inputs",
        "best_step": 4,
        "best_metric": 0.75,
        "loss_total": 0.1,
        "loss_steps": 1,
        "negatives": "",
        "waited": 1,
        "precision": "fp32",
        "micro_batch": 0,
    }


def poison(callback):
    with torch.no_grad():
        next(parameter for parameter in callback.model.parameters() if parameter.requires_grad).view(-1)[0] = math.nan


def test_broken_weights_are_never_named_as_a_resume_point(callback):
    poison(callback)

    with pytest.raises(InputError, match=r"weights of .* at step 6: training diverged"):
        callback.on_save(None, state(6), TrainerControl())

    assert not (callback.record.run / "resume.json").exists()


def test_broken_weights_are_never_kept_as_the_best(callback):
    poison(callback)

    with pytest.raises(InputError, match="training diverged"):
        callback.on_evaluate(None, state(6), TrainerControl(), {"eval_mrr": 0.9, "eval_recall@5": 1.0})

    assert list(callback.record.run.iterdir()) == []


def test_an_equal_metric_does_not_replace_the_earlier_best(callback):
    for step, value in ((2, 0.5), (4, 0.5), (6, 0.625), (8, 0.5)):
        callback.on_evaluate(None, state(step), TrainerControl(), {"eval_mrr": value, "eval_recall@5": 1.0})

    assert callback.best == Best(6, 0.625)
    rows = [json.loads(line) for line in (callback.record.run / "metrics.jsonl").read_text().splitlines()]
    assert rows[0] == {"epoch": 0.2, "step": 2, "mrr": 0.5, "recall@5": 1.0}


def evaluated(callback, step, mrr, **others):
    control = TrainerControl()
    callback.on_evaluate(None, state(step), control, {"eval_mrr": mrr, "eval_recall@5": 1.0, **others})
    return control.should_training_stop, control.should_save


def test_too_many_evaluations_without_a_better_one_save_and_stop(callback):
    callback.patience = Patience(2)

    asked = [evaluated(callback, step, mrr) for step, mrr in ((2, 0.5), (4, 0.5), (6, 0.75), (8, 0.75), (10, 0.5))]

    assert asked == [(False, False)] * 4 + [(True, True)]


def test_the_mean_cosine_is_recorded_and_watched(callback):
    events = []
    callback.watch = CollapseWatch(0.0, events.append)

    evaluated(callback, 2, 0.5, eval_mean_cosine=0.25)
    evaluated(callback, 4, 0.5, eval_mean_cosine=0.75)

    rows = [json.loads(line) for line in (callback.record.run / "metrics.jsonl").read_text().splitlines()]
    assert [row["mean_cosine"] for row in rows] == [0.25, 0.75]
    assert len(events) == 1
