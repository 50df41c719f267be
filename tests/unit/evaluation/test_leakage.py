import json

import pytest

from embedtune.evaluation.leakage import LeftOut, leak_report, leaked_ids
from embedtune.evaluation.outcome import Benchmark
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair

TEXTS = {
    "q1": "How do I drain the pump?",
    "q2": "Where is the coolant hose?",
    "q3": "Why does the relay click?",
    "q4": "When is the gearbox aligned?",
    "q5": "Who asks without an answer?",
}
SECTIONS = [
    Section(f"s{n}", "d", "hvac", (f"Part {n}",), SectionKind.OTHER, f"text of section {n} alone", (1, 2))
    for n in range(1, 5)
]
QRELS = Qrels({f"q{n}": {f"s{n}": 1} for n in range(1, 5)})
BENCHMARK = Benchmark(tuple(Query(key, text, Origin.HUMAN) for key, text in TEXTS.items()), QRELS, "c")


def run(system, *right):
    rankings = {
        f"q{n}": (Ranked(f"s{n}" if f"q{n}" in right else "other", 1.0), Ranked("last", 0.5)) for n in range(1, 5)
    }
    return Run(system, "c", rankings)


def trained(number, text, section_id=""):
    query = Query(f"r{number}", text, Origin.TEMPLATE)
    return TrainingPair(query, "A positive of its own.", (), Provenance(section_id=section_id))


PAIRS = [
    trained(1, "drain the PUMP - how do I?", "s2"),
    trained(2, "Where is the coolant pipe or hose?", "s1"),
    trained(3, "Who asks without an answer?"),
    trained(4, "Something else"),
    trained(5, "Something else"),
]
RUNS = [run("base", "q1"), run("tuned", "q1", "q2", "q3")]


@pytest.fixture(scope="module")
def report():
    return leak_report(BENCHMARK, RUNS, PAIRS, SECTIONS, 0.6)


def test_judged_questions_are_compared_with_all_training_questions(report):
    assert (report.training_questions, report.test_questions) == (4, 4)
    assert report.leaked == ("q1",)
    assert report.similar == ("q2",)
    assert report.on_trained_sections == ("q1", "q2")


def figures(report, left_out, metric="recall@1"):
    remainder = next(one for one in report.remainders if one.left_out is left_out)
    return remainder.n, {
        change.system: (change.value, change.without) for change in remainder.changes if change.metric == metric
    }


def test_figures_without_what_leaked(report):
    assert figures(report, LeftOut.LEAKED) == (3, {"base": (0.25, 0.0), "tuned": (0.75, pytest.approx(2 / 3))})
    assert figures(report, LeftOut.SIMILAR) == (2, {"base": (0.25, 0.0), "tuned": (0.75, 0.5)})
    assert figures(report, LeftOut.SECTIONS) == (2, {"base": (0.25, 0.0), "tuned": (0.75, 0.5)})
    assert {change.change for change in report.remainders[1].changes if change.metric == "mrr"} == {-0.25}


def test_json_has_ids_and_figures_and_no_text(report):
    document = report.as_json()
    assert document["training_questions"] == 4
    assert (document["test_questions"], document["test_questions_trained_on"]) == (4, 1)
    assert document["pairs"] == [
        {"query": "q1", "trained": "r1", "closeness": "same words"},
        {"query": "q2", "trained": "r2", "closeness": "similar"},
    ]
    assert document["without"]["leaked"]["systems"]["base"]["recall@1"] == {
        "all": 0.25,
        "without": 0.0,
        "change": -0.25,
    }
    assert document["sections"]["test_questions"] == 2
    assert "not a leak" in document["sections"]["note"]
    text = json.dumps(document)
    assert not any(word in text for word in ("pump", "coolant", "positive of"))
    assert leaked_ids(document) == ("q1",)


def test_without_an_overlap_there_is_nothing_to_leave_out():
    clean = leak_report(BENCHMARK, RUNS, [trained(1, "Something else")], SECTIONS, 0.6)
    assert (clean.leaked, clean.similar, clean.on_trained_sections) == ((), (), ())
    assert [(one.n, one.changes) for one in clean.remainders] == [(4, ())] * 3
    assert leaked_ids(clean.as_json()) == ()


def test_where_everything_leaked_no_figure_is_left():
    everything = [trained(n, text) for n, text in enumerate(TEXTS.values())]
    report = leak_report(BENCHMARK, RUNS, everything, SECTIONS, 0.6)
    assert len(report.leaked) == 4
    assert (report.remainders[0].n, report.remainders[0].changes) == (0, ())


@pytest.mark.parametrize("leakage", [{}, {"shared_questions": 0}, {"ids": 3}])
def test_a_result_that_says_nothing_of_leaks_was_not_examined(leakage):
    assert leaked_ids(leakage) is None
