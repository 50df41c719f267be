"""The conclusion of an evaluation in one sentence, for someone who reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping
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
_HYBRID = "hybrid:"
_KNOWN = {"base": "the model as it was before training", "bm25": "a search by words alone"}
_PLACES = {1: "first", 5: "among the first five", 10: "among the first ten"}
_WRITTEN = {
    "human": "questions written by people",
    "generated": "questions made by a program, which prove less than questions of people",
    "human and generated": "questions, some written by people and some made by a program",
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


def detectable_text(comparisons: Sequence[Comparison]) -> str:
    """Return in one sentence how small a difference these comparisons could show; empty where that is not known.

    Args:
        comparisons: One metric of one or more pairs of systems, over the same questions.
    """
    least = [comparison.detectable for comparison in comparisons if comparison.detectable is not None]
    if not least:
        return ""
    figures = sorted({f"{value:.3f}" for value in (min(least), max(least))})
    pairs = f"{' to '.join(figures)}{', depending on the two systems,' if len(figures) > 1 else ''}"
    return (
        f"With {comparisons[0].n} questions like these a true difference in {metric_name(comparisons[0].metric)} of "
        f"{pairs} is found four times in five; a smaller one may be missed."
    )


def _compared(
    comparison: Comparison, baseline: SystemRow, candidate: SystemRow, gates: Sequence[GateResult], basis: str
) -> Verdict:
    found = _found(baseline, candidate, comparison.n, comparison.delta)
    figures = f"in {metric_name(comparison.metric)}, a score from 0 to 1: {difference_text(comparison)}"
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
    return Verdict(tone, headline, found + ending + (condition if failed else ""), basis, detectable_text([comparison]))


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
    groups = "" if evaluation.groups == evaluation.n else f" ({evaluation.groups} independent of each other)"
    return f"{_who(source)}Measured on {evaluation.n} {kind}{groups}{_drawn(source)}{_searched(source)}.{_best(source)}"


def _who(source: ReportSource) -> str:
    """Return what the headline's two names stand for, for someone who sees them for the first time."""
    if source.headline is None:
        return ""
    baseline, candidate = source.headline
    return f"{baseline} is {_gloss(baseline)}, {candidate} is {_gloss(candidate)}. "


def _gloss(name: str) -> str:
    if name.startswith(_HYBRID):
        return f"{name.removeprefix(_HYBRID)} joined with a search by words"
    return _KNOWN.get(name, "the model that is judged")


def _drawn(source: ReportSource) -> str:
    """Return that the questions are a sample, where they are one."""
    sample = source.record.details.get("sample")
    if not isinstance(sample, Mapping):
        return ""
    return f", drawn from {sample.get('of')} with seed {sample.get('seed')}"


def _searched(source: ReportSource) -> str:
    candidates = source.record.details.get("candidates")
    sections = candidates.get("sections") if isinstance(candidates, Mapping) else None
    return f", over {sections:,} sections" if isinstance(sections, int) else ""


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
