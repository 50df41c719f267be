from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.sentence_transformer import load_encoder
from embedtune.errors import InputError, InterruptedRunError
from embedtune.events import Alert, Notice, Progress, silent
from embedtune.training.ending import final_model, general
from embedtune.training.ending.general import GeneralSet, general_change, general_scores, guarded_share
from embedtune.training.processes.interruption import StopFlag
from embedtune.training.trainer import train_model
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.evaluation import Comparison, Qrels, Scores
from embedtune.vocabulary.pairs import Origin, Query
from training_samples import sample_job

TEXTS = {"d1": "rain clouds", "d2": "bread oven", "d3": "king castle", "d4": "oven bread"}


def general_set(relevant, texts=TEXTS):
    queries = tuple(Query(query, query.replace("_", " "), Origin.HUMAN) for query in relevant)
    documents = tuple(Passage(f"{name}#0", name, text) for name, text in texts.items())
    return GeneralSet("everyday", queries, Qrels({query: {name: 1} for query, name in relevant.items()}), documents)


def sample_general():
    return general_set({"rain_clouds": "d1", "bread_oven": "d2", "king_castle": "d3"})


def comparison(delta, low=-1.0, high=1.0):
    return Comparison("ndcg@10", "base", "tuned", 0.5, 0.5 + delta, low, high, 0.5, 3)


def test_whole_documents_are_ranked_by_their_vectors():
    scores = general_scores(FakeEncoder(), general_set({"rain_clouds": "d1", "king_rain": "d4"}), silent)

    assert scores.metric == "ndcg@10"
    assert scores.per_query["rain_clouds"] == 1.0
    assert scores.per_query["king_rain"] < 1.0


def test_equal_documents_are_ordered_by_id_and_blocks_change_nothing(monkeypatch):
    texts = dict(reversed(TEXTS.items()))
    collection = general_set({"bread_oven": "d4", "rain_clouds": "d1"}, texts)
    whole = general_scores(FakeEncoder(), collection, silent)
    monkeypatch.setattr(general, "_BLOCK", 1)
    events = []

    blocks = general_scores(FakeEncoder(), collection, events.append)

    assert whole.per_query["bread_oven"] == pytest.approx(1 / 1.584962500721156)  # the second of two equal ones
    assert blocks == whole
    assert [event.done for event in events if isinstance(event, Progress)] == [1, 2, 3, 4]


def test_the_change_comes_with_an_interval_that_repeats():
    base = Scores("ndcg@10", {f"q{number}": 0.5 for number in range(40)})
    worse = Scores("ndcg@10", {query: 0.4 + number % 2 * 0.05 for number, query in enumerate(base.per_query)})

    change = general_change(base, worse, 7)

    assert change.delta == pytest.approx(-0.075)
    assert change.ci_low <= change.delta <= change.ci_high < 0
    assert (change.verdict, change.n) == ("worse", 40)
    assert general_change(base, worse, 7) == change


@pytest.mark.parametrize(
    ("relevant", "texts"), [({"rain_clouds": "d1"}, TEXTS), ({"rain": "d1", "king": "d3"}, {})], ids=["queries", "none"]
)
def test_a_set_that_can_show_no_change_is_refused(relevant, texts):
    with pytest.raises(InputError, match="too few") as caught:
        general_set(relevant, texts)

    assert "general_set" in caught.value.remedy


@given(
    losses=st.dictionaries(
        st.sampled_from((0.0, 0.25, 0.5, 0.75, 0.9)), st.floats(0, 0.3, allow_nan=False), min_size=1
    ),
    tolerance=st.floats(0, 0.3),
    data=st.data(),
)
def test_the_guard_keeps_the_least_share_within_the_tolerance(losses, tolerance, data):
    start = data.draw(st.sampled_from(sorted(losses)))
    tried = []

    share = guarded_share(start, tuple(losses), tolerance, lambda s: tried.append(s) or comparison(-losses[s]))

    allowed = [other for other in sorted(losses) if other >= start]
    loss = {other: -comparison(-losses[other]).delta for other in allowed}
    within = [other for other in allowed if loss[other] <= tolerance]
    assert share == (within[0] if within else min(allowed, key=loss.get))
    assert tried == allowed[: allowed.index(share) + 1 if within else None]


def merge_of(run):
    return json.loads((run / "merge.json").read_text(encoding="utf-8"))


def trained(tiny_model, run, changes, monkeypatch, **settings):
    """Train with a general set whose change is given by share; returns the merge record and the events."""
    monkeypatch.setattr(final_model, "general_change", lambda base, scores, seed: changes[float(scores.metric)])

    def scores(encoder, given_set, report):
        return Scores(encoder.name.split()[0].replace("base", "0"), {"q": 0.5})

    monkeypatch.setattr(final_model, "general_scores", scores)
    job = replace(sample_job(tiny_model, run, epochs=1, **settings), general=sample_general())
    events = []
    train_model(job, report=events.append)
    return merge_of(run), events


def test_a_model_that_keeps_its_general_retrieval_is_left_alone(tiny_model, tmp_path, monkeypatch):
    changes = {0.7: comparison(-0.005, -0.02, 0.01)}

    merge, events = trained(tiny_model, tmp_path / "run", changes, monkeypatch, base_share="auto")

    assert (merge["base_share"], merge["chosen_by"], merge["drift"]) == (0.7, "caution", None)
    assert merge["general"]["name"] == "everyday"
    (tried,) = merge["general"]["tried"]
    assert (tried["base_share"], tried["delta"], tried["ci_low"]) == (0.7, pytest.approx(-0.005), -0.02)
    assert any("General retrieval on everyday" in event.message for event in events if isinstance(event, Notice))
    assert not [event for event in events if isinstance(event, Alert)]


def test_more_of_the_base_is_kept_where_too_much_was_lost(tiny_model, tmp_path, monkeypatch):
    changes = {0.7: comparison(-0.05, -0.09, -0.01), 0.75: comparison(-0.02), 0.8: comparison(-0.009)}
    shares = (0.0, 0.8, 0.75, 0.95)

    merge, events = trained(tiny_model, tmp_path / "run", changes, monkeypatch, base_share="auto", tried_shares=shares)

    assert (merge["base_share"], merge["chosen_by"]) == (0.8, "general set")
    assert [tried["base_share"] for tried in merge["general"]["tried"]] == [0.7, 0.75, 0.8]
    assert any("0.80 of the base is kept for it" in event.message for event in events if isinstance(event, Notice))


def test_a_share_that_is_set_stays_and_a_clear_loss_is_an_alert(tiny_model, tmp_path, monkeypatch):
    changes = {0.0: comparison(-0.05, -0.09, -0.01)}

    merge, events = trained(tiny_model, tmp_path / "run", changes, monkeypatch, base_share=0.0)

    assert (merge["base_share"], merge["chosen_by"]) == (0.0, "setting")
    (alert,) = [event for event in events if isinstance(event, Alert)]
    assert "ndcg@10 0.500 → 0.450, -0.050 [-0.090, -0.010]" in alert.message


@pytest.mark.parametrize("change", [comparison(-0.05, -0.09, 0.01), comparison(-0.009, -0.01, -0.008)])
def test_a_loss_that_is_small_or_unsure_is_no_alert(tiny_model, tmp_path, monkeypatch, change):
    _, events = trained(tiny_model, tmp_path / "run", {0.0: change}, monkeypatch, base_share=0.0)

    assert not [event for event in events if isinstance(event, Alert)]


def test_the_finished_model_is_what_was_measured(tiny_model, tmp_path):
    job = replace(sample_job(tiny_model, tmp_path / "run", epochs=1, base_share=0.4), general=sample_general())

    train_model(job)

    (tried,) = merge_of(job.run)["general"]["tried"]
    before = general_scores(load_encoder(tiny_model), job.general, silent).mean
    after = general_scores(load_encoder(job.run / "model"), job.general, silent).mean
    assert (tried["baseline_value"], tried["candidate_value"], tried["n"]) == (before, after, 3)


def test_a_signal_ends_the_measuring_and_resuming_finishes(tiny_model, tmp_path, monkeypatch):
    job = replace(sample_job(tiny_model, tmp_path / "run", epochs=1), general=sample_general())
    train_model(replace(job, run=tmp_path / "whole"))

    def stopped(encoder, given_set, report):
        raised.append(flag.pop())
        raised[-1].signal_name = "SIGTERM"
        raise KeyboardInterrupt

    flag, raised, made = [], [], StopFlag.__init__

    def remember(self, *values):
        made(self, *values)
        flag.append(self)

    with monkeypatch.context() as patch:
        patch.setattr(StopFlag, "__init__", remember)
        patch.setattr(final_model, "general_scores", stopped)
        with pytest.raises(InterruptedRunError, match="SIGTERM after the last step"):
            train_model(job)
    assert not (job.run / "model").exists()

    train_model(job, resume=True)

    assert merge_of(job.run) == merge_of(tmp_path / "whole")


def test_the_general_set_is_part_of_what_decides_a_run(tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path / "run", general_set="there")
    first, second = (replace(job, general=general_set(rel)) for rel in ({"a": "d1", "b": "d2"}, {"a": "d1", "b": "d3"}))

    assert len({job.digest, first.digest, second.digest}) == 3
    assert job.digest == sample_job(tiny_model, tmp_path / "run", general_set="elsewhere", tensorboard=True).digest
