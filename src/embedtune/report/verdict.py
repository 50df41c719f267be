"""The conclusion of an evaluation in one sentence, for someone who reads nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.report.content import SystemRow, Tone, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.evaluation.outcome import Evaluation
    from embedtune.report.source import ReportSource
    from embedtune.vocabulary.evaluation import Comparison, GateResult

METRIC_NAMES = {
    "recall@1": "Recall@1",
    "recall@5": "Recall@5",
    "recall@10": "Recall@10",
    "mrr": "MRR",
    "ndcg@10": "nDCG@10",
}
_COMPARED = 2
_PLACES = {1: "first", 5: "among the first five", 10: "among the first ten"}
_WRITTEN = {
    "human": "questions written by people",
    "generated": "questions made by a program, which prove less than questions of people",
    "mixed": "questions, some written by people and some made by a program",
}


def verdict(source: ReportSource, systems: Sequence[SystemRow]) -> Verdict:
    """Return the conclusion about the headline's candidate.

    Args:
        source: The evaluation.
        systems: Its systems, as `system_rows` returns them.
    """
    evaluation = source.record.evaluation
    rows = {row.name: row for row in systems}
    basis = _basis(source)
    if source.headline is None:
        return Verdict(Tone.UNCLEAR, *_uncompared(systems, evaluation), basis)
    baseline, candidate = (rows[name] for name in source.headline)
    comparison = evaluation.comparison(source.metric, baseline.name, candidate.name)
    if comparison is None:
        sentence = (
            f"{_found(baseline, candidate, evaluation.n, 0.0)}, but {_counted(evaluation)} are too few to tell "
            f"a difference from chance: {evaluation.settings.min_slice} are needed."
        )
        return Verdict(Tone.UNCLEAR, "Too few questions for a conclusion", sentence, basis)
    return _compared(comparison, baseline, candidate, source.record.gates, basis)


def metric_name(metric: str) -> str:
    """Return a metric's name for people."""
    return METRIC_NAMES.get(metric, metric)


def difference_text(comparison: Comparison) -> str:
    """Return a difference with its interval, such as ``+0.090, 95 % interval +0.052 to +0.127``."""
    return f"{comparison.delta:+.3f}, 95 % interval {comparison.ci_low:+.3f} to {comparison.ci_high:+.3f}"


def _compared(
    comparison: Comparison, baseline: SystemRow, candidate: SystemRow, gates: Sequence[GateResult], basis: str
) -> Verdict:
    found = _found(baseline, candidate, comparison.n, comparison.delta)
    figures = f"{metric_name(comparison.metric)} {difference_text(comparison)}"
    failed = sum(not gate.passed for gate in gates)
    condition = f" {failed} of {len(gates)} conditions for publishing {'fails' if failed == 1 else 'fail'}."
    match comparison.verdict:
        case "better":
            tone = Tone.CAUTION if failed else Tone.GOOD
            headline = f"{candidate.name} finds more than {baseline.name}"
            ending = f": a difference larger than chance explains ({figures})."
        case "worse":
            tone, headline = Tone.BAD, f"{candidate.name} finds less than {baseline.name}"
            ending = f": a difference larger than chance explains ({figures})."
        case _:
            tone, headline = Tone.UNCLEAR, f"No clear difference between {candidate.name} and {baseline.name}"
            ending = f": a difference that chance alone may explain ({figures})."
    if failed and tone is Tone.CAUTION:
        headline += ", but not everywhere"
    return Verdict(tone, headline, found + ending + (condition if failed else ""), basis)


def _found(baseline: SystemRow, candidate: SystemRow, n: int, delta: float) -> str:
    """Return how many questions each answers at the first depth whose counts move the way the metric does."""
    for depth in candidate.within:
        before, after = baseline.within.get(depth, 0), candidate.within[depth]
        if (after - before) * delta > 0 or delta == 0:
            return (
                f"{candidate.name} puts a right section {_place(depth)} for {after} of {n} questions, "
                f"{baseline.name} for {before}"
            )
    return f"{candidate.name} and {baseline.name} put a right section first for equally many of {n} questions"


def _uncompared(systems: Sequence[SystemRow], evaluation: Evaluation) -> tuple[str, str]:
    """Return headline and sentence of systems that were not compared with each other."""
    if len(systems) > 1:
        remedy = "name base among the systems to learn which differences are more than chance"
        return "Several systems, not compared", f"{evaluation.n} questions were asked; {remedy}."
    found = [f"{_place(depth)} for {count}" for row in systems for depth, count in row.within.items()]
    name = systems[0].name if systems else ""
    sentence = f"{name} puts a right section {', '.join(found)} of {evaluation.n} questions."
    return "One system, nothing to compare it with", sentence if found else f"{evaluation.n} questions were asked."


def _place(depth: int) -> str:
    return _PLACES.get(depth, f"among the first {depth}")


def _basis(source: ReportSource) -> str:
    evaluation = source.record.evaluation
    kind = _WRITTEN.get(str(source.record.details.get("question_origin", "")), "questions")
    groups = "" if evaluation.groups == evaluation.n else f" ({_counted(evaluation)})"
    return f"Measured on {evaluation.n} {kind}{groups}, over {len(source.sections):,} sections.{_best(source)}"


def _best(source: ReportSource) -> str:
    """Return which system has the highest mean, where the headline's candidate has not."""
    systems = source.record.evaluation.systems
    if len(systems) <= _COMPARED or source.headline is None:
        return ""
    best = max(systems, key=lambda result: result.values[source.metric])
    if best.system == source.headline[1]:
        return f" It has the highest {metric_name(source.metric)} of the {len(systems)} systems."
    return (
        f" Of the {len(systems)} systems {best.system} has the highest {metric_name(source.metric)}, "
        f"{best.values[source.metric]:.3f}."
    )


def _counted(evaluation: Evaluation) -> str:
    if evaluation.groups == evaluation.n:
        return f"{evaluation.n} questions"
    return f"{evaluation.groups} independent groups of questions"
