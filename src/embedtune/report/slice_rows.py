"""The parts of the questions, and what each comparison says of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from embedtune.evaluation.slices import ALL, slice_name
from embedtune.report.content import Duel, SliceRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.evaluation.outcome import Evaluation, SliceResult

MOST_VALUES = 40


def slice_rows(evaluation: Evaluation, metric: str) -> tuple[tuple[SliceRow, ...], int]:
    """Return the slices with every system's value, and how many were left out.

    A slice that holds all questions says nothing more and is dropped; of an attribute with very many labels
    only the ones with the most questions are kept.
    """
    parts = [part for part in evaluation.systems[0].slices if part.n < evaluation.n] if evaluation.systems else []
    kept = _largest(parts)
    values = {
        (part.attribute, part.value, result.system): part.values[metric]
        for result in evaluation.systems
        for part in result.slices
        if metric in part.values
    }
    rows = tuple(
        SliceRow(
            attribute=part.attribute,
            value=part.value,
            n=part.n,
            groups=part.groups,
            values={
                result.system: values[key]
                for result in evaluation.systems
                if (key := (part.attribute, part.value, result.system)) in values
            },
            too_few=part.too_few,
        )
        for part in kept
    )
    return rows, len(parts) - len(kept)


def duels(evaluation: Evaluation, metric: str, slices: Sequence[SliceRow]) -> tuple[Duel, ...]:
    """Return the comparisons of a metric, one entry for each two systems that were compared."""
    pairs = dict.fromkeys((item.baseline, item.candidate) for item in evaluation.comparisons if item.metric == metric)
    return tuple(
        Duel(
            baseline,
            candidate,
            evaluation.comparison(metric, baseline, candidate, ALL),
            tuple(
                evaluation.comparison(metric, baseline, candidate, slice_name(row.attribute, row.value))
                for row in slices
            ),
        )
        for baseline, candidate in pairs
    )


def _largest(parts: Sequence[SliceResult]) -> list[SliceResult]:
    seen: Counter[str] = Counter()
    kept: set[tuple[str, str]] = set()
    for part in sorted(parts, key=lambda part: -part.n):
        seen[part.attribute] += 1
        if seen[part.attribute] <= MOST_VALUES:
            kept.add((part.attribute, part.value))
    return [part for part in parts if (part.attribute, part.value) in kept]
