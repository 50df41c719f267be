"""``evaluate`` with the pairs that were trained on, and its result shown again."""

from __future__ import annotations

import json

import pytest

SUITE = ("--test-suite", "suite.json", "--corpus", "docs")
RUN = ".embedtune/run"
RESULT = ".embedtune/evaluation/evaluation.json"
SYSTEMS = ("--system", "base", "--system", RUN)


def test_leaks_are_looked_for_in_the_run_s_own_pairs(embedtune, done):
    answer = embedtune("evaluate", *SUITE, *SYSTEMS, "--trained-on", ".embedtune/data/pairs.jsonl", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["leakage"]["test_questions_trained_on"] == 0


def test_other_pairs_are_refused_before_anything_is_encoded(embedtune, done):
    (done / "other.jsonl").write_text(json.dumps({"query": "how", "positive": "so"}))
    answer = embedtune("evaluate", *SUITE, *SYSTEMS, "--trained-on", "other.jsonl", "-o", "out/result.json")
    assert answer.code == 2
    assert f"{RUN} was not trained on other.jsonl" in answer.err
    assert not (done / "out").exists()


def test_a_saved_result_is_shown_again(embedtune, done):
    answer = embedtune("evaluate", "--from", RESULT, "--report", "page.html", "--json")
    assert answer.code == 0, answer.err
    content = answer.json["report"]
    page = (done / "page.html").read_text(encoding="utf-8")
    assert content["verdict"]["headline"] in page
    assert content["headline"] == ["base", "tuned"]
    assert [log["system"] for log in content["trainings"]] == ["tuned"]
    assert content["reproduction"]["command"] == "embedtune run"
    assert "were left out of this file" in page

    answer = embedtune("evaluate", "--from", RESULT, *SUITE, "--report", "full.html")
    assert answer.code == 0, answer.err
    assert answer.out == f"{content['verdict']['headline']}\nfull.html\n"
    assert "were left out of this file" not in (done / "full.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", RESULT], "--from needs --report"),
        (["--from", RESULT, "--report", "p.html", "--system", "base"], "--system is for an evaluation"),
        (["--from", RESULT, "--report", "p.html", "-o", "r.json"], "-o is for an evaluation"),
        (["--from", "nowhere.json", "--report", "p.html"], "nowhere.json does not exist"),
        (["--from", "suite.json", "--report", "p.html"], "suite.json: the file is not an object"),
        (["--from", "models/embedtune-v1.0/evaluation.json", "--report", "p.html"], "qrels.tsv is missing"),
    ],
)
def test_what_cannot_be_shown(embedtune, done, options, words):
    answer = embedtune("evaluate", *options)
    assert answer.code == 2
    assert words in answer.err
    assert not (done / "p.html").exists()


def test_the_tables_say_how_small_a_difference_could_be_seen(embedtune, done):
    answer = embedtune("evaluate", *SUITE)
    assert "With 12 questions like these a true difference in nDCG@10 of 0." in answer.out
    assert "found four times in five; a smaller one may be missed." in answer.out
