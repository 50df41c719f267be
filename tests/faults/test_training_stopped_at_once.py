"""A signal ends at once what a training does before its first step and after its last one."""

from __future__ import annotations

import signal

import pytest
from killed_trainings import outcome

from embedtune.errors import InterruptedRunError
from embedtune.events import Measured, Progress
from embedtune.training.ending.final_model import FinalModel
from embedtune.training.trainer import train_model
from training_samples import sample_job


@pytest.fixture(scope="module")
def uninterrupted(tiny_model, tmp_path_factory):
    run = tmp_path_factory.mktemp("uninterrupted") / "run"
    train_model(sample_job(tiny_model, run))
    return outcome(run)


@pytest.mark.parametrize(
    "begun", [lambda event: isinstance(event, Progress), lambda event: isinstance(event, Measured)]
)
def test_stopped_before_the_first_step(uninterrupted, tiny_model, tmp_path, begun):
    """While the frozen layers' states are computed, and when the base model has been measured."""
    job = sample_job(tiny_model, tmp_path / "run")
    seen = []

    def stop(event):
        seen.append(event)
        if begun(event):
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(InterruptedRunError, match="Stopped by SIGTERM before the first step"):
        train_model(job, report=stop)
    assert begun(seen[-1])  # at once: nothing was reported after it

    train_model(job, resume=True)

    assert outcome(job.run) == uninterrupted


def test_stopped_while_the_final_model_is_made(uninterrupted, tiny_model, tmp_path, monkeypatch):
    job = sample_job(tiny_model, tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(FinalModel, "save", lambda self: signal.raise_signal(signal.SIGINT))
        with pytest.raises(InterruptedRunError, match="Stopped by SIGINT after the last step; the state is saved"):
            train_model(job)

    train_model(job, resume=True)

    assert outcome(job.run) == uninterrupted
