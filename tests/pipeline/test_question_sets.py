from __future__ import annotations

import json

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import FormatError
from embedtune.events import Alert, silent
from embedtune.pairs.split import CorpusSplit
from embedtune.pipeline.questions import (
    JudgedQueries,
    QuestionSet,
    beir_questions,
    generated_questions,
    joined_suites,
    origins_of,
    read_suites,
    suite_over_folder,
    suite_questions,
    suite_texts,
)
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Provenance, Query, Split, TrainingPair
from project_samples import QUESTIONS, suite_cases, write_corpus


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "docs")


@pytest.fixture(scope="module")
def sections(docs):
    return read_folder(docs, CorpusSettings()).sections


@pytest.fixture
def suite(tmp_path):
    path = tmp_path / "suite.json"
    path.write_text(json.dumps(suite_cases()))
    return path


def write_beir(folder, splits):
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": f"d{number}", "title": "", "text": f"text {number}"} for number in range(4)]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    queries = [{"_id": f"q{number}", "text": f"question {number}"} for number in range(4)]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    for split, query in splits.items():
        judged = f"query-id\tcorpus-id\tscore\n{query}\td0\t2\n"
        (folder / "qrels" / f"{split}.tsv").write_text(judged)
    return folder


def test_beir_tunes_on_dev_and_reports_the_split(tmp_path):
    found = beir_questions(write_beir(tmp_path / "tv", {"train": "q0", "dev": "q1", "test": "q2"}), "test")
    assert found.name == "tv, test split"
    assert [query.id for query in found.test.queries] == ["q2"]
    assert found.test.qrels.grades("q2") == {"d0": 2}
    assert [query.id for query in found.dev.queries] == ["q1"]
    assert len(found.sections) == 4
    assert origins_of(found) == (Origin.HUMAN,)


def test_beir_never_tunes_on_what_it_reports(tmp_path):
    assert beir_questions(write_beir(tmp_path / "tv", {"dev": "q1", "test": "q2"}), "dev").dev is None


def test_beir_without_dev(tmp_path):
    assert beir_questions(write_beir(tmp_path / "tv", {"test": "q2"}), "test").dev is None


def test_beir_without_the_split(tmp_path):
    with pytest.raises(FormatError, match=r"no split 'test'.*Its splits are dev, train"):
        beir_questions(write_beir(tmp_path / "tv", {"dev": "q1", "train": "q2"}), "test")


def test_suite_over_a_corpus(suite, sections):
    told = []
    found = suite_questions(read_suites([suite]), sections, None, told.append)
    assert told == []
    assert len(found.test.queries) == len(found.test.qrels) == QUESTIONS
    by_id = {section.id: section for section in sections}
    expected = {case["id"]: case["expected"][0]["heading"] for case in suite_cases()}
    for query in found.test.queries:
        (answer,) = found.test.qrels.relevant(query.id)
        assert by_id[answer].heading.lower() == expected[query.id].lower()
    assert found.dev is None
    assert found.attributes == {}


def test_suite_over_a_folder_is_the_same(suite, docs, sections):
    found = suite_over_folder([suite], docs, {}, silent)
    assert found.test.digest == suite_questions(read_suites([suite]), sections, None, silent).test.digest
    assert found.sections == sections


def test_suite_with_names_of_its_own(tmp_path, docs):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps([{"Q": case["query"], "A": case["expected"]} for case in suite_cases()]))
    found = suite_over_folder([path], docs, {"query": "Q", "expected": "A"}, silent)
    assert len(found.test.queries) == QUESTIONS
    with pytest.raises(FormatError, match=r"mine\.json, case 1"):
        suite_over_folder([path], docs, {}, silent)


def test_split_of_the_answer_becomes_a_slice(suite, sections):
    parts = dict.fromkeys((section.id for section in sections), Split.TEST)
    parts[next(s.id for s in sections if s.heading == "Bleed the brake caliper")] = Split.TRAIN
    split = CorpusSplit({section.id: "all" for section in sections}, parts)
    found = suite_questions(read_suites([suite]), sections, split, silent)
    labels = found.attributes["section_split"]
    assert labels["forklift-0"] == "train"
    assert set(labels) == {query.id for query in found.test.queries}
    assert sorted(labels.values()) == ["test"] * (QUESTIONS - 1) + ["train"]
    assert found.groups == split.cluster_of


def test_question_without_an_answer_is_told_and_left_out(tmp_path, sections):
    cases = suite_cases()
    cases[3]["expected"] = [{"document": "forklift/lift.md", "heading": "Fly to the moon"}]
    path = tmp_path / "suite.json"
    path.write_text(json.dumps(cases))
    told = []
    found = suite_questions(read_suites([path]), sections, None, told.append)
    assert cases[3]["id"] not in {query.id for query in found.test.queries}
    assert len(found.test.queries) == QUESTIONS - 1
    assert isinstance(told[0], Alert)
    assert "forklift-3 is not scored" in told[0].message
    assert "Fly to the moon" in told[0].message


def test_suite_of_another_corpus(tmp_path, sections):
    path = tmp_path / "suite.json"
    path.write_text(json.dumps([{"query": "why?", "expected_ids": ["elsewhere"]}]))
    with pytest.raises(FormatError, match="No question of the test suite has an answer"):
        suite_questions(read_suites([path]), sections, None, silent)


def test_texts_of_all_suites(suite):
    assert suite_texts(read_suites([suite, suite])) == tuple(case["query"] for case in suite_cases() * 2)


def pair(number, split):
    return TrainingPair(
        Query(f"q{number}", f"question {number}", Origin.TEMPLATE, domain="d"),
        "text",
        (),
        Provenance(section_id=f"s{number}", cluster=f"c{number}", split=split),
    )


def test_generated_questions_are_those_of_the_test_sections(sections):
    split = CorpusSplit({"s1": "c1", "s3": "c3"}, {})
    pairs = [pair(number, part) for number, part in enumerate((Split.TRAIN, Split.TEST, Split.DEV, Split.TEST))]
    found = generated_questions(pairs, sections, split)
    assert [query.id for query in found.test.queries] == ["q1", "q3"]
    assert found.test.qrels.relevant("q3") == {"s3"} or set(found.test.qrels.relevant("q3")) == {"s3"}
    assert found.groups == split.cluster_of
    assert found.dev is None
    assert origins_of(found) == (Origin.TEMPLATE,)


def test_nothing_held_out_is_no_set(sections):
    assert generated_questions([pair(0, Split.TRAIN), pair(1, Split.DEV)], sections, CorpusSplit({}, {})) is None


def question_set(count):
    queries = tuple(Query(f"q{number}", "why", Origin.HUMAN) for number in range(count))
    judged = JudgedQueries(queries, Qrels({query.id: {"s": 1} for query in queries}))
    labels = {"part": {query.id: "x" for query in queries}}
    return QuestionSet("set", (), judged, groups={"s": "c"}, attributes=labels)


def test_digest_sees_texts_and_judgements():
    given = question_set(2)
    other_text = JudgedQueries((given.test.queries[0], Query("q1", "when", Origin.HUMAN)), given.test.qrels)
    other_answer = JudgedQueries(given.test.queries, Qrels({"q0": {"s": 1}, "q1": {"t": 1}}))
    assert len({given.test.digest, other_text.digest, other_answer.digest}) == 3
    assert question_set(2).test.digest == given.test.digest


def test_suites_that_number_their_questions_alike_are_all_asked(suite, sections):
    joined = joined_suites(read_suites([suite, suite]))
    assert [case.query.id for case in joined.cases[QUESTIONS : QUESTIONS + 2]] == ["forklift-0-2", "forklift-1-2"]
    found = suite_questions(read_suites([suite, suite]), sections, None, silent)
    assert len(found.test.queries) == len(found.test.qrels) == 2 * QUESTIONS
