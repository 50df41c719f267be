from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from embedtune.config.training_settings import SpeedSettings
from embedtune.errors import InputError, ModelError
from embedtune.events import Alert
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.trainer import train_model
from training_samples import sample_job, sample_pairs

STEPS = 15  # 36 pairs, batches of 8, 3 epochs


def weights(folder):
    return load_file(folder / "model.safetensors")


@pytest.fixture(scope="module")
def finished(tiny_model, tmp_path_factory):
    """The run, the result and the events of one complete training."""
    run = tmp_path_factory.mktemp("finished") / "run"
    events = []
    result = train_model(sample_job(tiny_model, run), report=events.append)
    return run, result, events


def test_pairs_of_one_section_are_refused_before_anything_is_touched(tiny_model, tmp_path):
    one = [pair for pair in sample_pairs() if pair.provenance.cluster == "c0"]

    with pytest.raises(InputError, match=r"3 training pairs from 1 section") as caught:
        train_model(sample_job(tiny_model, tmp_path / "run", pairs=one))

    assert "two different sections" in caught.value.remedy
    assert not (tmp_path / "run").exists()


def test_no_pairs_are_refused(tiny_model, tmp_path):
    with pytest.raises(InputError, match="0 training pairs"):
        train_model(sample_job(tiny_model, tmp_path / "run", pairs=[]))


def test_a_wrong_number_of_layers_leaves_an_earlier_run_alone(tiny_model, tmp_path):
    run = tmp_path / "run"
    (run / "model").mkdir(parents=True)
    (run / "metrics.jsonl").write_text("earlier\n")

    with pytest.raises(ModelError, match="Cannot freeze 10 layers: the model has 3"):
        train_model(sample_job(tiny_model, run, freeze_layers=10))

    assert (run / "model").is_dir()
    assert (run / "metrics.jsonl").read_text() == "earlier\n"


def test_a_loss_that_is_not_a_number_stops_at_its_step(tiny_model, tmp_path, monkeypatch):
    run = tmp_path / "run"
    loss_of, calls = MultipleNegativesRanking.loss_of, []

    def diverging(self, queries, passages, labels):
        calls.append(1)
        return loss_of(self, queries, passages, labels) * (float("nan") if len(calls) == 5 else 1.0)

    monkeypatch.setattr(MultipleNegativesRanking, "loss_of", diverging)
    with pytest.raises(InputError, match="The loss became nan at step 5") as caught:
        train_model(sample_job(tiny_model, run))

    assert "learning_rate" in caught.value.remedy
    assert json.loads((run / "resume.json").read_text())["step"] == 4
    assert all(torch.isfinite(value).all() for value in weights(run / "checkpoint-best").values())
    assert not (run / "model").exists()
    assert json.loads((run / "training_progress.json").read_text())["training_completed"] is False


def test_says_so_if_training_changed_nothing(tiny_model, tmp_path):
    events = []

    train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=1, learning_rate=1e-60), report=events.append)

    assert Alert("Training changed no weight: the tuned model is the base model.") in events


def test_says_so_if_one_section_forces_small_batches(tiny_model, tmp_path):
    pairs = [replace(pair, provenance=replace(pair.provenance, cluster="c0")) for pair in sample_pairs()[:30]]
    events = []

    result = train_model(
        sample_job(tiny_model, tmp_path / "run", pairs=[*pairs, *sample_pairs()[30:]], dev=None, epochs=1),
        report=events.append,
    )

    assert result.steps == 30
    assert [event.message for event in events if isinstance(event, Alert)] == [
        "One section has 30 of the 36 pairs and they never meet in a batch: batches hold 2 pairs instead of 8."
    ]


def test_going_on_without_the_best_model_is_refused(finished, tiny_model, tmp_path):
    run = shutil.copytree(finished[0], tmp_path / "run")
    shutil.rmtree(run / "checkpoint-best")

    with pytest.raises(InputError, match="checkpoint-best is missing"):
        train_model(sample_job(tiny_model, run), resume=True)


def test_several_questions_of_a_passage_in_a_batch_need_fewer_batches(tiny_model, tmp_path):
    pairs = [replace(pair, provenance=replace(pair.provenance, cluster="c0")) for pair in sample_pairs()[:30]]
    job = sample_job(tiny_model, tmp_path / "run", pairs=[*pairs, *sample_pairs()[30:]], dev=None, epochs=1)

    result = train_model(replace(job, settings=job.settings.model_copy(update={"speed": SpeedSettings()})))

    assert result.steps == 10  # the cluster has thirty questions on ten passages
