"""The shipped manuals and questions are what the documentation says of them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import find_files, read_folder
from embedtune.demo.project import MANUALS, SEARCHES, TEST_SUITE, demo_config
from embedtune.events import Alert
from embedtune.pairs.formats.test_suite import read_test_suite, resolve
from embedtune.pairs.questions import question_key
from embedtune.vocabulary.corpus import SectionKind

DOMAINS = {"civilian_vehicle", "electronics", "forklift", "hvac", "radar", "vehicle"}
DIFFICULTIES = {"easy", "medium", "hard"}
CATEGORIES = {"procedure", "symptom", "specification", "part_number", "safety", "compound"}


@pytest.fixture(scope="module")
def sections():
    told = []
    found = read_folder(MANUALS, CorpusSettings(), told.append).sections
    assert [event.message for event in told if isinstance(event, Alert)] == []
    return found


@pytest.fixture(scope="module")
def cases():
    return read_test_suite(TEST_SUITE).cases


@pytest.fixture(scope="module")
def resolved(sections):
    return resolve(read_test_suite(TEST_SUITE), sections)


@pytest.fixture(scope="module")
def title_pages(sections):
    """The line or two in front of the first heading of a text file."""
    return {section.id for section in sections if section.span[0] == 1 and len(section.text.split()) < 25}


def test_six_domains_of_thirty_sections(sections, title_pages):
    counts = Counter(section.domain for section in sections if section.id not in title_pages)
    assert set(counts) == DOMAINS
    assert {domain: count for domain, count in counts.items() if count < 30} == {}


def test_sections_have_the_length_of_a_manual_s(sections, title_pages):
    lengths = {s.heading: len(s.text.split()) for s in sections if s.id not in title_pages}
    assert {heading: length for heading, length in lengths.items() if not 60 <= length <= 300} == {}


def test_no_question_is_answered_by_a_title_page(resolved, title_pages):
    assert len(title_pages) <= 12
    assert [q.id for q in resolved.queries if title_pages & set(resolved.qrels.relevant(q.id))] == []


def test_every_domain_has_manuals_of_three_styles():
    by_domain = Counter(file.domain for file in find_files(MANUALS))
    assert by_domain == dict.fromkeys(DOMAINS, 3)
    assert Counter(file.path.suffix for file in find_files(MANUALS)) == {".txt": 12, ".md": 6}


def test_every_kind_of_section_is_there(sections):
    assert {section.kind for section in sections} == set(SectionKind)
    everywhere = set(SectionKind) - {SectionKind.SAFETY, SectionKind.REFERENCE}
    for domain in DOMAINS:
        kinds = Counter(section.kind for section in sections if section.domain == domain)
        assert set(kinds) >= everywhere, domain
        assert kinds[SectionKind.PROCEDURE] == max(kinds.values()), domain


def test_headings_are_found_once_a_document(sections):
    seen = Counter((section.document_id, section.heading_path) for section in sections)
    assert [path for (_, path), count in seen.items() if count > 1] == []


def test_page_numbers_and_running_titles_are_gone(sections):
    lines = [line.strip() for section in sections for line in section.text.splitlines()]
    assert [line for line in lines if line.lower().startswith("page ") and " of " in line] == []
    assert [line for line in lines if line.strip("- ").isdigit()] == []


def test_two_hundred_questions_thirty_a_domain(cases):
    assert len(cases) >= 200
    counts = Counter(case.query.domain for case in cases)
    assert set(counts) == DOMAINS
    assert min(counts.values()) >= 30
    assert json.loads(TEST_SUITE.read_text(encoding="utf-8"))["metadata"]["questions"] == len(cases)


def test_ids_and_questions_are_unique(cases):
    assert len({case.query.id for case in cases}) == len(cases)
    assert len({question_key(case.query.text) for case in cases}) == len(cases)


def test_labels_are_the_documented_ones(cases):
    assert {case.query.difficulty for case in cases} == DIFFICULTIES
    assert {case.query.category for case in cases} == CATEGORIES
    for domain in DOMAINS:
        mine = [case.query for case in cases if case.query.domain == domain]
        assert {query.difficulty for query in mine} == DIFFICULTIES, domain
        assert {query.category for query in mine} == CATEGORIES, domain


def test_every_expected_section_is_in_the_corpus(cases, resolved):
    assert [f"{problem.query.id}: {problem.reason}" for problem in resolved.unresolved] == []
    assert len(resolved.queries) == len(cases)
    for case in cases:
        expected = len(case.expected_headings)
        assert len(resolved.qrels.relevant(case.query.id)) == expected, case.query.id


def test_question_has_an_answer_in_its_own_domain(resolved, sections):
    domain_of = {section.id: section.domain for section in sections}
    strangers = [
        query.id
        for query in resolved.queries
        if query.domain not in {domain_of[section] for section in resolved.qrels.relevant(query.id)}
    ]
    assert strangers == []


def test_most_sections_are_asked_about(resolved, sections):
    asked = {section for query in resolved.queries for section in resolved.qrels.relevant(query.id)}
    for domain in DOMAINS:
        mine = {section.id for section in sections if section.domain == domain}
        assert len(mine & asked) >= 25, domain


def test_no_question_is_a_heading(cases, sections):
    headings = {question_key(section.heading) for section in sections}
    assert [case.query.id for case in cases if question_key(case.query.text) in headings] == []


def test_suite_holds_nothing_but_what_is_documented():
    document = json.loads(TEST_SUITE.read_text(encoding="utf-8"))
    assert set(document) == {"metadata", "tests"}
    keys = {"id", "query", "difficulty", "category", "domain", "expected"}
    assert {tuple(sorted(test)) for test in document["tests"]} == {tuple(sorted(keys))}


def test_demo_runs_on_them():
    config = demo_config()
    assert config.project.corpus == str(MANUALS)
    assert config.project.test_suites == (str(TEST_SUITE),)
    assert config.publish.force_without_gain == ""
    assert len(SEARCHES) == 3
