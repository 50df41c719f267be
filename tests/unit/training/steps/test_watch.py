from __future__ import annotations

import json
import shutil
import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import InterruptedRunError
from embedtune.evaluation.domain_metrics import DevMetrics, Quality
from embedtune.events import Alert, Notice, Progress
from embedtune.training.dev import domain_evaluator
from embedtune.training.dev.domain_evaluator import DevMeasurement
from embedtune.training.steps.watch import CollapseWatch, Patience, mean_cosine
from embedtune.training.trainer import train_model
from training_samples import sample_job


@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 2**31))
def test_the_mean_cosine_is_that_of_all_pairs(count, width, seed):
    drawn = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    pairs = [float(vectors[a] @ vectors[b]) for a in range(count) for b in range(count) if a != b]

    assert mean_cosine(vectors) == pytest.approx(np.mean(pairs), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_pair_there_is_no_cosine(count):
    assert mean_cosine(np.ones((count, 1), dtype=np.float32)) is None


def alerts(base, *cosines):
    events = []
    watch = CollapseWatch(base, events.append)
    for step, cosine in enumerate(cosines, 1):
        watch.look(cosine, step)
    return events


def test_a_collapse_is_where_half_of_the_distance_is_gone_and_is_told_once():
    events = alerts(0.2, 0.1, 0.6, None, 0.61, 0.9)

    assert [type(event) for event in events] == [Alert]
    assert "at step 4 random passages have a mean cosine of 0.61, with the base model 0.20" in events[0].message


@pytest.mark.parametrize(("base", "cosine"), [(None, 0.99), (0.98, 0.985), (-0.1, 0.4)])
def test_no_alert_without_a_base_or_where_the_base_was_as_narrow(base, cosine):
    assert alerts(base, cosine) == []


@pytest.mark.parametrize(
    ("most", "better", "over"),
    [
        (2, [True, False], False),
        (2, [True, False, False], True),
        (2, [False, True, False], False),
        (1, [False], True),
        (0, [False] * 9, False),
    ],
)
def test_patience_ends_after_so_many_in_a_row(most, better, over):
    patience = Patience(most)
    for one in better:
        patience.take(better=one)

    assert patience.over is over


@pytest.fixture
def measured(monkeypatch):
    """Have dev evaluations, of the base model first, show given numbers (mrr, mean cosine)."""

    def install(*values):
        series = iter(values)

        def measure(encoder, dev):
            mrr, cosine = next(series)
            return DevMeasurement(DevMetrics(Quality(1.0, mrr, 8), {}), cosine)

        for module in ("dev.domain_evaluator", "preparation"):
            monkeypatch.setattr(f"embedtune.training.{module}.measure_dev", measure)

    assert domain_evaluator.measure_dev
    return install


MRR = (0.3, 0.5, 0.4, 0.55, 0.6, 0.2, 0.6, 0.1, 0.1)  # of the base model, then at steps 2, 4, 6 …


def rows(run):
    found = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "tokens_per_second"} for row in found]


def test_a_training_that_gets_no_better_stops_and_says_so(tiny_model, tmp_path, measured):
    run, events = tmp_path / "run", []
    measured(*((mrr, 0.0) for mrr in MRR))

    result = train_model(sample_job(tiny_model, run, patience=2), report=events.append)

    assert (result.steps, result.best_step, result.best_metric) == (12, 8, 0.6)
    message = "Stopped early at step 12 of 15: 2 dev evaluations brought no better MRR than the 0.6000 of step 8."
    assert Notice(message) in events
    assert message in (run / "training.log").read_text()
    progress = json.loads((run / "training_progress.json").read_text())
    assert (progress["training_completed"], progress["step"], progress["epoch"]) == (True, 12, 2.4)


def test_without_patience_all_steps_are_trained(tiny_model, tmp_path, measured):
    measured(*((mrr, 0.0) for mrr in MRR))

    assert train_model(sample_job(tiny_model, tmp_path / "run")).steps == 15


@pytest.mark.parametrize("step", [7, 11])
def test_a_resumed_run_stops_where_the_whole_one_does(tiny_model, tmp_path, measured, step):
    def stop(event):
        if isinstance(event, Progress) and event.activity == "Training" and event.done == step:
            signal.raise_signal(signal.SIGTERM)

    for name in ("whole", "parts"):
        measured(*((mrr, 0.0) for mrr in MRR))
        job = sample_job(tiny_model, tmp_path / name, patience=2)
        if name == "parts":
            with pytest.raises(InterruptedRunError):
                train_model(job, report=stop)
            measured((MRR[0], 0.0), *((mrr, 0.0) for mrr in MRR[1 + step // 2 :]))
        assert train_model(job, resume=True).steps == 12

    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    weights = [tmp_path / name / "state" / "checkpoint-12" / "model.safetensors" for name in ("whole", "parts")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_run_killed_after_its_early_stop_trains_no_further(tiny_model, tmp_path, measured):
    run = tmp_path / "run"
    measured(*((mrr, 0.0) for mrr in MRR))
    whole = train_model(sample_job(tiny_model, run, patience=2))
    before = rows(run)
    shutil.rmtree(run / "model")  # as if the process had died before it was written

    measured((MRR[0], 0.0))
    again = train_model(sample_job(tiny_model, run, patience=2), resume=True)

    assert (again.steps, again.best_step, again.best_metric) == (whole.steps, whole.best_step, whole.best_metric)
    assert rows(run) == before
    assert (run / "model" / "model.safetensors").is_file()


def test_patience_without_dev_questions_is_pointed_out(tiny_model, tmp_path):
    events = []

    train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=1, patience=1), report=events.append)

    assert Alert("There is no dev question to stop early by: training.patience has no effect.") in events


def test_a_collapse_while_training_is_recorded_and_told(tiny_model, tmp_path, measured):
    events = []
    cosines = (0.2, 0.3, 0.7, 0.9)
    measured(*((0.5, cosine) for cosine in cosines))

    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1), report=events.append)

    told = [event.message for event in events if isinstance(event, Alert)]
    assert len(told) == 1
    assert "The vectors are collapsing: at step 4" in told[0]
    assert [row["mean_cosine"] for row in rows(tmp_path / "run") if "mrr" in row] == list(cosines)
