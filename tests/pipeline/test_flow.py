from __future__ import annotations

import json
import shutil

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import GateError, InputError, VersionExistsError
from embedtune.evaluation.result import read_record
from embedtune.events import Alert, StageFinished, StageSkipped, StageStarted
from embedtune.index.folder_store import FolderStore
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.evaluation import evaluation_stage
from embedtune.pipeline.flow import _unproven, run_flow
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.searching import OpenedIndex
from project_samples import PARTS, judged_questions, lasting_outputs, opened, snapshot, write_project
from stand_in_models import BLIND, stand_in_project, write_stand_in, write_stand_in_run

STAGES = ["sections", "split", "data", "run", "anomaly", "evaluation", "publish", "index"]
NEW_TEXT = "\n## Grease the swivel bolt\n\nTurn the swivel bolt until grease comes out at 7 points of the ring.\n"


def stages(events, kind):
    return [event.stage for event in events if isinstance(event, kind)]


def run(folder, **changes):
    events = []
    return run_flow(opened(folder, events, **changes)), events


def add_a_section(folder):
    path = folder / "docs" / "forklift" / "lift.md"
    path.write_text(path.read_text() + NEW_TEXT)


def test_flow_leaves_a_version_and_an_index(finished):
    result, _ = run(finished)
    assert result.version.folder == finished / "models" / "embedtune-v1.0"
    assert result.index == finished / ".embedtune" / "index" / "corpus"
    assert (result.run / "model" / "model.safetensors").is_file()
    assert (result.data / "pairs.jsonl").is_file()
    assert result.evaluation == finished / ".embedtune" / "evaluation" / "evaluation.json"
    assert set(result.record.details["systems"]) == {"base", "bm25", "hybrid:base", "tuned", "hybrid:tuned"}
    assert result.record.evaluation.n == 12
    assert {part.attribute for part in result.record.evaluation.systems[0].slices} >= {
        "domain",
        "difficulty",
        "category",
        "section_split",
    }


def test_index_answers_with_the_published_version(finished):
    project = opened(finished)
    index = OpenedIndex(project)
    hits = index.search("bleed the brake caliper", limit=1)
    index.close()
    assert index.degraded == ""
    assert index.description.version == "embedtune-v1.0"
    assert index.description.model_digest == project.models.named("v1.0").digest
    assert hits[0].heading_path == ("Bleed the brake caliper",)


def test_version_is_described_and_verified(finished):
    project = opened(finished)
    version = project.registry.find("v1.0")
    assert project.registry.verify(version) == ()
    card = read_card(version)
    assert card.base_model == "base"
    assert card.published_without_gain == "a model of random weights proves nothing"
    assert card.questions == 12
    assert card.total_params > card.trainable_params > 0
    for digest in ("base_model_hash", "training_corpus_hash", "training_pairs_hash", "weights_hash", "config_hash"):
        assert getattr(card, digest).startswith("sha256:"), digest
    assert {"anomaly/detector.json", "training.log", "evaluation.json"} <= {e.path for e in version.manifest.files}


def test_published_folder_is_a_plain_sentence_transformer(finished):
    from sentence_transformers import SentenceTransformer

    folder = finished / "models" / "embedtune-v1.0" / "model"
    texts = ["bleed the brakes", "drain the oil"]
    vectors = SentenceTransformer(str(folder), device="cpu").encode(texts, normalize_embeddings=True)
    served = opened(finished).models.named("v1.0").encode(texts)
    assert vectors == pytest.approx(served, abs=1e-5)


def test_second_run_does_nothing(finished_copy):
    run(finished_copy)
    before = snapshot(finished_copy)
    _, events = run(finished_copy)
    assert all(isinstance(event, StageSkipped) for event in events)
    assert stages(events, StageSkipped) == STAGES
    assert snapshot(finished_copy) == before


@pytest.mark.parametrize(
    ("lost", "again"),
    [
        ("sections", ["sections"]),
        ("split", ["split"]),
        ("data", ["data"]),
        ("anomaly", ["anomaly"]),
        ("evaluation", ["evaluation"]),
        ("index", ["index"]),
    ],
)
def test_lost_output_is_made_again_and_nothing_else(finished_copy, lost, again):
    run(finished_copy)
    before = lasting_outputs(finished_copy)
    shutil.rmtree(finished_copy / ".embedtune" / lost)
    _, events = run(finished_copy)
    assert stages(events, StageStarted) == stages(events, StageFinished) == again
    assert stages(events, StageSkipped) == [stage for stage in STAGES if stage not in again]
    assert lasting_outputs(finished_copy) == before


def test_lost_model_is_trained_again_to_the_same(finished_copy):
    before = lasting_outputs(finished_copy)
    shutil.rmtree(finished_copy / ".embedtune" / "run")
    _, events = run(finished_copy)
    assert stages(events, StageStarted) == ["run"]
    assert lasting_outputs(finished_copy) == before


def test_setting_of_one_stage_runs_what_follows_from_it(finished_copy):
    _, events = run(finished_copy, anomaly__alpha=0.1, publish__version="v1.1")
    assert stages(events, StageStarted) == ["anomaly", "publish", "index"]
    _, events = run(finished_copy, training__epochs=2, publish__version="v1.2")
    assert stages(events, StageStarted) == ["run", "anomaly", "evaluation", "publish", "index"]


def test_changed_document_with_the_old_version_number_is_refused_early(finished_copy):
    add_a_section(finished_copy)
    before = snapshot(finished_copy)
    events = []
    with pytest.raises(VersionExistsError, match=r"embedtune-v1\.0 exists already .* other documents or settings"):
        run_flow(opened(finished_copy, events))
    assert events == []
    assert snapshot(finished_copy) == before


@pytest.mark.parametrize("change", [{"training__learning_rate": 0.01}, {"project__seed": 6}, {"training__epochs": 2}])
def test_changed_setting_with_the_old_version_number_is_refused_early(finished_copy, change):
    with pytest.raises(VersionExistsError, match="other documents or settings"):
        run(finished_copy, **change)


def test_changed_questions_with_the_old_version_number_are_refused_early(finished_copy):
    cases = json.loads((finished_copy / "suite.json").read_text())
    (finished_copy / "suite.json").write_text(json.dumps(cases[1:]))
    with pytest.raises(VersionExistsError):
        run(finished_copy)


def test_changed_document_with_a_new_version_number_is_published(finished_copy):
    add_a_section(finished_copy)
    result, events = run(finished_copy, publish__version="v1.1")
    assert stages(events, StageStarted) == STAGES
    assert result.version.label == "embedtune-v1.1"
    store = FolderStore(result.index)
    assert store.records(store.pointer().current).describe().section_count == 25
    # the first version is whole and can still be run for, as long as its documents are there
    path = finished_copy / "docs" / "forklift" / "lift.md"
    path.write_text(path.read_text().removesuffix(NEW_TEXT))
    result, events = run(finished_copy)
    assert result.version.label == "embedtune-v1.0"
    assert "publish" in stages(events, StageSkipped)


def test_version_published_by_someone_else_is_refused_early(finished_copy):
    (finished_copy / ".embedtune" / "published.json").unlink()
    with pytest.raises(VersionExistsError):
        run(finished_copy)


def test_two_runs_from_scratch_are_the_same(finished, project_folder):
    _, events = run(project_folder)
    assert stages(events, StageStarted) == stages(events, StageFinished) == STAGES
    summaries = {event.stage: event.summary for event in events if isinstance(event, StageFinished)}
    assert summaries["sections"] == f"{2 * len(PARTS)} sections of 2 domain(s) in 2 documents"
    fresh, first = lasting_outputs(project_folder), lasting_outputs(finished)
    assert fresh.keys() == first.keys()
    assert {name for name in fresh if fresh[name] != first[name]} == set()
    assert any(name.endswith("model.safetensors") for name in fresh)


def test_without_gain_and_reason_nothing_is_published(finished_copy):
    with pytest.raises(GateError, match="Not published"):
        run(finished_copy, publish__force_without_gain="", publish__version="v2.0")
    assert [path.name for path in (finished_copy / "models").glob("[!.]*")] == ["embedtune-v1.0"]
    result, events = run(finished_copy, publish__force_without_gain="a reason", publish__version="v2.0")
    assert stages(events, StageStarted) == ["publish", "index"]
    assert read_card(result.version).published_without_gain == "a reason"


def test_generated_questions_serve_where_no_one_wrote_a_suite(finished_copy):
    result, events = run(finished_copy, project__test_suites=[], publish__version="v2.0")
    assert result.record.details["question_origin"] == "generated"
    assert result.record.details["questions"] == "held-out sections"
    assert "data" in stages(events, StageStarted)  # questions of the suite are no longer forbidden
    held_out = [
        json.loads(line)
        for line in (result.data / "pairs.jsonl").read_text().splitlines()
        if json.loads(line)["split"] == "test"
    ]
    assert result.record.evaluation.n == len(held_out)
    assert result.record.leakage["test_questions_trained_on"] == 0


def test_questions_of_the_suite_are_never_trained_on(finished):
    asked = {case["query"].lower() for case in json.loads((finished / "suite.json").read_text())}
    lines = (finished / ".embedtune" / "data" / "pairs.jsonl").read_text().splitlines()
    assert not asked & {json.loads(line)["query"].lower().rstrip("?") for line in lines}


NO_ONE_ASKED = {"project__test_suites": [], "publish__force_without_gain": ""}


def test_without_people_an_unclear_outcome_is_published_with_that_on_the_card(finished_copy):
    result, events = run(finished_copy, **NO_ONE_ASKED, publish__version="v2.0")
    reason = read_card(result.version).published_without_gain
    assert reason.startswith("There were no questions from people")
    alerts = [event.message for event in events if isinstance(event, Alert)]
    assert alerts[-1] == f"{reason} Name a test suite in project.test_suites to find out."


@pytest.mark.parametrize(
    ("base", "tuned", "published"),
    [(BLIND, "good", False), ("good", BLIND, False), (BLIND, BLIND, True)],
    ids=["better", "worse", "unclear"],
)
def test_clear_outcome_is_left_to_the_gates(tmp_path, finished, base, tuned, published):
    write_stand_in(tmp_path / "base", base)
    run_folder = write_stand_in_run(tmp_path / "run", tuned)
    project = stand_in_project(tmp_path, evaluation__bootstrap_samples=100)
    sections = read_folder(finished / "docs", CorpusSettings()).sections
    questions = QuestionSet("held-out sections", sections, judged_questions(sections, "t", 1))
    record = read_record(evaluation_stage(project, questions, run_folder, ()))
    assert bool(_unproven(project, record, None)) is published
    assert _unproven(project, record, questions) == ""


def test_corpus_too_small_to_measure_is_published_with_that_on_the_card(tmp_path, tiny_model):
    folder = write_project(tmp_path / "project", tiny_model)
    (folder / "docs" / "tractor" / "field.txt").unlink()
    path = folder / "docs" / "forklift" / "lift.md"
    path.write_text("## ".join(path.read_text().split("## ")[:3]))
    result, events = run(folder, **NO_ONE_ASKED)
    alerts = [event.message for event in events if isinstance(event, Alert)]
    assert any("too small to hold sections out" in message for message in alerts)
    assert any(message.startswith("No anomaly detector") for message in alerts)
    assert (result.record, result.evaluation) == (None, None)
    card = read_card(result.version)
    assert (card.question_origin, card.recall_at_5_finetuned) == ("none", None)
    assert "too small to hold sections out" in card.published_without_gain
    _, events = run(folder, **NO_ONE_ASKED)
    assert stages(events, StageStarted) == []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: shutil.rmtree(folder / "docs"), "docs does not exist"),
        (lambda folder: (folder / "suite.json").unlink(), r"suite\.json"),
        (lambda folder: (folder / "suite.json").write_text("["), r"suite\.json"),
        (lambda folder: shutil.rmtree(folder / "base"), "base is not on this machine"),
    ],
)
def test_bad_input_is_found_before_any_work(project_folder, spoil, message):
    spoil(project_folder)
    events = []
    with pytest.raises(InputError, match=message):
        run_flow(opened(project_folder, events))
    assert events == []
    assert not (project_folder / ".embedtune").exists()
    assert not (project_folder / "models").exists()
