from __future__ import annotations

import re
from collections import Counter

import pytest

from embedtune.errors import InputError
from embedtune.evaluation.robustness.cases import Expectation
from embedtune.evaluation.robustness.families import FAMILIES
from embedtune.evaluation.robustness.generating import MINIMUM, PER_FAMILY, generate_cases
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query

PARTS = "pump,valve,gearbox,winch,radiator,coupling,generator,cylinder,compressor,thermostat".split(",")
DETAILED = "How do I replace the {} filter and check the pressure?"
PLAIN = "what about the {} seal gasket"


def suite(form, body, count=10):
    sections = tuple(
        Section(f"s{n}", "d", "hall", (part,), SectionKind.OTHER, body.format(part, n), (1, 2))
        for n, part in enumerate(PARTS[:count])
    )
    queries = [Query(f"q{n}", form.format(part), Origin.HUMAN) for n, part in enumerate(PARTS[:count])]
    return queries, Qrels({f"q{n}": {f"s{n}": 1} for n in range(count)}), sections


@pytest.fixture(scope="module")
def cases():
    return generate_cases(*suite(DETAILED, "Fit the {0} filter AB-41{1}7 with 3{1} Nm and check the pressure."), seed=3)


def test_there_are_enough_cases_of_every_family(cases):
    assert len(cases) >= MINIMUM
    assert Counter(case.family for case in cases) == {family.name: PER_FAMILY for family in FAMILIES}
    assert {case.expectation for case in cases} == set(Expectation)


def test_the_families_asked_for_are_there():
    assert {family.name for family in FAMILIES} >= {
        "typos", "casing", "spacing", "look-alikes", "synonyms", "word-order", "negation", "units", "part-numbers",
        "question-form", "very-long", "very-short", "instructions", "markup", "languages",
    }  # fmt: skip


def test_names_are_a_family_and_a_number(cases):
    assert len({case.name for case in cases}) == len(cases)
    assert all(re.fullmatch(rf"{case.family}-\d\d", case.name) for case in cases)
    assert cases[0].name == "typos-01"


def test_a_case_knows_its_question_and_its_answers(cases):
    queries, qrels, _ = suite(DETAILED, "")
    texts = {query.id: query.text for query in queries}
    for case in cases:
        assert case.answers == qrels.relevant(case.query_id)
        assert case.reference.startswith(texts[case.query_id].rstrip("?"))
        assert case.text != case.reference


def test_one_seed_one_set_of_cases(cases):
    body = "Fit the {0} filter AB-41{1}7 with 3{1} Nm and check the pressure."
    queries, qrels, sections = suite(DETAILED, body)
    assert generate_cases(queries[::-1], qrels, sections[::-1], seed=3) == cases
    assert generate_cases(queries, qrels, sections, seed=4) != cases


def test_families_without_material_are_made_up_for_by_the_others():
    made = generate_cases(*suite(PLAIN, "The {0} seal gasket lies here."), seed=3)
    families = Counter(case.family for case in made)
    assert not {"units", "part-numbers", "unit-spelling", "synonyms"} & set(families)
    assert len(made) >= MINIMUM
    assert families["typos"] > PER_FAMILY


def test_more_cases_leave_the_names_and_texts_of_the_first():
    few = generate_cases(*suite(PLAIN, "The {0} seal gasket lies here."), seed=3)
    detailed = generate_cases(*suite(PLAIN, "The {0} seal gasket AB-41{1}7 lies here for 3{1} hours."), seed=3)
    first = {case.name: case.text for case in detailed if case.family == "typos"}
    assert first == {name: text for name, text in ((c.name, c.text) for c in few) if name in first}
    assert len(first) < sum(case.family == "typos" for case in few)


def test_one_question_gives_what_it_can():
    made = generate_cases(*suite(DETAILED, "The {0} filter, {1}.", count=1), seed=3)
    assert 0 < len(made) < MINIMUM
    assert len({(case.family, case.text) for case in made}) == len(made)


def test_without_an_answered_question_there_is_nothing_to_vary():
    queries, _, sections = suite(PLAIN, "The {0}, {1}.")
    with pytest.raises(InputError, match="nothing to vary"):
        generate_cases(queries, Qrels({"q1": {"elsewhere": 1}}), sections, seed=3)
