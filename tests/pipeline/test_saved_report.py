"""A saved evaluation is shown as it was shown when it was made."""

from __future__ import annotations

import json
import shutil

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import InputError
from embedtune.pipeline.evaluation_command import EvaluationRequest, report_saved, run_evaluation
from embedtune.pipeline.questions import JudgedQueries, QuestionSet, with_test_questions
from embedtune.pipeline.saved_report import read_saved, saved_content
from embedtune.pipeline.systems import SystemSpec
from project_samples import judged_questions, write_corpus
from stand_in_models import stand_in_project, write_stand_in_run

QUICK = {"evaluation__bootstrap_samples": 100, "retrieval__passage_words": [8], "retrieval__dense_weights": [0.5]}


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    sections = read_folder(write_corpus(tmp_path_factory.mktemp("corpus") / "docs"), CorpusSettings()).sections
    return QuestionSet("mine", sections, judged_questions(sections, "t", 1))


@pytest.fixture(scope="module")
def made(questions, tmp_path_factory):
    """A project, the folder of a result with its rankings, and what the report said at once."""
    place = tmp_path_factory.mktemp("project")
    run = write_stand_in_run(place / "run", "good")
    (run / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n')
    project = stand_in_project(place, **QUICK)
    request = EvaluationRequest(
        systems=tuple(SystemSpec.parse(name) for name in ("base", "bm25", str(run), f"hybrid:{run}")),
        robustness=True,
        max_queries=20,
        output=place / "out" / "result.json",
        page=place / "out" / "page.html",
        command="embedtune evaluate --seed 42",
    )
    _, content = run_evaluation(project, questions, request)
    return project, place / "out", content


@pytest.fixture
def out(made, tmp_path):
    """A copy of the folder, to change."""
    return shutil.copytree(made[1], tmp_path / "out")


def test_with_its_questions_it_is_the_same_page(made, questions, tmp_path):
    project, folder, content = made
    assert saved_content(project, folder / "result.json", questions) == content
    report_saved(project, folder / "result.json", tmp_path / "again.html", questions)
    assert (tmp_path / "again.html").read_bytes() == (folder / "page.html").read_bytes()


def test_without_them_it_shows_ids_and_the_same_figures(made):
    project, folder, content = made
    found = saved_content(project, folder / "result.json")
    assert not found.with_texts
    for part in ("verdict", "systems", "slices", "duels", "curves", "rank_changes", "trainings", "robustness"):
        assert getattr(found, part) == getattr(content, part), part
    assert (found.lineage, found.reproduction) == (content.lineage, content.reproduction)
    assert [moved.query_id for moved in found.improved] == [moved.query_id for moved in content.improved]
    assert not any(moved.text or moved.labels for moved in found.improved)
    assert all(shown.heading == "" for moved in found.improved for shown in moved.right)


def test_texts_can_be_left_out_though_they_are_given(made, questions):
    project, folder, _ = made
    found = saved_content(project, folder / "result.json", questions, with_texts=False)
    assert not any(moved.text for moved in found.improved)


def test_it_says_that_the_questions_are_a_sample(made):
    assert ", drawn from 24 with seed 42" in made[2].verdict.basis


def test_a_model_that_was_trained_again_since_lends_no_curve(made, out, tmp_path):
    project, _, content = made
    assert content.trainings
    document = json.loads((out / "result.json").read_text())
    for row in document["metadata"]["details"]["systems"].values():
        row["model"] = "sha256:" + "0" * 64 if row["mode"] != "bm25" else ""
    (out / "result.json").write_text(json.dumps(document))
    assert saved_content(project, out / "result.json").trainings == ()


@pytest.mark.parametrize("lost", ["runs", "runs/qrels.tsv", "runs/bm25.run"])
def test_rankings_must_be_there(made, out, lost):
    gone = out / lost
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with pytest.raises(InputError, match=r"missing|cannot be read") as caught:
        read_saved(out / "result.json")
    assert caught.value.remedy


def test_rankings_of_another_evaluation_are_refused(made, out):
    lines = (out / "runs" / "bm25.run").read_text().splitlines()
    (out / "runs" / "bm25.run").write_text("\n".join(lines[: len(lines) // 2]))
    with pytest.raises(InputError, match=r"are not those of result\.json: ndcg@10 of bm25"):
        read_saved(out / "result.json")


def test_other_questions_or_documents_are_refused(made, questions):
    project, folder, _ = made
    fewer = with_test_questions(questions, questions.test.queries[:5], "few")
    with pytest.raises(InputError, match="asked other questions"):
        saved_content(project, folder / "result.json", fewer)
    swapped = dict(zip(questions.test.qrels.query_ids, reversed(questions.test.qrels.query_ids), strict=True))
    grades = {query: questions.test.qrels.grades(other) for query, other in swapped.items()}
    judged = JudgedQueries(questions.test.queries, type(questions.test.qrels)(grades))
    with pytest.raises(InputError, match="judged them otherwise"):
        saved_content(project, folder / "result.json", QuestionSet("mine", questions.sections, judged))
    with pytest.raises(InputError, match="another corpus"):
        saved_content(project, folder / "result.json", QuestionSet("mine", questions.sections[1:], questions.test))
