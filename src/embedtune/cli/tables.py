"""Evaluations as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from embedtune.report.verdict import detectable_text
from embedtune.vocabulary.retrieval import FusionMethod, Mode, Normalisation, PassageSettings

if TYPE_CHECKING:
    from embedtune.cli.console import Console
    from embedtune.evaluation.outcome import SliceResult
    from embedtune.evaluation.result import EvaluationRecord
    from embedtune.files import JsonValue
    from embedtune.vocabulary.evaluation import Comparison, GateResult

_METRICS = ("recall@1", "recall@5", "mrr", "ndcg@10")
_SLICED = "ndcg@10"


def results_table(console: Console, record: EvaluationRecord) -> str:
    """Return the systems with their metrics, and how each was set up."""
    evaluation = record.evaluation
    details = record.details
    systems = details.get("systems", {})
    rows = [
        [
            result.system,
            *(f"{result.values[metric]:.3f}" for metric in _METRICS),
            _setup(systems.get(result.system) if isinstance(systems, dict) else None),
        ]
        for result in evaluation.systems
    ]
    title = f"{details.get('questions', 'Results')}: {evaluation.n} {details.get('question_origin')} questions"
    return console.table(title, ["system", "R@1", "R@5", "MRR", "nDCG@10", "passages, fusion"], rows)


def comparisons_table(console: Console, record: EvaluationRecord) -> str:
    """Return the differences in nDCG@10 with intervals and verdicts, and how small a one could be seen."""
    found = [item for item in record.evaluation.comparisons if item.slice == "all" and item.metric == _SLICED]
    rows = [[f"{item.candidate} - {item.baseline}", *_figures(item), item.verdict] for item in found]
    if not rows:
        return ""
    table = console.table("Differences in nDCG@10", ["", "delta", "95 % interval", "p", "verdict"], rows)
    return "\n".join(filter(None, (table, detectable_text(found))))


def slices_table(console: Console, record: EvaluationRecord) -> str:
    """Return nDCG@10 of every system per domain, difficulty and category."""
    systems = record.evaluation.systems
    rows: list[list[str]] = []
    for part in systems[0].slices:
        row = [f"{part.attribute}: {part.value}", str(part.n)]
        for system in systems:
            same = (s for s in system.slices if (s.attribute, s.value) == (part.attribute, part.value))
            row.append(next((_sliced(other) for other in same), ""))
        rows.append(row)
    return (
        console.table("nDCG@10 by slice", ["slice", "n", *(system.system for system in systems)], rows) if rows else ""
    )


def _sliced(part: SliceResult) -> str:
    return "too few" if part.too_few else f"{part.values[_SLICED]:.3f}"


def verdict_lines(record: EvaluationRecord) -> str:
    """Return each gate's answer as a line; a question mark stands before what was not measured."""
    return "\n".join(f"{_mark(gate)} {gate.reason}" for gate in record.gates)


def _mark(gate: GateResult) -> str:
    if not gate.passed:
        return "✗"
    return "✓" if gate.value is not None else "?"


def report_text(console: Console, record: EvaluationRecord) -> str:
    """Return everything a reader of an evaluation wants to see first."""
    parts = (
        results_table(console, record),
        comparisons_table(console, record),
        slices_table(console, record),
        verdict_lines(record),
    )
    return "\n".join(part for part in parts if part)


def _figures(item: Comparison) -> list[str]:
    return [f"{item.delta:+.3f}", f"[{item.ci_low:+.3f}, {item.ci_high:+.3f}]", f"{item.p_value:.4f}"]


def _setup(system: JsonValue) -> str:
    """Return how a system cuts and fuses, such as ``32 words, dense weight 0.6``."""
    if not isinstance(system, dict) or "passages" not in system:
        return "whole section"
    passages = cast("dict[str, int | None]", system["passages"])
    cut = PassageSettings(passages["words"]).label
    if system["mode"] != Mode.HYBRID:
        return cut
    fusion = cast("dict[str, str]", system["fusion"])
    if fusion["method"] == FusionMethod.RRF:
        return f"{cut}, RRF"
    by_spread = fusion.get("normalisation") == Normalisation.Z_SCORE
    return f"{cut}, dense weight {float(fusion['dense_weight']):.1f}{' of z-scores' if by_spread else ''}"
