"""Compute a report's content from an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.report.content import ReportContent
from embedtune.report.findings import leak_tables, robustness_tables
from embedtune.report.moved_questions import moved_questions
from embedtune.report.rank_changes import rank_changes, recall_curve
from embedtune.report.slice_rows import duels, slice_rows
from embedtune.report.statistics_tables import statistics_tables
from embedtune.report.system_rows import system_rows
from embedtune.report.verdict import verdict

if TYPE_CHECKING:
    from embedtune.report.source import ReportSource
    from embedtune.vocabulary.evaluation import Run


def build_content(source: ReportSource) -> ReportContent:
    """Return everything that a report says."""
    record, evaluation = source.record, source.record.evaluation
    depth = evaluation.settings.depth
    systems = system_rows(source)
    slices, left_out = slice_rows(evaluation, source.metric)
    pair = _headline_runs(source)
    improved, worsened = moved_questions(source, *pair) if pair else ((), ())
    return ReportContent(
        title=str(record.details.get("questions", "")),
        date=record.date,
        asked=evaluation.n,
        metric=source.metric,
        verdict=verdict(source, systems),
        headline=source.headline,
        gates=record.gates,
        systems=systems,
        slices=slices,
        slices_left_out=left_out,
        duels=duels(evaluation, source.metric, slices),
        curves=tuple(recall_curve(run, source.qrels, depth) for run in evaluation.runs),
        rank_changes=rank_changes(*pair, source.qrels, depth) if pair else None,
        improved=improved,
        worsened=worsened,
        trainings=source.trainings,
        statistics=statistics_tables(source.statistics),
        leakage=leak_tables(record.leakage, source.metric, [row.name for row in systems]),
        robustness=robustness_tables(record.robustness),
        lineage=source.lineage,
        reproduction=source.reproduction,
        with_texts=source.with_texts,
    )


def _headline_runs(source: ReportSource) -> tuple[Run, Run] | None:
    runs = {run.system: run for run in source.record.evaluation.runs}
    if source.headline is None or not all(name in runs for name in source.headline):
        return None
    baseline, candidate = source.headline
    return runs[baseline], runs[candidate]
