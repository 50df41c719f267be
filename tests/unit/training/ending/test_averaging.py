import json
from dataclasses import asdict, replace

import pytest
import torch

from embedtune.encoders.sentence_transformer import load_encoder, load_model
from embedtune.events import Notice
from embedtune.training.dev.dev_set import DevSet
from embedtune.training.dev.domain_evaluator import measure_domains
from embedtune.training.ending import averaging, final_model
from embedtune.training.ending.averaging import (
    CAUTIOUS_SHARE,
    TriedShare,
    asked_by_people,
    average_weights,
    cautious_share,
    chosen_share,
    telling_questions,
)
from embedtune.training.ending.drift import measure_drift
from embedtune.training.trainer import train_model
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin
from training_samples import sample_dev, sample_job, sample_settings

SHARES = sample_settings().tried_shares


def weights(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_each_weight_is_the_weighted_mean(tiny_model, share):
    base, tuned = load_model(tiny_model), load_model(tiny_model)
    with torch.no_grad():
        for value in tuned.parameters():
            value.add_(torch.linspace(-1, 1, value.numel()).reshape(value.shape))
    before, after = weights(base), weights(tuned)

    average_weights(tuned, base, share)

    for name, value in weights(tuned).items():
        torch.testing.assert_close(value, (1 - share) * after[name] + share * before[name])
    assert all(torch.equal(value, before[name]) for name, value in weights(base).items())


def test_a_run_ends_with_the_average_of_its_best_and_the_base(tiny_model, tmp_path):
    run = tmp_path / "run"

    result = train_model(sample_job(tiny_model, run, base_share=0.3))

    best, base, final = (weights(load_model(path)) for path in (run / "checkpoint-best", tiny_model, run / "model"))
    for name, value in final.items():
        torch.testing.assert_close(value, 0.7 * best[name] + 0.3 * base[name])
    measured = measure_domains(load_encoder(run / "model"), sample_dev()).overall.mrr
    assert result.best_metric == pytest.approx(measured)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["mrr"] for row in rows if row.get("base_share")] == [result.best_metric]
    assert len({row["epoch"] for row in rows if row["step"] == result.best_step and "mrr" in row}) == 1


@pytest.mark.parametrize(
    ("quality", "share"),
    [
        ({0.0: 0.8, 0.25: 0.7, 0.5: 0.6, 0.75: 0.5}, 0.0),
        ({0.0: 0.5, 0.25: 0.6, 0.5: 0.7, 0.75: 0.6}, 0.5),
        ({0.0: 0.900, 0.25: 0.898, 0.5: 0.925, 0.75: 0.929}, 0.25),
        (dict.fromkeys((0.0, 0.25, 0.5, 0.75), 0.4), 0.25),
        (dict.fromkeys((0.0, 0.3, 0.9), 0.4), 0.3),
        ({0.1: 0.4, 0.9: 0.46}, 0.9),
        ({0.8: 0.1}, 0.8),
    ],
)
def test_a_small_share_is_taken_unless_another_is_clearly_better(quality, share):
    assert chosen_share([TriedShare(*entry) for entry in quality.items()], by_people=False) == share


@pytest.mark.parametrize(("shares", "share"), [(SHARES, CAUTIOUS_SHARE), ((0.0, 0.2), 0.2), ((0.9,), CAUTIOUS_SHARE)])
def test_caution_keeps_no_more_of_the_base_than_the_shares_allow(shares, share):
    assert cautious_share(shares) == share


def half_telling_dev():
    """The sample's dev questions six times, three of them as if of a template."""
    dev = sample_dev()
    queries = tuple(
        replace(query, id=f"{query.id}-{n}", origin=(Origin.TEMPLATE, Origin.EXTRACTIVE)[n % 2])
        for query in dev.queries
        for n in range(6)
    )
    grades = {query.id: dict(dev.qrels.grades(query.id.rsplit("-", 1)[0])) for query in queries}
    return DevSet(queries, Qrels(grades), dev.passages)


def test_questions_cut_from_the_text_tell_nothing():
    assert telling_questions(None) is None
    assert telling_questions(sample_dev()) is None
    told = telling_questions(half_telling_dev())
    assert {query.origin for query in told.queries} == {Origin.TEMPLATE}
    assert set(told.qrels.query_ids) == {query.id for query in told.queries}


def test_people_decide_by_any_difference():
    tried = [TriedShare(0.0, 0.851), TriedShare(0.25, 0.85), TriedShare(0.5, 0.84)]
    even = [TriedShare(0.0, 0.85), TriedShare(0.25, 0.85)]

    assert [chosen_share(tried, by_people=people) for people in (True, False)] == [0.0, 0.25]
    assert chosen_share(even, by_people=True) == 0.25


def test_questions_are_peoples_if_all_of_them_are():
    human = [replace(query, origin=Origin.HUMAN) for query in sample_dev().queries]

    assert asked_by_people(replace(sample_dev(), queries=tuple(human)))
    assert not asked_by_people(replace(sample_dev(), queries=(*human, sample_dev().queries[0])))


def test_without_telling_questions_much_of_the_base_is_kept(tiny_model, tmp_path):
    run = tmp_path / "run"

    train_model(sample_job(tiny_model, run, base_share="auto"))

    best, base = weights(load_model(run / "checkpoint-best")), weights(load_model(tiny_model))
    for name, value in weights(load_model(run / "model")).items():
        torch.testing.assert_close(value, (1 - CAUTIOUS_SHARE) * best[name] + CAUTIOUS_SHARE * base[name])


def test_each_share_is_tried_on_copies_of_models_that_are_loaded_once(tiny_model, tmp_path, monkeypatch):
    run, loaded, tried = tmp_path / "run", [], []

    def load(folder, *, device):
        loaded.append(folder)
        return load_model(folder, device=device)

    monkeypatch.setattr(final_model, "load_model", load)
    monkeypatch.setattr(averaging, "load_model", load)

    def measured(encoder, dev):
        tried.append(weights(encoder.model))
        return measure_domains(encoder, dev)

    monkeypatch.setattr(final_model, "measure_domains", measured)

    train_model(sample_job(tiny_model, run, dev=half_telling_dev(), base_share="auto"))

    assert sorted(loaded) == sorted([run / "checkpoint-best", tiny_model])
    for share, found in zip(SHARES, tried, strict=False):
        best, base = load_model(run / "checkpoint-best"), load_model(tiny_model)
        average_weights(best, base, share)
        assert all(torch.equal(value, found[name]) for name, value in weights(best).items())


def test_without_dev_the_last_model_is_averaged(tiny_model, tmp_path):
    run = tmp_path / "run"

    result = train_model(sample_job(tiny_model, run, dev=None, epochs=1, base_share=0.5))

    last, base = weights(load_model(run / "checkpoint-epoch-1")), weights(load_model(tiny_model))
    for name, value in weights(load_model(run / "model")).items():
        torch.testing.assert_close(value, (last[name] + base[name]) / 2)
    assert result.best_metric is None


def merge_of(run):
    return json.loads((run / "merge.json").read_text(encoding="utf-8"))


def test_the_sweep_is_on_record(tiny_model, tmp_path):
    run = tmp_path / "run"

    result = train_model(
        sample_job(tiny_model, run, dev=half_telling_dev(), base_share="auto", tried_shares=(0.5, 0.0, 0.5))
    )

    merge = merge_of(run)
    assert (merge["chosen_by"], merge["step"], merge["general"]) == ("dev questions", result.best_step, None)
    assert merge["dev"]["questions"] == 24
    telling = telling_questions(half_telling_dev())
    best, base = load_model(run / "checkpoint-best"), load_model(tiny_model)
    expected = []
    for share in (0.0, 0.5):
        average_weights(best, base, share)  # from 0 to 0.5: the second call starts at the tuned model
        encoder = final_model.SentenceTransformerEncoder(best, "", "")
        expected.append({"base_share": share, "mrr": measure_domains(encoder, telling).overall.mrr})
    assert merge["dev"]["tried"] == expected
    assert merge["base_share"] == chosen_share([TriedShare(**entry) for entry in expected], by_people=False)


@pytest.mark.parametrize(("share", "chosen_by", "kept"), [(0.3, "setting", 0.3), ("auto", "caution", CAUTIOUS_SHARE)])
def test_without_a_sweep_the_record_says_what_decided(tiny_model, tmp_path, share, chosen_by, kept):
    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1, base_share=share))

    merge = merge_of(tmp_path / "run")
    assert (merge["base_share"], merge["chosen_by"], merge["dev"], merge["general"]) == (kept, chosen_by, None, None)


def test_drift_is_on_record_and_told_without_a_claim_of_quality(tiny_model, tmp_path):
    events = []

    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1), report=events.append)

    drift = merge_of(tmp_path / "run")["drift"]
    base, tuned = load_encoder(tiny_model), load_encoder(tmp_path / "run" / "model")
    assert drift == asdict(measure_drift(base, tuned))
    assert -1 <= drift["least_cosine"] < drift["mean_cosine"] < 1
    (said,) = [event.message for event in events if isinstance(event, Notice)]
    assert f"mean cosine of {drift['mean_cosine']:.3f}" in said
    assert "was not measured" in said
