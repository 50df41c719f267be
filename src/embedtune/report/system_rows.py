"""The systems of an evaluation, each metric with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from embedtune.evaluation.metrics import Measure, score_run
from embedtune.evaluation.query_groups import query_groups
from embedtune.evaluation.significance import MIN_GROUPS, GroupedDifferences, bootstrap_interval
from embedtune.files import JsonValue, short_digest
from embedtune.report.content import Estimate, SystemRow
from embedtune.report.rank_changes import first_rank
from embedtune.vocabulary.retrieval import FusionMethod, Mode, PassageSettings

if TYPE_CHECKING:
    from embedtune.evaluation.outcome import Evaluation, SystemResult
    from embedtune.report.source import ReportSource
    from embedtune.vocabulary.evaluation import Qrels, Run, Scores

METRICS = ("recall@1", "recall@5", "mrr", "ndcg@10")
DEPTHS = (1, 5, 10)


def system_rows(source: ReportSource) -> tuple[SystemRow, ...]:
    """Return each system with intervals and with the number of questions it answers among its first results."""
    evaluation = source.record.evaluation
    runs = {run.system: run for run in evaluation.runs}
    groups = query_groups(source.qrels, source.section_groups)
    made = source.record.details.get("systems")
    return tuple(
        SystemRow(
            name=result.system,
            metrics=_estimates(result, runs.get(result.system), source.qrels, groups, evaluation),
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


def _estimates(
    result: SystemResult, run: Run | None, qrels: Qrels, groups: Mapping[str, str], evaluation: Evaluation
) -> dict[str, Estimate]:
    shown = [metric for metric in METRICS if metric in result.values]
    if run is None or len(set(groups.values())) < max(MIN_GROUPS, evaluation.settings.min_slice):
        return {metric: Estimate(result.values[metric]) for metric in shown}
    scores = score_run(run, qrels, [Measure.parse(metric) for metric in shown])
    return {metric: _estimate(result, scores[metric], groups, evaluation) for metric in shown}


def _estimate(result: SystemResult, scores: Scores, groups: Mapping[str, str], evaluation: Evaluation) -> Estimate:
    drawn = np.random.default_rng([evaluation.seed, int(short_digest([result.system, scores.metric]), 16)])
    values = GroupedDifferences.of(list(scores.per_query.values()), [groups[query_id] for query_id in scores.per_query])
    low, high = bootstrap_interval(values, evaluation.settings.bootstrap_samples, drawn)
    return Estimate(result.values[scores.metric], low, high)


def _within(run: Run | None, qrels: Qrels) -> dict[int, int]:
    if run is None:
        return {}
    ranks = [first_rank(run.rankings.get(query_id, ()), qrels.relevant(query_id)) for query_id in qrels.query_ids]
    return {depth: sum(rank is not None and rank <= depth for rank in ranks) for depth in DEPTHS}
