"""What a report is gathered from, and the file that is written."""

from __future__ import annotations

import json

import pytest

from embedtune.errors import InputError
from embedtune.pipeline.evaluation import evaluate
from embedtune.pipeline.questions import suite_over_folder
from embedtune.pipeline.report_lineage import read_log
from embedtune.pipeline.reporting import headline, judgements, report_content, write_report
from embedtune.pipeline.systems import SystemSpec
from embedtune.vocabulary.retrieval import Mode
from project_samples import QUESTIONS, opened


@pytest.fixture(scope="module")
def evaluated(finished):
    """The evaluation of the finished project's run, with what it was made from."""
    project = opened(finished)
    questions = suite_over_folder((finished / "suite.json",), finished / "docs", {}, project.report)
    run = str(finished / ".embedtune" / "run")
    specs = [
        SystemSpec.parse("base"),
        SystemSpec("tuned", run, Mode.DENSE),
        SystemSpec("hybrid:tuned", run, Mode.HYBRID),
    ]
    return project, evaluate(project, questions, specs, command="embedtune evaluate"), questions, specs


def test_a_run_brings_its_training_its_data_and_its_lineage(evaluated):
    content = report_content(*evaluated)
    assert content.asked == QUESTIONS
    assert content.headline == ("base", "tuned")
    assert [log.system for log in content.trainings] == ["tuned"]
    assert content.trainings[0].lines["mrr"]
    assert any(table.title == "Pairs by domain" for table in content.statistics)
    facts = {fact.name: fact.value for fact in content.lineage}
    assert facts["tuned: model"] == facts["hybrid:tuned: model"] != facts["base: model"]
    assert facts["base: model"] in facts["tuned: base model"]
    assert facts["tuned: training pairs"].startswith("sha256:")
    assert content.reproduction.command == "embedtune evaluate"
    assert {"seed", "settings", "embedtune", "libraries", "machine"} <= {f.name for f in content.reproduction.facts}
    assert all(row.metrics["mrr"].low is not None for row in content.systems)


def test_a_version_brings_its_training_and_its_data(evaluated):
    project, record, questions, specs = evaluated
    named = [specs[0], SystemSpec("tuned", "v1.0", Mode.DENSE)]
    content = report_content(project, record, questions, named)
    assert [log.system for log in content.trainings] == ["tuned"]
    assert content.statistics == report_content(*evaluated).statistics != ()


def test_a_base_alone_brings_neither(evaluated):
    project, record, questions, specs = evaluated
    content = report_content(project, record, questions, specs[:1])
    assert (content.trainings, content.statistics, content.headline) == ((), (), None)


def test_a_report_is_one_whole_file(evaluated, tmp_path):
    content = report_content(*evaluated, with_texts=False)
    write_report(content, tmp_path / "deep" / "report.html")
    assert (tmp_path / "deep" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(content, tmp_path / "deep" / "report.html" / "below.html")


def test_judgements_are_those_that_were_scored_by(evaluated):
    _, record, questions, _ = evaluated
    assert judgements(record, questions).digest == record.evaluation.qrels_digest


@pytest.mark.parametrize(
    ("names", "pair"),
    [
        (["base"], None),
        (["runs/a", "runs/b"], None),
        (["base", "bm25"], ("base", "bm25")),
        (["base", "bm25", "hybrid:base"], ("base", "hybrid:base")),
        (["base", "bm25", "hybrid:base", "hybrid:runs/a"], ("base", "hybrid:runs/a")),
        (["hybrid:runs/a", "runs/a", "base", "bm25"], ("base", "runs/a")),
        (["bm25", "runs/a"], ("bm25", "runs/a")),
    ],
)
def test_the_headline_is_what_one_wants_to_know_first(names, pair):
    assert headline([SystemSpec.parse(name) for name in names]) == pair


def test_a_log_is_read_past_what_is_broken(tmp_path):
    rows = [
        {"step": 0, "mrr": 0.2, "recall@5": 0.3},
        {"step": 10, "loss": 1.5},
        {"step": 20, "loss": "low"},
        {"loss": 3.0},
        {"step": 30, "loss": True},
        {"step": 40, "mrr": 0.9, "base_share": 0.5},
    ]
    lines = [json.dumps(row) for row in rows] + ["[1]", '{"step": 50, "loss": NaN}', '{"step": 60, "lo']
    path = tmp_path / "metrics.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert read_log(path) == {"loss": ((10.0, 1.5),), "mrr": ((0.0, 0.2),), "recall@5": ((0.0, 0.3),)}


def test_a_long_log_is_thinned_and_keeps_its_ends(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("\n".join(json.dumps({"step": n, "loss": n / 2}) for n in range(5000)), encoding="utf-8")
    points = read_log(path)["loss"]
    assert len(points) == 400
    assert (points[0], points[-1]) == ((0.0, 0.0), (4999.0, 2499.5))
    assert [step for step, _ in points] == sorted({step for step, _ in points})
