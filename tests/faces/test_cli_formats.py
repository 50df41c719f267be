"""Every format of test suite and its selection, as a user of the command line meets them."""

from __future__ import annotations

import csv
import json

import pytest

from embedtune.pairs.formats.test_suite import read_test_suite, write_test_suite
from project_samples import QUESTIONS


@pytest.fixture
def evaluate(embedtune, project):
    """Runs ``evaluate`` with BM25 alone over the project's documents."""

    def command(suite, *options):
        return embedtune("evaluate", "--test-suite", suite, "--corpus", "docs", "--system", "bm25", *options)

    return command


@pytest.mark.parametrize("ending", ["json", "jsonl", "csv", "tsv", "parquet"])
def test_a_suite_says_the_same_in_every_format(evaluate, project, ending):
    expected = evaluate("suite.json", "--json").json["systems"]
    write_test_suite(project / f"mine.{ending}", read_test_suite(project / "suite.json"))
    assert evaluate(f"mine.{ending}", "--json").json["systems"] == expected


@pytest.mark.parametrize(
    ("options", "count", "note"),
    [
        (["--min-difficulty", "medium"], 8, "4 of difficulty easy"),
        (["--min-difficulty", "hard"], 4, "4 of difficulty easy, 4 of difficulty medium"),
        (["--skip-category", "symptom"], 6, "6 of category symptom"),
        (["--min-difficulty", "hard", "--skip-category", "Procedure"], 2, "6 of category procedure"),
    ],
)
def test_questions_are_left_out_as_asked(evaluate, options, count, note):
    answer = evaluate("suite.json", *options)
    assert answer.code == 0
    assert note in answer.err
    assert evaluate("suite.json", *options, "--json").json["metadata"]["queries"] == count


def test_a_beir_folder_is_selected_from_too(embedtune, tmp_path, project):
    beir = tmp_path / "beir"
    (beir / "qrels").mkdir(parents=True)
    (beir / "corpus.jsonl").write_text(json.dumps({"_id": "d", "text": "grease the winch drum"}) + "\n")
    levels = {"q1": "easy", "q2": "hard"}
    rows = [{"_id": name, "text": "winch", "metadata": {"difficulty": level}} for name, level in levels.items()]
    (beir / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (beir / "qrels" / "test.tsv").write_text("q1\td\t1\nq2\td\t1\n")
    answer = embedtune("evaluate", "--beir", beir, "--system", "bm25", "--min-difficulty", "hard", "--json")
    assert answer.json["metadata"]["queries"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--skip-category", "colour"], "No question has the category 'colour'"),
        (["--skip-category", "symptom", "--skip-category", "procedure"], "No question is left"),
        (["--min-difficulty", "tricky"], "tricky"),
    ],
)
def test_a_selection_that_cannot_be(evaluate, options, said):
    answer = evaluate("suite.json", *options)
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_malformed_cases_stop_or_are_counted(evaluate, project, ending):
    path = project / f"mine.{ending}"
    write_test_suite(path, read_test_suite(project / "suite.json"))
    with path.open("a", encoding="utf-8") as stream:
        stream.write("broken\n")
    answer = evaluate(path.name, "-o", "out/result.json")
    line = QUESTIONS + (2 if ending == "csv" else 1)
    assert answer.code == 2
    assert f"mine.{ending}, line {line}: " in answer.err
    assert "broken" in answer.err
    assert not (project / "out").exists()
    answer = evaluate(path.name, "--skip-bad-lines")
    assert answer.code == 0
    assert f"1 malformed case(s) skipped; number {line}" in answer.err


def test_names_of_its_own_in_a_table(evaluate, project):
    with (project / "mine.csv").open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["Q", "A"])
        cases = read_test_suite(project / "suite.json").cases
        writer.writerows([case.query.text, json.dumps(case.fields["expected"])] for case in cases)
    answer = evaluate("mine.csv", "--map", "query=Q", "--map", "expected=A", "--json")
    assert answer.json["metadata"]["queries"] == QUESTIONS
