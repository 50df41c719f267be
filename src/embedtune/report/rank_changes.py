"""Where the right section stands in a ranking, over all questions and between two systems."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.report.content import RankChanges, RecallCurve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.evaluation import Qrels, Ranked, Run

_ENDS = (1, 3, 5, 10)
_CURVE_POINTS = 60


def first_rank(ranking: Sequence[Ranked], relevant: frozenset[str]) -> int | None:
    """Return the 1-based rank of the first right section; ``None`` if there is none."""
    return next((rank for rank, entry in enumerate(ranking, start=1) if entry.section_id in relevant), None)


def rank_changes(baseline: Run, candidate: Run, qrels: Qrels, depth: int) -> RankChanges:
    """Count the questions by where their first right section stood before and after.

    Args:
        baseline: The run compared against.
        candidate: The run of interest.
        qrels: The judgements.
        depth: Results kept per question.
    """
    ends = (*(end for end in _ENDS if end < depth), depth)
    starts = (1, *(end + 1 for end in ends[:-1]))
    labels = tuple(str(end) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True))
    counts = np.zeros((len(ends) + 1, len(ends) + 1), dtype=np.int64)
    better = worse = 0
    for query_id in qrels.query_ids:
        relevant = qrels.relevant(query_id)
        before, after = (
            first_rank(run.rankings.get(query_id, ()), relevant) or depth + 1 for run in (baseline, candidate)
        )
        counts[np.searchsorted(ends, before), np.searchsorted(ends, after)] += 1
        better += after < before
        worse += after > before
    return RankChanges(
        baseline.system,
        candidate.system,
        (*labels, "not found"),
        tuple(tuple(int(count) for count in row) for row in counts),
        better,
        worse,
    )


def recall_curve(run: Run, qrels: Qrels, depth: int) -> RecallCurve:
    """Return the mean share of right sections among the first k results, for k up to the depth."""
    found = np.zeros(depth + 1)
    for query_id in qrels.query_ids:
        relevant = qrels.relevant(query_id)
        for rank, entry in enumerate(run.rankings.get(query_id, ())[:depth], start=1):
            if entry.section_id in relevant:
                found[rank] += 1 / len(relevant)
    shares = np.cumsum(found) / max(1, len(qrels))
    steps = sorted({round(step) for step in np.geomspace(1, depth, _CURVE_POINTS)})
    return RecallCurve(run.system, tuple((float(step), float(shares[step])) for step in steps))
