"""A small evaluation to report on: questions about invented appliances, systems that find more or less."""

from __future__ import annotations

from embedtune.config.settings import EvaluationSettings
from embedtune.evaluation.compare import evaluate_runs
from embedtune.evaluation.outcome import Benchmark
from embedtune.evaluation.result import EvaluationRecord
from embedtune.report.content import Fact, Reproduction, TrainingLog
from embedtune.report.source import ReportSource
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import GateResult, Qrels, Ranked, Run
from embedtune.vocabulary.pairs import Origin, Query

METRIC = "ndcg@10"
QUESTIONS = 48
DEPTH = 20
NASTY = "<script>alert('x')</script> & \"quoted\" $x_1$ 漢字"
SETTINGS = EvaluationSettings(depth=DEPTH, bootstrap_samples=200, min_slice=5)
DOMAINS = ("kettle", "toaster")


def sections() -> dict[str, Section]:
    """Return one section a question, with a heading and a text that would break a careless page."""
    made = {}
    for number in range(QUESTIONS):
        name = f"s{number:02}"
        heading = ("Manual", f"Descale the tank {number} {NASTY}")
        made[name] = Section(name, "d", DOMAINS[number % 2], heading, SectionKind.OTHER, f"Text {NASTY} " * 20, (1, 2))
    return made


def queries() -> tuple[Query, ...]:
    """Return the questions: two domains, three difficulties, one category of a single question."""
    return tuple(
        Query(
            f"q{number:02}",
            f"how to descale tank {number} {NASTY}",
            Origin.HUMAN,
            difficulty=("easy", "medium", "hard")[number % 3],
            category="rare" if number == 0 else "common",
            domain=DOMAINS[number % 2],
        )
        for number in range(QUESTIONS)
    )


def qrels() -> Qrels:
    """Return the judgements: section n answers question n."""
    return Qrels({f"q{number:02}": {f"s{number:02}": 1} for number in range(QUESTIONS)})


def run(system: str, ranks: list[int | None]) -> Run:
    """Return a run in which the right section of question n stands at ``ranks[n]``, ``None`` for nowhere."""
    rankings = {}
    for number, rank in enumerate(ranks):
        others = [f"s{(number + step) % QUESTIONS:02}" for step in range(1, DEPTH + 1)]
        if rank is not None:
            others.insert(rank - 1, f"s{number:02}")
        rankings[f"q{number:02}"] = tuple(
            Ranked(section, 1 - place / 100) for place, section in enumerate(others[:DEPTH])
        )
    return Run(system, "sha256:corpus", rankings)


def good_ranks() -> list[int | None]:
    """Return ranks of a system that mostly answers first."""
    return [1 + number % 2 if number % 8 else 7 for number in range(QUESTIONS)]


def poor_ranks() -> list[int | None]:
    """Return ranks of a system that mostly answers later, but better now and then."""
    return [None if number % 12 == 3 else 1 if number % 8 == 0 else 3 + number % 4 for number in range(QUESTIONS)]


def record(runs, pairs=(("base", "tuned"),), settings=SETTINGS, **details) -> EvaluationRecord:
    """Return the evaluation of some runs."""
    benchmark = Benchmark(queries(), qrels(), "sha256:corpus")
    evaluation = evaluate_runs(list(runs), benchmark, list(pairs), settings, seed=3)
    made = {"base": {"mode": "dense", "model": "sha256:b", "passages": {"words": 64, "overlap": 0.5}, "tuned_on": 0}}
    known = {
        "questions": f"suite {NASTY}",
        "question_origin": "human",
        "systems": made,
        "candidates": {"sections": QUESTIONS},
    }
    return EvaluationRecord(evaluation, date="2026-01-02T03:04:05+00:00", details=known | details)


def source(**changes) -> ReportSource:
    """Return what a full report is made from; ``changes`` replace its parts."""
    runs = (run("base", poor_ranks()), run("tuned", good_ranks()))
    parts = {
        "record": record(runs),
        "queries": queries(),
        "qrels": qrels(),
        "sections": sections(),
        "reproduction": Reproduction("embedtune evaluate --seed 3", (Fact("seed", "3"),)),
        "metric": METRIC,
        "headline": ("base", "tuned"),
    }
    return ReportSource(**(parts | changes))


def full_source() -> ReportSource:
    """Return a source with every part that a report can show."""
    from dataclasses import replace

    plain = source()
    leakage = {
        "training_questions": 90,
        "test_questions_trained_on": 1,
        "pairs": [{"query": "q01", "trained": NASTY, "closeness": "same text"}],
        "without": {"leaked": {"n": 47, "systems": {"base": {METRIC: {"all": 0.5, "without": 0.4, "change": -0.1}}}}},
    }
    gates = (GateResult("gain", passed=True, reason="The interval lies above 0."), GateResult(NASTY, False, NASTY))
    statistics = {"total_pairs": 1234, "by_domain": {NASTY: 1000, "toaster": 234}, "query_words": {"median": 7}}
    log = TrainingLog("tuned", {"loss": ((10.0, 2.0), (20.0, 1.5)), "mrr": ((0.0, 0.4), (20.0, 0.6))})
    return replace(
        plain,
        record=replace(plain.record, leakage=leakage, gates=gates),
        trainings=(log,),
        statistics=statistics,
        lineage=(Fact("corpus", "sha256:corpus"),),
    )
