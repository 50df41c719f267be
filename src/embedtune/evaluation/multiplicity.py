"""Correct p-values for looking at many slices: of twenty without any difference, one is below .05 by chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedtune.evaluation.slices import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.evaluation import Comparison


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected so that the chance of any false claim among them stays what one alone has.

    Step-down Bonferroni (Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal
    of Statistics 6, 1979). It holds however the tests hang together, as overlapping slices do.

    Args:
        p_values: The p-values of one family of tests.

    Returns:
        The corrected ones, in the same order.
    """
    corrected = [0.0] * len(p_values)
    least = 0.0
    for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - step) * p_values[place]))
        corrected[place] = least
    return corrected


def corrected_over_slices(comparisons: Sequence[Comparison], everything: int) -> list[Comparison]:
    """Return comparisons with ``p_adjusted`` filled for slices: one family is one metric of one pair of systems.

    A slice that holds every question asks what ``all`` asks: it is no further test and stays as it is.

    Args:
        comparisons: Comparisons of any metrics, pairs and slices.
        everything: How many questions there are in all.
    """
    families: dict[tuple[str, str, str], list[int]] = {}
    for place, item in enumerate(comparisons):
        if item.slice != ALL and item.n < everything:
            families.setdefault((item.metric, item.baseline, item.candidate), []).append(place)
    corrected = list(comparisons)
    for places in families.values():
        for place, p_value in zip(places, holm([comparisons[place].p_value for place in places]), strict=True):
            corrected[place] = replace(comparisons[place], p_adjusted=p_value)
    return corrected
