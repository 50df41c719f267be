from __future__ import annotations

import dataclasses
import json

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.config.settings import GateSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import InputError
from embedtune.evaluation.result import read_record, record_as_json
from embedtune.events import StageFinished, StageSkipped
from embedtune.pipeline.evaluation import (
    candidate_names,
    evaluate,
    evaluation_stage,
    tuned_settings,
    write_evaluation,
)
from embedtune.pipeline.questions import JudgedQueries, QuestionSet
from embedtune.pipeline.systems import SystemSpec
from embedtune.pipeline.verdicts import check_gates
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, PassageSettings
from project_samples import judged_questions, write_corpus
from stand_in_models import stand_in_project, write_stand_in_run

QUICK = {
    "evaluation__bootstrap_samples": 100,
    "evaluation__min_slice": 10,
    "retrieval__passage_words": [8, 16],
    "retrieval__dense_weights": [0.5],
}


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    sections = read_folder(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"), CorpusSettings()).sections
    return QuestionSet("mine", sections, judged_questions(sections, "t", 1), judged_questions(sections, "d", 3))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_stand_in_run(folder / "run", "good")
    write_stand_in_run(folder / "other", "good too")
    write_stand_in_run(folder / "bad", "blind")
    return folder


def compared(place, questions, *names, trained=None, **changes):
    project = stand_in_project(place, **(QUICK | changes))
    specs = [SystemSpec.parse(name.replace("@", f"{place}/")) for name in names]
    return evaluate(project, questions, specs, trained_on=trained)


@pytest.fixture(scope="module")
def record(place, questions):
    return compared(place, questions, "base", "bm25", "hybrid:base", "@run", "hybrid:@run")


@pytest.fixture(scope="module")
def digest(place):
    return stand_in_project(place).models.named(str(place / "run")).digest


def test_record_says_what_was_tuned_on_what(record, digest, place):
    details = record.details
    assert details["questions"] == "mine"
    assert details["question_origin"] == "human"
    assert details["dev_questions"] == 24
    systems = details["systems"]
    assert list(systems) == ["base", "bm25", "hybrid:base", f"{place}/run", f"hybrid:{place}/run"]
    words = systems["bm25"]["keywords"]
    assert systems["bm25"] == {"mode": "bm25", "model": "", "passages_searched": 24, "keywords": words}
    assert (words["keywords"], words["n"]) == ({"k1": 0.9, "b": 0.4, "stemming": False}, 24)
    assert words["tried"] == 50
    tuned = systems[f"hybrid:{place}/run"]
    assert tuned["model"] == digest
    assert tuned["tuned_on"] == 24
    assert 0 < tuned["dev_value"] <= 1
    assert "24 dev questions" in tuned["reason"]
    assert tuned["passages"]["words"] in {8, 16, None}
    assert record.date.endswith("+00:00")


def test_figures_are_those_of_the_systems(record, place, questions):
    evaluation = record.evaluation
    assert evaluation.n == 24
    assert evaluation.corpus_digest == corpus_digest(questions.sections)
    good, blind = evaluation.system(f"{place}/run"), evaluation.system("base")
    assert good.values["recall@5"] > 0.8
    assert blind.values["recall@5"] < 0.5
    assert good.avg_similarity > blind.avg_similarity
    assert evaluation.system("bm25").avg_similarity is None
    assert {(part.attribute, part.value) for part in good.slices} >= {("domain", "forklift"), ("domain", "tractor")}


def test_same_seed_same_json(record, place, questions):
    again = compared(place, questions, "base", "bm25", "hybrid:base", "@run", "hybrid:@run")
    undated = dataclasses.replace(again, date=record.date)
    assert json.dumps(record_as_json(undated)) == json.dumps(record_as_json(record))


def test_gain_over_a_blind_base_passes_the_gates(record, place):
    assert [gate.passed for gate in record.gates] == [True] * 6
    gain, domains, general, leaks, robust, hybrid = record.gates
    assert gain.gate == f"ndcg@10: {place}/run better than base"
    assert (gain.value > 0, domains.value, hybrid.value >= 0) == (True, 0.0, True)
    assert hybrid.gate == f"ndcg@10: hybrid:{place}/run not below hybrid:base"
    assert [gate.value for gate in (general, leaks, robust)] == [None] * 3


def test_no_gain_fails_the_gate(place, questions):
    record = compared(place, questions, "base", "@bad")
    assert [gate.gate for gate in record.gates if not gate.passed] == [f"ndcg@10: {place}/bad better than base"]
    assert "+0.000" in record.gates[0].reason


def test_each_model_has_its_own_gates(place, questions):
    record = compared(place, questions, "base", "@run", "@bad")
    verdicts = {gate.gate: gate.passed for gate in record.gates}
    assert sum("better than base" in gate for gate in verdicts) == 2
    assert verdicts[f"ndcg@10: {place}/run better than base"]
    assert not verdicts[f"ndcg@10: {place}/bad better than base"]


@pytest.mark.parametrize("names", [("base", "bm25"), ("bm25", "@run"), ("base", "hybrid:@run")])
def test_without_base_and_model_side_by_side_there_is_no_gate(place, questions, names):
    record = compared(place, questions, *names)
    assert record.gates == ()
    if "base" not in names:
        assert check_gates(record, f"{place}/run", None, GateSettings()) is None


def test_no_system_is_an_error(place, questions):
    with pytest.raises(InputError, match="No system was named"):
        evaluate(stand_in_project(place), questions, [])


def test_depth_and_seed_come_from_the_settings(place, questions):
    record = compared(place, questions, "base", evaluation__depth=2, project__seed=9)
    assert record.evaluation.seed == 9
    assert record.evaluation.settings.depth == 2
    assert all(len(ranking) <= 2 for ranking in record.evaluation.runs[0].rankings.values())


def test_written_evaluation_is_read_back(record, questions, tmp_path):
    write_evaluation(record, questions, tmp_path / "made" / "result.json")
    read = read_record(tmp_path / "made" / "result.json")
    assert read.gates == record.gates
    assert read.evaluation.comparisons == record.evaluation.comparisons
    assert dict(read.details) == json.loads(json.dumps(dict(record.details)))
    runs = sorted(path.name for path in (tmp_path / "made" / "runs").iterdir())
    assert "qrels.tsv" in runs
    assert len(runs) == 6
    judged = (tmp_path / "made" / "runs" / "qrels.tsv").read_text().splitlines()
    assert len(judged) in {24, 25}


def test_tuned_settings_are_those_of_the_hybrid(record, digest, place):
    chosen = record.details["systems"][f"hybrid:{place}/run"]
    passages, fusion = tuned_settings(record, digest)
    assert passages.words == chosen["passages"]["words"]
    assert passages.overlap == chosen["passages"]["overlap"]
    assert fusion == FusionSettings(FusionMethod.CONVEX, chosen["fusion"]["dense_weight"])


def test_tuned_settings_of_a_model_that_ranked_alone(place, questions, digest):
    record = compared(place, questions, "base", "@run")
    passages, fusion = tuned_settings(record, digest)
    assert passages.words == record.details["systems"][f"{place}/run"]["passages"]["words"]
    assert fusion == FusionSettings(FusionMethod.CONVEX, 1.0)


@pytest.mark.parametrize("given", [True, False])
def test_tuned_settings_of_an_unknown_model_are_the_defaults(record, given):
    assert tuned_settings(record if given else None, "sha256:unknown") == (PassageSettings(), FusionSettings())


def test_candidate_names_put_the_dense_one_first(record, digest, place):
    assert candidate_names(record, digest) == (f"{place}/run", f"hybrid:{place}/run")
    assert candidate_names(record, "sha256:unknown") == ()


def trained_on(text):
    return TrainingPair(Query("p", text, Origin.TEMPLATE), "x", (), Provenance())


def test_leaks_are_found_and_fail_their_gate_alone(place, questions):
    first = questions.test.queries[0]
    pairs = [trained_on(first.text.upper() + "?!"), trained_on("something else"), trained_on("something else")]
    record = compared(place, questions, "base", "@run", trained=pairs)
    assert record.leakage["training_questions"] == 2
    assert record.leakage["ids"] == [first.id]
    assert record.leakage["without"]["leaked"]["n"] == 23
    assert set(record.leakage["without"]["leaked"]["systems"]) == {"base", f"{place}/run"}
    failed = [gate for gate in record.gates if not gate.passed]
    assert [gate.reason for gate in failed] == [f"1 of 24 test questions were trained on ({first.id})."]
    allowed = compared(place, questions, "base", "@run", trained=pairs, gates__leaked_share=0.05)
    assert all(gate.passed for gate in allowed.gates)


def test_gates_are_switched_off_in_the_settings(place, questions):
    changes = dict.fromkeys(("gates__gain", "gates__general", "gates__robustness", "gates__hybrid"), False)
    record = compared(place, questions, "base", "@bad", **changes)
    assert [gate.gate for gate in record.gates] == [
        f"ndcg@10: {place}/bad not worse than base in any domain",
        "no test question trained on",
    ]


def stage(place, questions, pairs=(), **changes):
    events = []
    project = stand_in_project(place, events, **(QUICK | changes))
    result = evaluation_stage(project, questions, place / "run", pairs)
    return result, [event for event in events if isinstance(event, StageFinished | StageSkipped)][-1]


def test_stage_runs_once_for_the_same_questions(place, questions):
    result, event = stage(place, questions)
    assert isinstance(event, StageFinished)
    assert event.summary.startswith("tuned is better than base: nDCG@10 +0.")
    before = result.read_bytes()
    assert isinstance(stage(place, questions)[1], StageSkipped)
    assert result.read_bytes() == before
    record = read_record(result)
    assert set(record.details["systems"]) == {"base", "bm25", "hybrid:base", "tuned", "hybrid:tuned"}
    assert record.leakage["test_questions_trained_on"] == 0


def test_stage_runs_again_for_anything_that_shows_in_its_result(place, questions):
    quick = {"retrieval__tune": False}
    stage(place, questions, **quick)
    fewer = JudgedQueries(questions.test.queries[1:], questions.test.qrels.restricted_to(["t1", "t2"]))
    changed = {
        "questions": dataclasses.replace(questions, test=fewer),
        "groups": dataclasses.replace(questions, groups={questions.sections[0].id: "c"}),
        "labels": dataclasses.replace(questions, attributes={"part": {"t1": "x"}}),
    }
    for name, other in changed.items():
        assert isinstance(stage(place, other, **quick)[1], StageFinished), name
        assert isinstance(stage(place, other, **quick)[1], StageSkipped), name
    assert isinstance(stage(place, questions, [trained_on("new")], **quick)[1], StageFinished)
    assert isinstance(stage(place, questions, gates__least_gain=0.01, **quick)[1], StageFinished)
    assert isinstance(stage(place, questions, evaluation__depth=50, **quick)[1], StageFinished)


def test_too_few_questions_are_said_to_be_too_few(place, questions):
    few = JudgedQueries(questions.test.queries[:3], questions.test.qrels.restricted_to(["t0", "t1", "t2"]))
    _, event = stage(place, dataclasses.replace(questions, test=few))
    assert event.summary == "3 questions are too few for a comparison"


def test_no_gain_is_said_in_plain_words(place, questions):
    events = []
    project = stand_in_project(place, events, **QUICK)
    evaluation_stage(project, questions, place / "bad", ())
    assert events[-1].summary == "no clear difference: nDCG@10 +0.000 [+0.000, +0.000]"
