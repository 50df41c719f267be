"""`EmbeddingEvaluator` does what ``embedtune evaluate`` does."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from embedtune import EmbeddingEvaluator
from embedtune.errors import InputError
from embedtune.evaluation.result import read_record
from embedtune.pipeline.project import open_project


@pytest.fixture
def evaluator(done):
    config = open_project(done / "embedtune.toml").config
    return EmbeddingEvaluator(
        ("base", ".embedtune/run"), config, trained_on=[".embedtune/data/pairs.jsonl"], robustness=True, max_queries=11
    )


def test_it_writes_result_and_page_and_shows_them_again(evaluator, done):
    record = evaluator.evaluate_suite("suite.json", "docs", output="out/result.json", page="out/page.html")
    assert record.evaluation.n == 11
    assert record.leakage["test_questions_trained_on"] == 0
    assert record.robustness.system("base").total > 0
    assert read_record(done / "out" / "result.json").gates == record.gates
    page = (done / "out" / "page.html").read_text(encoding="utf-8")
    assert len(page) < 3_000_000

    evaluator.page_from_suite("out/result.json", "out/again.html", "suite.json", "docs")
    assert (done / "out" / "again.html").read_text(encoding="utf-8") == page
    evaluator.page_from("out/result.json", "out/ids.html")
    left_out = "were left out of this file"
    assert left_out not in page
    assert left_out in (done / "out" / "ids.html").read_text(encoding="utf-8")


def test_it_refuses_pairs_of_another_training(evaluator, done):
    (done / "other.jsonl").write_text(json.dumps({"query": "how", "positive": "so"}))
    with pytest.raises(InputError, match=r"\.embedtune/run was not trained on other\.jsonl"):
        replace(evaluator, trained_on=["other.jsonl"]).evaluate_suite("suite.json", "docs")


def test_it_shows_a_saved_evaluation_of_a_beir_folder(done):
    beir = done / "tv"
    (beir / "qrels").mkdir(parents=True)
    (beir / "corpus.jsonl").write_text('{"_id": "d", "title": "t", "text": "the horn"}\n')
    (beir / "queries.jsonl").write_text('{"_id": "q", "text": "horn"}\n')
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td\t1\n")
    config = open_project(done / "embedtune.toml").config
    lexical = EmbeddingEvaluator(("bm25",), config)
    lexical.evaluate_beir(beir, output="out/result.json")
    lexical.page_from_beir("out/result.json", "out/page.html", beir)
    assert "nothing to compare it with" in (done / "out" / "page.html").read_text(encoding="utf-8")
