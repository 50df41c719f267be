"""A training that runs out of memory goes on with the same loss; one that runs out of disk stops in order."""

from __future__ import annotations

import errno
import json
import os

import pytest
import torch
from killed_trainings import outcome, step_of, stop_at
from safetensors import SafetensorError
from safetensors.torch import load_file

from embedtune.errors import InputError, InterruptedRunError
from embedtune.events import Alert, Notice
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.processes.full_disk import is_disk_full
from embedtune.training.steps import library_trainer
from embedtune.training.trainer import train_model
from tiny_models import write_tiny_bert
from training_samples import sample_job

FITS = 8  # texts


@pytest.fixture(scope="module")
def plain_model(tmp_path_factory):
    """A model without dropout, which draws other numbers for other batches."""
    return write_tiny_bert(tmp_path_factory.mktemp("plain") / "model", dropout=0.0)


def small_memory(patch, *, from_step):
    """Have memory for so many texts at a time only, from a step on; the model has run when it shows."""
    whole, steps = MultipleNegativesRanking.batch_loss, set()

    def limited(self, columns, rows):
        loss = whole(self, columns, rows)
        steps.add(tuple(rows.tolist()))
        if len(steps) >= from_step and not 0 < self.micro_batch <= FITS:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return loss

    patch.setattr(MultipleNegativesRanking, "batch_loss", limited)


def weights(run):
    return load_file(run / "checkpoint-epoch-3" / "model.safetensors")


def test_out_of_memory_changes_how_and_not_what_is_learned(plain_model, tmp_path, monkeypatch):
    train_model(sample_job(plain_model, tmp_path / "roomy"))
    told = []
    small_memory(monkeypatch, from_step=4)

    train_model(sample_job(plain_model, tmp_path / "tight"), report=told.append)

    alerts = [event.message for event in told if isinstance(event, Alert) and "Memory ran out" in event.message]
    assert len(alerts) == 2  # 21 texts, then 10, then 5
    assert "5 texts at a time" in alerts[-1]
    roomy, tight = weights(tmp_path / "roomy"), weights(tmp_path / "tight")
    assert max(float((roomy[name] - tight[name]).abs().max()) for name in roomy) < 1e-5
    assert json.loads((tmp_path / "tight" / "resume.json").read_text())["micro_batch"] == 5


def test_a_continued_run_does_not_run_out_of_memory_again(tiny_model, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        small_memory(patch, from_step=3)
        train_model(sample_job(tiny_model, tmp_path / "whole"))
    job, told = sample_job(tiny_model, tmp_path / "run"), []
    with monkeypatch.context() as patch:
        small_memory(patch, from_step=3)
        with pytest.raises(InterruptedRunError):
            train_model(job, report=stop_at(7))
        small_memory(patch, from_step=0)
        train_model(job, resume=True, report=told.append)

    assert not [event for event in told if isinstance(event, Alert)]
    assert outcome(job.run) == outcome(tmp_path / "whole")


def full_for(error, name):
    """Return a way of saving that finds no room for the state of step 6, after half of it was written."""

    def prepare(patch):
        whole = {"save_model": library_trainer.save_model, "save": torch.save}[name]

        def save(value, path, *arguments, **options):
            whole(value, path, *arguments, **options)
            if "state/checkpoint-6" in str(path):
                raise error

        patch.setattr(library_trainer if name == "save_model" else torch, name, save)

    return prepare


@pytest.mark.parametrize(
    "prepare",
    [
        full_for(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "save"),
        full_for(RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"), "save"),
        full_for(SafetensorError("Error while serializing: I/O error: No space left (os error 28)"), "save_model"),
    ],
    ids=["os", "torch", "safetensors"],
)
def test_a_full_disk_stops_it_and_the_checkpoint_before_is_whole(tiny_model, tmp_path, monkeypatch, prepare):
    train_model(sample_job(tiny_model, tmp_path / "whole"))
    job, told = sample_job(tiny_model, tmp_path / "run"), []
    with monkeypatch.context() as patch:
        prepare(patch)
        with pytest.raises(InputError, match="no room on the disk") as caught:
            train_model(job)

    assert str(job.run) in caught.value.message
    assert "--resume" in caught.value.remedy

    train_model(job, resume=True, report=told.append)

    assert Notice("Going on from step 4.") in told
    assert next(step for step in map(step_of, told) if step) == 5
    assert outcome(job.run) == outcome(tmp_path / "whole")


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "denied"), OSError("odd"), RuntimeError("shapes differ")])
def test_other_errors_are_no_full_disk(error):
    assert not is_disk_full(error)
