from __future__ import annotations

import shlex

import pytest

ASKED = ("evaluate", "--test-suite", "suite.json", "--corpus", "docs", "--system", "base", "--system", "bm25")


@pytest.fixture
def reported(embedtune, project):
    """Runs ``evaluate --report`` and returns the answer with the page."""

    def command(*options):
        answer = embedtune(*ASKED, "--report", "out/report.html", *options)
        assert answer.code == 0, answer.err
        return answer, (project / "out" / "report.html").read_text(encoding="utf-8")

    return command


def test_a_report_is_written_beside_the_tables(reported):
    answer, page = reported()
    assert "nDCG@10" in answer.out
    assert page.startswith("<!doctype html>")
    assert "what about" in page


def test_json_says_what_the_page_says(reported):
    answer, page = reported("--json")
    content = answer.json["report"]
    assert set(answer.json) >= {"systems", "comparisons", "report"}
    assert content["headline"] == ["base", "bm25"]
    assert content["verdict"]["headline"] in page
    assert [row["name"] for row in content["systems"]] == ["base", "bm25"]


def test_texts_can_be_left_out(reported):
    answer, page = reported("--json", "--no-texts")
    assert "what about" not in page + answer.out
    assert answer.json["report"]["with_texts"] is False


def test_the_command_in_it_makes_it_again(reported, embedtune, project):
    answer, page = reported("--json", "-o", "out/result.json", "--map", "query=query")
    command = shlex.split(answer.json["report"]["reproduction"]["command"])
    assert command[0] == "embedtune"
    assert command[-2:] == ["--seed", "5"]
    assert not {"--json", "--report", "--output"} & {*command}  # the same figures, wherever they go
    again = embedtune(*command[1:], "--json", "--report", "out/report.html")
    assert again.json["systems"] == answer.json["systems"]
    assert again.json["comparisons"] == answer.json["comparisons"]
    fresh = (project / "out" / "report.html").read_text(encoding="utf-8")
    assert again.json["report"]["verdict"] == answer.json["report"]["verdict"]
    assert len(fresh) == pytest.approx(len(page), abs=200)  # but for the date and the command's seed
    assert again.json["metadata"]["details"]["command"] == shlex.join(command)


def test_without_the_option_there_is_no_report(embedtune, project):
    assert "report" not in embedtune(*ASKED, "--json").json
    assert not (project / "out").exists()
