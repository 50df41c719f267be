"""The systems of an evaluation, each metric with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from embedtune.files import JsonValue
from embedtune.report.content import Estimate, SystemRow
from embedtune.report.rank_changes import first_rank
from embedtune.vocabulary.retrieval import FusionMethod, Mode, PassageSettings

if TYPE_CHECKING:
    from embedtune.evaluation.outcome import SystemResult
    from embedtune.report.source import ReportSource
    from embedtune.vocabulary.evaluation import Qrels, Run

METRICS = ("recall@1", "recall@5", "mrr", "ndcg@10")
DEPTHS = (1, 5, 10)


def system_rows(source: ReportSource) -> tuple[SystemRow, ...]:
    """Return each system with intervals and with the number of questions it answers among its first results."""
    evaluation = source.record.evaluation
    runs = {run.system: run for run in evaluation.runs}
    made = source.record.details.get("systems")
    return tuple(
        SystemRow(
            name=result.system,
            metrics={metric: _estimate(result, metric) for metric in METRICS if metric in result.values},
            within=_within(runs.get(result.system), source.qrels),
            similarity=result.avg_similarity,
            setup=setup_text(made.get(result.system) if isinstance(made, Mapping) else None),
            not_asked=result.not_asked,
            found_nothing=result.found_nothing,
        )
        for result in evaluation.systems
    )


def setup_text(made: JsonValue) -> str:
    """Return how a system cuts and fuses, and on how many dev questions that was tuned.

    Args:
        made: What the evaluation's details say of it; ``None`` if they say nothing.
    """
    passages = made.get("passages") if isinstance(made, Mapping) else None
    if not isinstance(made, Mapping) or not isinstance(passages, Mapping):
        return "whole sections, by words alone" if made else ""
    words = passages.get("words")
    parts = [PassageSettings(words if isinstance(words, int) else None).label]
    fusion = made.get("fusion")
    if made.get("mode") == Mode.HYBRID and isinstance(fusion, Mapping):
        weight = fusion.get("dense_weight")
        ranks = fusion.get("method") == FusionMethod.RRF
        parts.append("joined by rank" if ranks else f"{weight:.0%} vectors" if isinstance(weight, float) else "")
    tuned = made.get("tuned_on")
    parts.append(f"tuned on {tuned} dev questions" if tuned else "not tuned")
    return ", ".join(part for part in parts if part)


def _estimate(result: SystemResult, metric: str) -> Estimate:
    return Estimate(result.values[metric], *result.intervals.get(metric, (None, None)))


def _within(run: Run | None, qrels: Qrels) -> dict[int, int]:
    if run is None:
        return {}
    ranks = [first_rank(run.rankings.get(query_id, ()), qrels.relevant(query_id)) for query_id in qrels.query_ids]
    return {depth: sum(rank is not None and rank <= depth for rank in ranks) for depth in DEPTHS}
