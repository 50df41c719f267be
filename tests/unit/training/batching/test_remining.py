from __future__ import annotations

import json
import signal
from dataclasses import replace

import pytest

from embedtune.errors import ConfigError, InputError, InterruptedRunError
from embedtune.events import Progress
from embedtune.training.batching.columns import pair_columns
from embedtune.training.batching.remining import RowLookup, looked_up
from embedtune.training.job import Remining
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.trainer import train_model
from embedtune.vocabulary.pairs import Negative
from training_samples import sample_job, sample_pairs, sample_remining

EPOCH = 5  # steps


def remining_job(base, run, remining=None, *, every=1, **changes):
    return replace(sample_job(base, run, remine_epochs=every, **changes), remining=remining or sample_remining())


def mining(mine, per_pair=1):
    return Remining(mine, per_pair, "sha256:test")


def weights(run):
    return (run / "checkpoint-epoch-3" / "model.safetensors").read_bytes()


def rows(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def plain(tiny_model, tmp_path_factory):
    run = tmp_path_factory.mktemp("plain") / "run"
    train_model(sample_job(tiny_model, run))
    return run


@pytest.fixture(scope="module")
def remined(tiny_model, tmp_path_factory):
    run = tmp_path_factory.mktemp("remined") / "run"
    train_model(remining_job(tiny_model, run))
    return run


def test_the_same_negatives_mined_again_change_nothing(plain, tiny_model, tmp_path):
    seen = []

    def same(encoder):
        seen.append(encoder.encode(["a question"]).tobytes())
        return sample_pairs()

    train_model(remining_job(tiny_model, tmp_path / "run", mining(same)))

    assert len(set(seen)) == 2  # before the second and the third epoch, each time with other weights
    assert weights(tmp_path / "run") == weights(plain)
    assert [row["negatives_changed"] for row in rows(tmp_path / "run") if "negatives" in row] == [0, 0]


def test_other_negatives_train_another_model(plain, remined):
    assert weights(remined) != weights(plain)


def test_each_epochs_negatives_are_kept_and_counted(remined):
    files = sorted(path.name for path in remined.glob("negatives-*"))
    assert files == ["negatives-epoch-2.jsonl", "negatives-epoch-3.jsonl"]
    mined = [json.loads(line) for line in (remined / files[0]).read_text().splitlines()]
    assert [row["query_id"] for row in mined] == [pair.query.id for pair in sample_pairs()]
    assert {row["negatives"][0]["source"] for row in mined} == {"current"}
    counted = [row for row in rows(remined) if "negatives" in row]
    assert [(row["epoch"], row["step"], row["negatives"]) for row in counted] == [(1.0, 6, 36), (2.0, 11, 36)]
    changed = sum(
        row["negatives"][0]["text"] != pair.negatives[0].text for row, pair in zip(mined, sample_pairs(), strict=True)
    )
    assert counted[0]["negatives_changed"] == changed > 0


def test_what_the_loss_sees_are_the_new_texts_and_their_clusters(tiny_model, tmp_path, monkeypatch):
    fresh = Negative("zzzz qqqq zzzz", "s3")
    lengths, clusters = [], []
    forward = MultipleNegativesRanking.forward

    def spied(self, features, labels):
        columns = list(features)
        lengths.append(set(columns[2]["attention_mask"].sum(dim=1).tolist()))
        clusters.append(set(self.negative_clusters[labels].flatten().tolist()))
        return forward(self, columns, labels)

    monkeypatch.setattr(MultipleNegativesRanking, "forward", spied)
    remining = mining(lambda encoder: [replace(pair, negatives=(fresh,)) for pair in sample_pairs()])
    train_model(remining_job(tiny_model, tmp_path / "run", remining, epochs=2))

    third = pair_columns(sample_pairs(), lambda event: None).positive_clusters[9]
    assert all(len(found) > 1 for found in clusters[:EPOCH])
    assert clusters[EPOCH:] == [{third}] * EPOCH
    assert all(len(found) == 1 for found in lengths[EPOCH:])
    assert lengths[EPOCH:][0] != lengths[0]


def test_after_every_second_epoch(tiny_model, tmp_path):
    train_model(remining_job(tiny_model, tmp_path / "run", every=2))

    assert [path.name for path in tmp_path.glob("run/negatives-*")] == ["negatives-epoch-3.jsonl"]


def test_pairs_without_negatives_have_room_for_mined_ones(tiny_model, tmp_path):
    bare = [replace(pair, negatives=()) for pair in sample_pairs()]
    train_model(remining_job(tiny_model, tmp_path / "run", sample_remining(2), pairs=bare, epochs=2))

    (row,) = [row for row in rows(tmp_path / "run") if "negatives" in row]
    assert (row["negatives"], row["negatives_changed"]) == (72, 72)


def test_nothing_that_mines_is_refused(tiny_model, tmp_path):
    with pytest.raises(InputError, match="nothing was given that mines"):
        train_model(sample_job(tiny_model, tmp_path / "run", remine_epochs=1))


def test_what_mines_is_not_asked_where_that_is_off(plain, tiny_model, tmp_path):
    job = replace(sample_job(tiny_model, tmp_path / "run"), remining=mining(lambda encoder: 1 / 0))
    train_model(job)

    assert weights(tmp_path / "run") == weights(plain)


def stopped(job, step):
    def report(event):
        if isinstance(event, Progress) and event.activity == "Training" and event.done == step:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(InterruptedRunError):
        train_model(job, report=report)


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_text("{}\n")])
def test_a_file_that_is_not_the_one_trained_on_is_refused(tiny_model, tmp_path, change):
    job = remining_job(tiny_model, tmp_path / "run")
    stopped(job, EPOCH + 2)
    change(tmp_path / "run" / "negatives-epoch-2.jsonl")

    with pytest.raises(InputError, match="is missing or was changed"):
        train_model(job, resume=True)


def test_other_ways_to_mine_are_other_inputs(tiny_model, tmp_path):
    job = remining_job(tiny_model, tmp_path / "run")
    stopped(job, EPOCH + 2)

    with pytest.raises(ConfigError, match="other pairs or settings"):
        train_model(replace(job, remining=replace(job.remining, digest="sha256:other")), resume=True)


def test_a_new_run_begins_without_the_negatives_of_the_last(tiny_model, tmp_path):
    stale = tmp_path / "run" / "negatives-epoch-7.jsonl"
    stale.parent.mkdir()
    stale.write_text("{}\n")

    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1))

    assert not stale.exists()


def test_rows_are_read_from_what_is_in_force():
    lookup = RowLookup(pair_columns(sample_pairs(), lambda event: None))
    rows_read = looked_up(lookup)
    changed = [replace(pair, negatives=(Negative(f"new {n}"),)) for n, pair in enumerate(sample_pairs())]

    first = rows_read[3]
    lookup.columns = pair_columns(changed, lambda event: None)

    assert list(first) == ["anchor", "positive", "negative_1", "label"]
    assert rows_read[3] == first | {"negative_1": "new 3"}
    assert len(rows_read) == 36
