from __future__ import annotations

import pytest

from embedtune.evaluation.leakage import leak_report
from embedtune.evaluation.outcome import Benchmark
from embedtune.evaluation.robustness.cases import Expectation
from embedtune.evaluation.robustness.outcome import FamilyOutcome, Robustness, SystemRobustness
from embedtune.report.findings import leak_tables, robustness_tables
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair
from report_samples import METRIC, QUESTIONS, good_ranks, poor_ranks, qrels, queries, run, sections

KEPT = next(iter(Expectation))
SYSTEMS = ("base", "tuned")


def test_a_leak_report_as_it_is_written():
    asked = queries()[3]
    trained = TrainingPair(Query("t9", asked.text.upper(), Origin.HUMAN), "some passage", (), Provenance("s03"))
    benchmark = Benchmark(queries(), qrels(), "sha256:corpus")
    runs = [run("base", poor_ranks()), run("tuned", good_ranks())]
    found = leak_report(benchmark, runs, [trained], list(sections().values()), 0.8).as_json()
    totals, changes, which = leak_tables(found, METRIC, SYSTEMS)
    assert ("Questions trained on", "1") in totals.rows
    assert ("Test questions that were trained on", "1") in totals.rows
    assert [row[:3] for row in changes.rows[:2]] == [
        ("those trained on", str(QUESTIONS - 1), "base"),
        ("those trained on", str(QUESTIONS - 1), "tuned"),
    ]
    assert changes.rows[0][5].startswith("+")  # base found nothing for the question that goes
    assert which.rows[0][:2] == ("q03", "t9")
    _, turned, _ = leak_tables(found, METRIC, SYSTEMS[::-1])
    assert [row[2] for row in turned.rows[:2]] == ["tuned", "base"]


@pytest.mark.parametrize(
    "leakage",
    [
        {},
        {"ids": ["q1"]},
        {"test_questions_trained_on": "many", "pairs": {"query": 1}, "without": [1], "sections": 3},
        {"without": {"leaked": {"n": 1, "systems": {"base": {METRIC: 0.3}}}, "x": None}, "pairs": [1, "two"]},
    ],
)
def test_what_is_absent_or_odd_is_not_shown(leakage):
    assert leak_tables(leakage, METRIC, SYSTEMS) == ()


def test_many_leaks_are_cut():
    pairs = [{"query": f"q{n}", "trained": "t", "closeness": "same text"} for n in range(30)]
    (table,) = leak_tables({"pairs": pairs}, METRIC, SYSTEMS)
    assert len(table.rows) == 25
    assert "25 of 30" in table.title


def test_robustness_by_family_and_system():
    systems = tuple(
        SystemRobustness(name, (FamilyOutcome("typos", KEPT, passed, 9), FamilyOutcome("units", KEPT, 1, 3)), ())
        for name, passed in (("base", 7), ("tuned", 8))
    )
    (table,) = robustness_tables(Robustness(1, "sha256:c", systems))
    assert table.columns[2:] == ("base", "tuned")
    assert table.rows[0] == ("typos", str(KEPT), "7 of 9", "8 of 9")
    assert table.rows[-1] == ("all", "", "8 of 12", "9 of 12")


def test_without_cases_there_is_no_table():
    assert robustness_tables(None) == ()
    assert robustness_tables(Robustness(1, "sha256:c", ())) == ()
