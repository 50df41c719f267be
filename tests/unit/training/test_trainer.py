from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from embedtune.encoders.locate import MINILM, locate_model
from embedtune.encoders.sentence_transformer import load_encoder, load_model
from embedtune.evaluation.domain_metrics import DevMetrics, Quality
from embedtune.events import Alert, Measured, Progress
from embedtune.training.dev import domain_evaluator
from embedtune.training.dev.domain_evaluator import DevMeasurement, measure_domains
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.trainer import train_model
from embedtune.vocabulary.evaluation import Qrels
from training_samples import DEV_SECTIONS, DOMAINS, SECTIONS, sample_dev, sample_job, sample_pairs

STEPS = 15  # 36 pairs, batches of 8, 3 epochs


def rows(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def timeless(run):
    return [{name: value for name, value in row.items() if name != "tokens_per_second"} for row in rows(run)]


def weights(folder):
    return load_file(folder / "model.safetensors")


def weight_bytes(folder):
    return (folder / "model.safetensors").read_bytes()


def without_negatives(pair):
    return replace(pair, negatives=())


@pytest.fixture(scope="module")
def finished(tiny_model, tmp_path_factory):
    """The run, the result and the events of one complete training."""
    run = tmp_path_factory.mktemp("finished") / "run"
    events = []
    result = train_model(sample_job(tiny_model, run), report=events.append)
    return run, result, events


def test_the_result_says_what_was_done(finished):
    run, result, _ = finished

    assert result.model == run / "model"
    assert result.steps == STEPS
    assert (result.trainable.layers, result.trainable.trained_layers) == (3, 2)
    assert 0 < result.seconds < 120
    evaluated = {row["step"]: row["mrr"] for row in rows(run) if "mrr" in row}
    assert result.base_metric == evaluated.pop(0)
    assert result.best_metric == max(evaluated.values())
    assert result.best_step == min(step for step, value in evaluated.items() if value == result.best_metric)


def test_the_loss_falls(tiny_model, tmp_path):
    train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=10, learning_rate=1e-2, eval_steps=50))

    losses = [row["loss"] for row in rows(tmp_path / "run")]
    assert len(losses) == 5
    assert losses[-1] < 0.7 * losses[0]


def test_one_seed_gives_one_model_and_one_record(finished, tiny_model, tmp_path):
    run, _, _ = finished

    torch.rand(5)  # what happened before in the process does not matter
    train_model(sample_job(tiny_model, tmp_path / "again"))

    assert weight_bytes(tmp_path / "again" / "model") == weight_bytes(run / "model")
    assert timeless(tmp_path / "again") == timeless(run)


def test_another_seed_gives_another_model(finished, tiny_model, tmp_path):
    run, _, _ = finished

    train_model(sample_job(tiny_model, tmp_path / "other", seed=4))

    assert weight_bytes(tmp_path / "other" / "model") != weight_bytes(run / "model")


def test_frozen_weights_stay_to_the_bit_and_trained_ones_move(finished, tiny_model):
    run, _, _ = finished
    before, after = weights(tiny_model), weights(run / "model")

    assert before.keys() == after.keys()
    for name, value in before.items():
        trained = "encoder.layer.1." in name or "encoder.layer.2." in name
        if not trained:
            assert torch.equal(value, after[name]), name
        elif "key.bias" not in name:  # softmax does not see a constant added to all scores: no gradient
            assert not torch.equal(value, after[name]), name


def test_the_model_is_the_best_on_dev(finished):
    run, result, _ = finished

    assert weight_bytes(run / "model") == weight_bytes(run / "checkpoint-best")
    measured = measure_domains(load_encoder(run / "model"), sample_dev())
    assert measured.overall.mrr == result.best_metric


def test_the_best_is_kept_when_later_ones_are_worse(tiny_model, tmp_path, monkeypatch):
    run = tmp_path / "run"
    series = iter([0.3, 0.5, 0.4, 0.5, 0.2, 0.1, 0.1, 0.1])
    monkeypatch.setattr(
        domain_evaluator,
        "measure_dev",
        lambda encoder, dev: DevMeasurement(DevMetrics(Quality(1.0, next(series), 8), {}), None),
    )

    def copy_the_fourth(event):
        if isinstance(event, Progress) and event.activity == "Training" and event.done == 5:
            shutil.copytree(run / "state" / "checkpoint-4", tmp_path / "fourth")

    result = train_model(sample_job(tiny_model, run), report=copy_the_fourth)

    assert (result.best_step, result.best_metric) == (4, 0.5)
    assert weight_bytes(run / "checkpoint-best") == weight_bytes(tmp_path / "fourth")
    assert weight_bytes(run / "model") == weight_bytes(tmp_path / "fourth")
    assert weight_bytes(run / "checkpoint-epoch-3") != weight_bytes(tmp_path / "fourth")
    assert json.loads((run / "training_progress.json").read_text())["best_step"] == 4


def test_a_model_is_kept_for_every_epoch_and_the_rotation_touches_only_states(finished):
    run, _, _ = finished

    kept = {path.name for path in run.glob("checkpoint-*")}
    assert kept == {"checkpoint-best", "checkpoint-epoch-1", "checkpoint-epoch-2", "checkpoint-epoch-3"}
    assert len({weight_bytes(run / f"checkpoint-epoch-{epoch}") for epoch in (1, 2, 3)}) == 3
    assert {path.name for path in (run / "state").glob("checkpoint-*")} == {"checkpoint-14", "checkpoint-15"}
    assert weight_bytes(run / "checkpoint-epoch-3") == weight_bytes(run / "state" / "checkpoint-15")


def test_models_hold_safetensors_and_json_alone(finished):
    run, _, _ = finished
    models = [run / "model", *run.glob("checkpoint-*")]

    assert len(models) == 5
    for folder in models:
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert {path.suffix for path in files} == {".safetensors", ".json"}
        assert not list(folder.rglob(".*"))
        load_model(folder)


def test_no_training_text_is_written_anywhere(finished):
    run, _, _ = finished
    texts = [text.encode() for pair in sample_pairs() for text in (pair.query.text, pair.positive)]

    files = [path for path in run.rglob("*") if path.is_file()]
    assert len(files) > 40
    for path in files:
        content = path.read_bytes()
        assert not any(text in content for text in texts), path


def test_weights_are_as_readable_as_the_files_beside_them(finished):
    run, _, _ = finished

    assert (run / "model" / "model.safetensors").stat().st_mode == (run / "model" / "modules.json").stat().st_mode


def test_the_library_writes_nothing_to_the_terminal(tiny_model, tmp_path, capfd):
    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1))

    written = capfd.readouterr()
    assert (written.out, written.err) == ("", "")


def test_the_records_hold_what_scripts_rely_on(finished):
    run, _, _ = finished

    trained = [row for row in rows(run) if "loss" in row]
    assert [set(row) for row in trained] == [{"epoch", "step", "loss", "learning_rate", "tokens_per_second"}] * 2
    assert [(row["epoch"], row["step"]) for row in trained] == [(2.0, 10), (3.0, 15)]
    assert all(row["tokens_per_second"] > 0 and row["learning_rate"] > 0 for row in trained)
    measured = [row for row in rows(run) if "mrr" in row]
    assert [row["step"] for row in measured] == [0, 2, 4, 6, 8, 10, 12, 14, 15]
    per_domain = {f"{domain}_{metric}" for domain in DOMAINS for metric in ("recall@5", "mrr")}
    assert set(measured[-1]) == {"epoch", "step", "recall@5", "mrr", "mean_cosine"} | per_domain
    progress = json.loads((run / "training_progress.json").read_text())
    assert progress["training_completed"] is True
    assert (progress["train_examples"], progress["eval_examples"]) == (36, DEV_SECTIONS)
    assert (progress["epoch"], progress["step"]) == (3.0, STEPS)
    assert json.loads((run / "parameters.json").read_text())["trained_layers"] == 2
    assert "step 10/15 loss" in (run / "training.log").read_text()


def test_progress_and_measures_are_reported(finished):
    _, _, events = finished

    steps = [event for event in events if isinstance(event, Progress) and event.activity == "Training"]
    assert [(event.done, event.total) for event in steps] == [(step, STEPS) for step in range(1, STEPS + 1)]
    filled = [event for event in events if isinstance(event, Progress) and event.activity == "Frozen layers"]
    assert filled[-1].done == filled[-1].total > SECTIONS
    assert [event.step for event in events if isinstance(event, Measured)] == [0, 2, 4, 6, 8, 10, 12, 14, 15]
    assert not [event for event in events if isinstance(event, Alert)]


def test_dropout_stays_on_after_an_evaluation(tiny_model, tmp_path, monkeypatch):
    modes = []
    forward = MultipleNegativesRanking.forward

    def spied(self, features, labels):
        modes.append(self.model.training)
        return forward(self, features, labels)

    monkeypatch.setattr(MultipleNegativesRanking, "forward", spied)
    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1, eval_steps=1))

    assert modes == [True] * 5


@pytest.mark.parametrize("dev", [None, replace(sample_dev(), queries=(), qrels=Qrels({}))], ids=["none", "empty"])
def test_without_dev_questions_the_last_model_is_the_result(tiny_model, tmp_path, dev):
    run = tmp_path / "run"

    result = train_model(sample_job(tiny_model, run, dev=dev, epochs=1))

    assert (result.best_step, result.best_metric, result.base_metric) == (5, None, None)
    assert not (run / "checkpoint-best").exists()
    assert weight_bytes(run / "model") == weight_bytes(run / "checkpoint-epoch-1")
    assert not [row for row in rows(run) if "mrr" in row]


@pytest.mark.parametrize("negatives", [0, 1, 2])
def test_pairs_may_have_any_number_of_negatives(tiny_model, tmp_path, negatives):
    result = train_model(sample_job(tiny_model, tmp_path / "run", pairs=sample_pairs(negatives), dev=None, epochs=1))

    assert result.steps == 5


def test_a_pair_without_negatives_does_not_cost_the_others_theirs(tiny_model, tmp_path):
    full, none = sample_pairs(1), sample_pairs(0)
    weights_of = {}
    for name, pairs in {"full": full, "mixed": (*full[:-1], none[-1]), "none": none}.items():
        result = train_model(sample_job(tiny_model, tmp_path / name, pairs=pairs, dev=None, epochs=1))
        weights_of[name] = weight_bytes(result.model)

    assert len(set(weights_of.values())) == 3


def test_training_anew_forgets_the_earlier_run(finished, tiny_model, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished[0], run)
    (run / "notes.txt").write_text("mine")

    train_model(sample_job(tiny_model, run, dev=None, epochs=1))

    assert [row["step"] for row in rows(run)] == [5]
    assert {path.name for path in run.glob("checkpoint-*")} == {"checkpoint-epoch-1"}
    assert (run / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(("asked", "kept"), [(48, 48), (5000, 96)])
def test_texts_are_cut_at_the_setting_or_the_models_limit(tiny_model, tmp_path, asked, kept):
    result = train_model(sample_job(tiny_model, tmp_path / "run", dev=None, epochs=1, max_seq_length=asked))

    assert load_model(result.model).max_seq_length == kept


def test_evaluates_every_share_of_an_epoch(tiny_model, tmp_path):
    train_model(sample_job(tiny_model, tmp_path / "run", epochs=2, eval_steps=0.5))

    assert [row["step"] for row in rows(tmp_path / "run") if "mrr" in row] == [0, 2, 4, 6, 8, 10]


def test_a_small_share_evaluates_every_step(tiny_model, tmp_path):
    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1, eval_steps=0.01))

    assert [row["step"] for row in rows(tmp_path / "run") if "mrr" in row] == [0, 1, 2, 3, 4, 5]


@pytest.mark.real_model
def test_minilm_learns_in_its_top_two_layers_alone(tmp_path):
    base = locate_model(MINILM).folder

    result = train_model(
        sample_job(base, tmp_path / "run", pairs=sample_pairs()[:24], dev=None, epochs=1, learning_rate=5e-5)
    )

    before, after = weights(base), weights(result.model)
    moved = {name.split(".")[2] for name in after if not torch.equal(before[name], after[name])}
    assert moved == {"4", "5"}
    assert (result.trainable.trainable_params, result.trainable.total_params) == (3_548_928, 22_713_216)
    assert rows(tmp_path / "run")[-1]["step"] == 3
