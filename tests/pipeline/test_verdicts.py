from __future__ import annotations

import json

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import GateError
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.evaluation import evaluate, write_evaluation
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.systems import SystemSpec
from embedtune.training.ending.merge import kept_change
from project_samples import judged_questions, write_corpus
from stand_in_models import BLIND, stand_in_project, write_stand_in_run

QUICK = {"evaluation__bootstrap_samples": 100, "retrieval__passage_words": [8], "retrieval__dense_weights": [0.5]}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_stand_in_run(folder / "run", "good")
    write_stand_in_run(folder / "bad", BLIND)
    return folder


@pytest.fixture(scope="module")
def results(place, tmp_path_factory):
    """An evaluation of the good run and one of the bad."""
    sections = read_folder(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"), CorpusSettings()).sections
    questions = QuestionSet("mine", sections, judged_questions(sections, "t", 1), judged_questions(sections, "d", 3))
    for name in ("run", "bad"):
        specs = [SystemSpec.parse("base"), SystemSpec.parse(f"{place}/{name}")]
        record = evaluate(stand_in_project(place, **QUICK), questions, specs)
        write_evaluation(record, questions, place / name / "result.json")
    return {name: place / name / "result.json" for name in ("run", "bad")}


def project(place, tmp_path, **changes):
    return stand_in_project(place, publish__registry=str(tmp_path / "models"), **changes)


def request(place, run="run", **changes):
    return PublishRequest(**({"run": place / run, "version": "v1.0", "name": "mine"} | changes))


def refused(opened, wanted, message):
    with pytest.raises(GateError, match=message) as caught:
        publish_run(opened, wanted)
    assert not opened.registry.root.exists()
    return caught.value


def leaky(results, tmp_path):
    document = json.loads(results["run"].read_text())
    document["leakage"] = {"ids": ["t3"]}
    changed = tmp_path / "leaky.json"
    changed.write_text(json.dumps(document))
    return changed


def test_a_leak_is_refused_with_its_reason_and_published_with_that_of_the_user(place, results, tmp_path):
    opened, result = project(place, tmp_path), leaky(results, tmp_path)
    error = refused(opened, request(place, evaluation=result), r"1 of 24 test questions .* \(t3\)")
    assert "--force-without-gain" in error.remedy
    card = read_card(publish_run(opened, request(place, evaluation=result, reason="a demonstration")))
    assert [gate.passed for gate in card.gates] == [True, True, True, False, True, True]
    assert card.published_without_gain == "a demonstration"


def test_gates_at_publishing_are_those_of_the_settings(place, results, tmp_path):
    result = leaky(results, tmp_path)
    strict = project(place, tmp_path, gates__least_gain=0.99)
    error = refused(strict, request(place, evaluation=result), "does not lie above 0.99")
    assert "were trained on" in error.message
    lenient = project(place, tmp_path, gates__leaks=False)
    assert len(read_card(publish_run(lenient, request(place, evaluation=result))).gates) == 5


def test_without_any_gate_nothing_is_refused(place, results, tmp_path):
    names = ("gain", "domains", "general", "leaks", "robustness", "hybrid")
    opened = project(place, tmp_path, **{f"gates__{name}": False for name in names})
    card = read_card(publish_run(opened, request(place, run="bad", evaluation=results["bad"])))
    assert card.gates == ()


def test_a_general_loss_is_read_from_the_run(place, results, tmp_path):
    run = write_stand_in_run(tmp_path / "run", "good")
    row = {"base_share": 0.2, "metric": "ndcg@10", "baseline": "base", "candidate": "tuned", "baseline_value": 0.5}
    row |= {"candidate_value": 0.4, "ci_low": -0.2, "ci_high": 0.0, "p_value": 0.06, "n": 43, "slice": "all"}
    tried = [{**row, "base_share": 0.0, "candidate_value": 0.5}, row]
    merge = {"base_share": 0.2, "chosen_by": "general set", "general": {"name": "web", "tried": tried}}
    (run / "merge.json").write_text(json.dumps(merge))
    opened, wanted = project(place, tmp_path), request(tmp_path, evaluation=results["run"])
    refused(opened, wanted, r"On general questions .* more than 0\.02 is lost")
    (run / "merge.json").write_text(json.dumps(merge | {"base_share": 0.0}))
    card = read_card(publish_run(opened, wanted))
    assert (card.gates[2].passed, card.gates[2].value) == (True, 0.0)


@pytest.mark.parametrize(
    "text", [None, "{", '{"base_share": 0.1}', '{"base_share": 0.1, "general": {"tried": []}}', "[]"]
)
def test_a_run_that_measured_no_general_change_has_none(tmp_path, text):
    if text is not None:
        (tmp_path / "merge.json").write_text(text)
    assert kept_change(tmp_path) is None
