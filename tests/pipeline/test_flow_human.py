"""The whole flow with questions from people to learn from: tuned on the dev ones, judged by the test ones."""

from __future__ import annotations

import json

import pytest

from embedtune.errors import GateError
from embedtune.evaluation.result import read_record
from embedtune.events import Notice, StageStarted
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.corpus import sections_stage
from embedtune.pipeline.flow import _asked, _generated, run_flow
from embedtune.pipeline.pairs import data_stage, project_questions, read_pairs
from embedtune.pipeline.questions import read_suites, suite_texts
from embedtune.vocabulary.pairs import Origin, Split
from embedtune.wording.near_equal import near_equal_questions
from project_samples import DOMAINS, body, headings, opened, write_corpus
from stand_in_models import stand_in_project

FILES = {"forklift": "forklift/lift.md", "tractor": "tractor/field.txt"}
SHARES = {"split__dev_share": 0.15, "split__test_share": 0.45}


def case(domain, number, heading):
    shown = heading if domain == "forklift" else heading.upper()
    words = body(domain, heading).split(". ")[3].lower().split()
    query = f"zeta{number} {' '.join(words[-4:])}"
    return {"id": f"{domain}-{number}", "query": query, "expected": {"document": FILES[domain], "heading": shown}}


def cases(numbers=range(12)):
    return [case(domain, number, headings(domain)[number]) for domain in DOMAINS for number in numbers]


def texts(queries):
    return [query.text for query in queries]


def test_people_tune_and_judge(project_folder):
    (project_folder / "asked.json").write_text(json.dumps(cases()))
    people = {"project__questions": ["asked.json"], "project__test_suites": [], **SHARES}
    # A model that hardly learns is no better than its base: people's questions must say no.
    unchanged = {"training__learning_rate": 1e-12, "publish__force_without_gain": ""}
    events = []
    project = opened(project_folder, events, **people, **unchanged)
    with pytest.raises(GateError, match=r"Not published: .*interval does not lie above 0"):
        run_flow(project)
    assert not (project_folder / "models").exists()

    corpus = sections_stage(project)
    human = project_questions(project, corpus, ())
    count = {part: sum(value is part for value in corpus.split.split_of.values()) for part in Split}
    assert (len(human.dev.queries), len(human.test.queries)) == (count[Split.DEV], count[Split.TEST])
    told = f"24 questions from people: {count[Split.TRAIN]} train, {count[Split.DEV]} dev, {count[Split.TEST]} test"
    assert any(event.message.startswith(told) for event in events if isinstance(event, Notice))

    record = read_record(project.workspace.folder("evaluation") / "evaluation.json")
    assert record.details["question_origin"] == "human"
    assert record.details["questions"] == "questions from people, held-out sections"
    assert record.evaluation.n == count[Split.TEST] >= 10
    assert record.details["dev_questions"] == count[Split.DEV]
    tuned = [system["tuned_on"] for system in record.details["systems"].values() if "tuned_on" in system]
    assert set(tuned) == {count[Split.DEV]}
    assert record.leakage["test_questions_trained_on"] == 0

    pairs = read_pairs(project.workspace.folder("data") / "pairs.jsonl")
    asked = [pair for pair in pairs if pair.query.origin is Origin.HUMAN]
    assert {pair.provenance.split for pair in asked} == {Split.TRAIN, Split.DEV}
    reserved = [*texts(human.dev.queries), *texts(human.test.queries)]
    rest = [pair.query.text for pair in pairs if pair.query.origin is not Origin.HUMAN]
    assert near_equal_questions(rest, reserved, 0.7) == []

    events.clear()
    forced = opened(project_folder, events, **people, **unchanged | {"publish__force_without_gain": "a reason"})
    result = run_flow(forced)
    assert [event.stage for event in events if isinstance(event, StageStarted)] == ["publish", "index"]
    card = read_card(result.version)
    assert (card.question_origin, card.questions) == ("human", count[Split.TEST])
    assert card.published_without_gain == "a reason"


@pytest.fixture
def project(tmp_path):
    """A project with stand-ins for models; its sections and questions are real."""
    write_corpus(tmp_path / "docs")
    return stand_in_project(tmp_path, **SHARES, project__corpus="docs", project__questions=["asked.json"])


def prepared(project, numbers, suite=()):
    """The corpus, the suites and the questions from people of a project."""
    root = project.workspace.project
    (root / "asked.json").write_text(json.dumps(cases(numbers)))
    (root / "suite.json").write_text(json.dumps(list(suite)))
    suites = read_suites([root / "suite.json"]) if suite else ()
    corpus = sections_stage(project)
    return corpus, suites, project_questions(project, corpus, suite_texts(suites))


def numbers_in(corpus, *parts):
    """The numbers of headings whose sections, of both domains, lie in some parts."""
    places = {(s.domain, s.heading.lower()): corpus.split.split_of[s.id] for s in corpus.sections}
    return [n for n in range(12) if all(places[d, headings(d)[n].lower()] in parts for d in DOMAINS)]


def test_a_suite_is_what_is_reported_and_people_still_tune(project):
    suite = [case("forklift", 0, headings("forklift")[0])]
    corpus, suites, human = prepared(project, range(12), suite)
    questions = _asked(project, corpus, suites, human)
    assert questions.name == "test suite"
    assert texts(questions.test.queries) == [suite[0]["query"]]
    assert questions.dev == human.dev
    assert near_equal_questions(texts(questions.dev.queries), [suite[0]["query"]], 0.7) == []


def test_nobody_asked(project):
    corpus, suites, _ = prepared(project, range(12))
    assert _asked(project, corpus, suites, None) is None


def test_people_who_asked_about_no_test_section_still_tune(project):
    numbers = numbers_in(sections_stage(project), Split.TRAIN, Split.DEV)
    corpus, suites, human = prepared(project, numbers)
    assert (human.test, human.dev is not None) == (None, True)
    assert _asked(project, corpus, suites, human) is None
    pairs = data_stage(project, corpus, (), human) / "pairs.jsonl"
    questions = _generated(pairs, corpus, human)
    assert questions.dev == human.dev
    assert Origin.HUMAN not in {query.origin for query in questions.test.queries}
