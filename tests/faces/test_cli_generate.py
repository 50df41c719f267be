"""`generate`: every option reaches the pairs, and what cannot be is said and writes nothing."""

from __future__ import annotations

import csv
import json

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.pairs.formats.pairs_file import read_pairs_file
from embedtune.wording.near_equal import near_equal_questions
from llm_server import LlmServer, completion
from project_samples import DOMAINS, QUESTIONS, body, headings, snapshot, suite_cases

LEAK = "from people: equal or near-equal to a held-out question"


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_lines(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def generated(embedtune, project):
    """Runs ``generate`` over the project's documents; returns the rows of its output and what it told."""

    def command(*options, corpus="docs", output="out/pairs.jsonl"):
        documents = (corpus,) if corpus else ()
        answer = embedtune("generate", *documents, "-o", output, "--json", *options)
        assert answer.code == 0, answer.err
        assert answer.json["output"] == output
        assert answer.json["stats"] == json.loads((project / output).with_name("stats.json").read_text())
        assert answer.json["stats"]["total_pairs"] == answer.json["pairs"]
        return rows(project / output) if output.endswith(".jsonl") else [], answer

    return command


@pytest.fixture
def refused(embedtune, project):
    """Runs ``generate`` with what it must refuse; returns what was said."""

    def command(*arguments):
        before = snapshot(project)
        answer = embedtune("generate", *arguments)
        told = embedtune("generate", *arguments, "--json")
        assert (answer.code, told.code) == (2, 2), answer.err
        assert answer.out == ""
        assert told.json["exit_code"] == 2
        assert told.json["remedy"]
        assert snapshot(project) == before
        return " ".join(answer.err.split())

    return command


@pytest.fixture
def asked(project):
    """A question for every section, with a sentence of it as the answer."""
    named = [(domain, heading) for domain in DOMAINS for heading in headings(domain)]
    lines = [
        {
            "query": f"alpha{n} beta{n} gamma{n}",
            "expected": body(*name).split(". ")[3],
            "difficulty": ("easy", "medium", "hard")[n % 3],
            "category": ("symptom", "how-to")[n % 2],
        }
        for n, name in enumerate(named)
    ]
    return write_lines(project / "asked.jsonl", lines)


def human(lines):
    return [line for line in lines if line["origin"] == "human"]


def test_a_line_for_people(embedtune, project):
    answer = embedtune("generate", "docs", "-o", "pairs.jsonl")
    assert answer.code == 0
    assert answer.out == f"{len(rows(project / 'pairs.jsonl'))} pairs from 24 sections in pairs.jsonl\n"


@pytest.mark.parametrize(
    ("writers", "origins"),
    [
        ("template", {"template"}),
        (" extractive , template", {"template", "extractive"}),
        ("keyphrase", {"extractive"}),
    ],
)
def test_queries(generated, writers, origins):
    made, _ = generated("--queries", writers)
    assert {row["origin"] for row in made} == origins


def test_key_phrases_are_words_of_their_section(generated, project):
    made, _ = generated("--queries", "keyphrase")
    bodies = {section.id: section.text.lower() for section in read_folder(project / "docs", CorpusSettings()).sections}
    assert len(made) > len(bodies) / 2
    for row in made:
        assert all(word.lower() in bodies[row["section_id"]] for word in row["query"].split())


def test_pairs_per_domain_and_hard_negatives(generated):
    everything, _ = generated()
    some, answer = generated("--pairs-per-domain", 15, "--include-hard-negatives")
    train = [row["domain"] for row in some if row["split"] == "train"]
    assert {domain: train.count(domain) for domain in train} == dict.fromkeys(DOMAINS, 15)
    assert answer.json["stats"]["rejected"]["more than pairs_per_domain"]["count"] == len(everything) - len(some)
    assert answer.json["stats"]["negatives"] == sum(row["hard_negative"] for row in some) > 0
    assert not any(row["hard_negative"] for row in everything)


def test_seed_and_config(generated, project):
    first, _ = generated("--seed", 1)
    assert generated("--seed", 1)[0] == first != generated("--seed", 2)[0]
    (project / "other.toml").write_text('[questions]\nwriters = ["template"]\ntemplates_per_section = 1\n')
    made, _ = generated("--config", "other.toml")
    assert len(made) <= 24
    assert {row["origin"] for row in made} == {"template"}


def test_quiet(embedtune, project):
    answer = embedtune("generate", "docs", "-o", "pairs.jsonl", "--quiet")
    assert (answer.code, answer.err) == (0, "")


def test_test_suites(generated, project):
    first, _ = generated()
    suite = [{"Q": row["query"].upper(), "expected": "x"} for row in first[::5]]
    (project / "mine.json").write_text(json.dumps(suite))
    made, answer = generated("--test-suite", "mine.json", "--map", "query=Q")
    assert near_equal_questions([row["query"] for row in made], [case["Q"] for case in suite], 0.7) == []
    assert answer.json["stats"]["rejected"]["leak"]["count"] >= len(suite)
    (project / "mine.json").write_text(json.dumps([{"query": case["Q"], "expected": "x"} for case in suite]))
    assert generated("--test-suite", "mine.json")[0] == made
    both, _ = generated("--test-suite", "mine.json", "--test-suite", "suite.json")
    tested = [*(case["query"] for case in suite_cases()), *(case["Q"] for case in suite)]
    assert near_equal_questions([row["query"] for row in both], tested, 0.7) == []
    assert near_equal_questions([row["query"] for row in made], tested, 0.7) != []


def test_questions_from_people(generated, asked):
    made, answer = generated("--questions", "asked.jsonl", "--questions", "suite.json")
    by_people = human(made)
    assert made[: len(by_people)] == by_people
    assert {row["split"] for row in by_people} == {"train", "dev"}
    assert {row["query"].split()[0][:5] for row in by_people} == {"alpha", "what"}
    assert answer.json["stats"]["by_origin"]["human"] == len(by_people)


def test_what_became_of_peoples_questions_is_told(embedtune, asked):
    answer = embedtune("generate", "docs", "-o", "pairs.jsonl", "--questions", "asked.jsonl")
    assert "24 questions from people: " in answer.err


def test_questions_are_selected(generated, asked):
    made, answer = generated(
        "--questions", "asked.jsonl", "--min-difficulty", "medium", "--skip-category", "Symptom", "--skip-category", "x"
    )
    assert {(row["difficulty"], row["category"]) for row in human(made)} == {
        ("medium", "how-to"),
        ("hard", "how-to"),
    }
    rejected = answer.json["stats"]["rejected"]
    assert rejected["from people: category symptom"]["count"] == 12
    assert rejected["from people: difficulty easy"]["count"] == 4


def test_questions_of_a_suite_are_not_trained_on(generated, asked):
    made, answer = generated("--questions", "asked.jsonl", "--test-suite", "asked.jsonl")
    assert human(made) == []
    assert answer.json["stats"]["rejected"][LEAK]["count"] > QUESTIONS


@pytest.fixture
def beir(project):
    folder = project / "beir"
    (folder / "qrels").mkdir(parents=True)
    documents = [
        {"_id": f"d{n}", "title": heading, "text": body("tractor", heading)}
        for n, heading in enumerate(headings("tractor"))
    ]
    write_lines(folder / "corpus.jsonl", documents)
    queries = [{"_id": f"q{n}", "text": f"alpha{n} beta{n} gamma{n}"} for n in range(12)]
    write_lines(folder / "queries.jsonl", queries)
    for part, numbers in (("train", range(6)), ("test", range(6, 12))):
        lines = [f"q{n}\td{n}\t1\n" for n in numbers]
        (folder / "qrels" / f"{part}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
    return folder


def test_a_beir_folder(generated, beir):
    made, _ = generated("--beir", "beir", corpus=None)
    assert {row["section_id"] for row in made} == {f"d{n}" for n in range(12)}
    assert human(made) == []
    made, _ = generated("--beir", "beir", "--questions", "beir", corpus=None)
    assert {row["query_id"] for row in human(made)} <= {f"q{n}" for n in range(6)}
    assert human(made)


@pytest.mark.parametrize("ending", ["json", "csv", "tsv", "parquet"])
def test_output_formats(generated, project, ending):
    made, answer = generated("--include-hard-negatives")
    generated("--include-hard-negatives", output=f"table/pairs.{ending}")
    found = read_pairs_file(project / "table" / f"pairs.{ending}").items
    assert [pair.query.id for pair in found] == [row["query_id"] for row in made]
    assert [pair.positive for pair in found] == [row["positive"] for row in made]
    assert sum(len(pair.negatives) for pair in found) == answer.json["stats"]["negatives"] > 0


def test_a_table_opens_as_one(generated, project):
    generated(output="pairs.csv")
    with (project / "pairs.csv").open(newline="", encoding="utf-8-sig") as stream:
        table = list(csv.DictReader(stream))
    assert {"query", "positive", "domain", "section_id", "split"} <= set(table[0])
    assert all(row["query"] and row["positive"] for row in table)


def test_skip_bad_files(generated, refused, project):
    first, _ = generated()
    (project / "docs" / "tractor" / "photo.txt").write_bytes(b"\0\1\2")
    assert "photo.txt" in refused("docs", "-o", "new/pairs.jsonl")
    made, answer = generated("--skip-bad-files")
    assert made == first
    assert "photo.txt" in answer.err


@pytest.mark.parametrize("option", ["--questions", "--test-suite"])
def test_skip_bad_lines(generated, refused, asked, option):
    with asked.open("a") as stream:
        stream.write('{"query": "broken", ')
    said = refused("docs", "-o", "new/pairs.jsonl", option, "asked.jsonl")
    assert "asked.jsonl, line 25: " in said
    _, answer = generated(option, "asked.jsonl", "--skip-bad-lines")
    assert "1 malformed" in answer.err
    assert "number 25" in answer.err


def test_a_language_model(generated, project, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "the-secret")

    def script(request):
        words = request.text.split()[-5:]
        question = {"question": f"{' '.join(words)} {request.mark}", "answer_quote": " ".join(words), "kind": "natural"}
        return completion(json.dumps({"questions": [question]}))

    with LlmServer(script) as server:
        settings = f'[llm]\nmodel = "tiny"\nbase_url = "{server.url}"\n[filters]\nround_trip = "off"\n'
        (project / "llm.toml").write_text(settings)
        made, answer = generated("--config", "llm.toml", "--queries", "llm,template")
        again, _ = generated("--config", "llm.toml", "--queries", "llm,template")
    assert made == again
    assert {row["origin"] for row in made} == {"llm", "template"}
    assert sum(server.asked.values()) == 24
    assert all("secret" not in path.read_text("utf-8", "replace") for path in project.rglob("*.json*"))
    assert "secret" not in answer.err + answer.out


def test_a_language_model_that_fails(refused, project, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "the-secret")
    (project / "llm.toml").write_text('[llm]\nmodel = "tiny"\nbase_url = "ftp://here"\n')
    assert "llm.base_url" in refused("docs", "-o", "p.jsonl", "--queries", "llm", "--config", "llm.toml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "p.jsonl"], "Give the documents, or --beir DIR"),
        (["docs", "--beir", "docs", "-o", "p.jsonl"], "Give the documents, or --beir DIR"),
        (["docs"], "Missing option '-o'"),
        (["docs", "-o", "docs"], "is a directory"),
        (["docs", "-o", "stats.json"], "stats.json is where the statistics go"),
        (["nowhere", "-o", "p.jsonl"], "The corpus nowhere does not exist"),
        (["--beir", "nowhere", "-o", "p.jsonl"], "nowhere"),
        (["--beir", "docs", "-o", "p.jsonl"], "corpus.jsonl"),
        (["--beir", "suite.json", "-o", "p.jsonl"], "is a file"),
        (["docs", "-o", "p.jsonl", "--pairs-per-domain", "0"], "0 is not in the range"),
        (["docs", "-o", "p.jsonl", "--pairs-per-domain", "many"], "not a valid integer"),
        (["docs", "-o", "p.jsonl", "--queries", "people"], "`questions.writers.0` cannot be 'people'"),
        (["docs", "-o", "p.jsonl", "--queries", "template,"], "`questions.writers.1` cannot be ''"),
        (["docs", "-o", "p.jsonl", "--queries", ""], "`questions.writers.0` cannot be ''"),
        (["docs", "-o", "p.jsonl", "--queries", "llm"], "llm.model is empty"),
        (["docs", "-o", "p.jsonl", "--test-suite", "nowhere.json"], "nowhere.json"),
        (["docs", "-o", "p.jsonl", "--test-suite", "suite.json", "--map", "query=Q"], "suite.json"),
        (["docs", "-o", "p.jsonl", "--map", "query"], "--map 'query' is no pair"),
        (["docs", "-o", "p.jsonl", "--map", "=Q"], "--map '=Q' is no pair"),
        (["docs", "-o", "p.jsonl", "--questions", "nowhere.jsonl"], "nowhere.jsonl"),
        (["docs", "-o", "p.jsonl", "--questions", "docs"], "docs"),
        (["docs", "-o", "p.jsonl", "--questions", "embedtune.toml"], "embedtune.toml"),
        (
            ["docs", "-o", "p.jsonl", "--questions", "suite.json", "--min-difficulty", "tricky"],
            "'tricky' is not one of",
        ),
        (["docs", "-o", "p.jsonl", "--min-difficulty", "hard"], "choose among --questions, and none are given"),
        (["docs", "-o", "p.jsonl", "--skip-category", "symptom"], "choose among --questions, and none are given"),
        (["docs", "-o", "p.jsonl", "--seed", "-1"], "-1 is not in the range"),
        (["docs", "-o", "p.jsonl", "--config", "nowhere.toml"], "nowhere.toml"),
        (["docs", "-o", "p.jsonl", "more"], "unexpected extra argument"),
    ],
)
def test_what_cannot_be_generated_is_said_and_writes_nothing(refused, arguments, message):
    assert message in refused(*arguments)


def test_a_corpus_too_short_for_questions(refused, project):
    (project / "short").mkdir()
    (project / "short" / "a.md").write_text("# Note\n\nSee one.\n")
    assert "No question could be written for this corpus" in refused("short", "-o", "p.jsonl")


def test_filters_that_leave_nothing(refused, project):
    (project / "strict.toml").write_text("[filters]\nmin_words = 40\nmax_words = 41\n")
    said = refused("docs", "-o", "p.jsonl", "--config", "strict.toml")
    assert "the filters turned all away" in said
