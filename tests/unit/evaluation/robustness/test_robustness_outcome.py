from __future__ import annotations

import json

import pytest

from embedtune.errors import FormatError
from embedtune.evaluation.robustness.cases import Expectation, RobustnessCase
from embedtune.evaluation.robustness.outcome import (
    FailedCase,
    FamilyOutcome,
    Robustness,
    SystemRobustness,
    cases_digest,
    robustness_change,
)


def system(name, *lost):
    failed = tuple(FailedCase(one, "typos", "q1", "asked", "aksed", Expectation.SAME_ANSWER, "gone") for one in lost)
    families = (
        FamilyOutcome("typos", Expectation.SAME_ANSWER, 8 - len(lost), 8),
        FamilyOutcome("very-long", Expectation.FINITE, 8, 8),
    )
    return SystemRobustness(name, families, failed)


ROBUSTNESS = Robustness(
    42, f"sha256:{'a' * 64}", (system("base", "typos-01", "typos-02"), system("tuned", "typos-02", "typos-03"))
)


def test_sums():
    assert [(one.passed, one.total) for one in ROBUSTNESS.systems] == [(14, 16), (14, 16)]


def test_json_and_back():
    document = json.loads(json.dumps(ROBUSTNESS.to_json()))
    assert (document["systems"][0]["passed"], document["systems"][0]["total"]) == (14, 16)
    assert document["systems"][1]["failed"][0]["expectation"] == "same answer kept"
    assert Robustness.from_json(document, "result.json") == ROBUSTNESS


@pytest.mark.parametrize("damage", [[], {"seed": 1}, {**ROBUSTNESS.to_json(), "systems": [{"system": "base"}]}])
def test_what_is_not_such_a_result_is_named(damage):
    with pytest.raises(FormatError, match=r"result\.json: robustness"):
        Robustness.from_json(damage, "result.json")


def test_a_system_is_found_by_name():
    assert ROBUSTNESS.system("tuned") is ROBUSTNESS.systems[1]
    assert ROBUSTNESS.system("bm25") is None


def test_change_names_the_cases():
    change = robustness_change(*ROBUSTNESS.systems)
    assert (change.lost, change.gained) == (("typos-03",), ("typos-01",))


def test_the_digest_depends_on_the_texts():
    one = RobustnessCase("typos-01", "typos", "q1", "asked", "aksed", Expectation.SAME_ANSWER, frozenset({"s1"}))
    other = RobustnessCase("typos-01", "typos", "q1", "asked", "askde", Expectation.SAME_ANSWER, frozenset({"s1"}))
    assert cases_digest([one]) == cases_digest([one])
    assert cases_digest([one]) != cases_digest([other])
