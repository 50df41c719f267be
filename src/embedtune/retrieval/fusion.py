"""Make one ranking of sections out of the dense and the BM25 scores.

Candidate lists hold each section once. Ties go by id throughout, and no result depends on the order
in which candidates are given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.index.near_misses import best_first
from embedtune.retrieval.normalising import Side, normalised
from embedtune.vocabulary.retrieval import FusionMethod, Normalisation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.retrieval import FusionSettings

RRF_K = 60


def fuse(
    dense: Sequence[tuple[str, float]], bm25: Sequence[tuple[str, float]], settings: FusionSettings
) -> list[tuple[str, float]]:
    """Return (section id, score) best first, with scores from 0 to 1.

    Args:
        dense: Sections with their cosines.
        bm25: Sections with their BM25 scores, all above 0.
        settings: How to combine them. RRF's sums are divided by the best possible one, first place
            in both, so that a score of either method means "share of the best possible".

    Raises:
        InputError: The dense weight is not from 0 to 1.
    """
    if settings.method is FusionMethod.CONVEX:
        return convex(dense, bm25, settings.dense_weight, settings.normalisation)
    rankings = [[id_ for id_, _ in best_first(dict(candidates))] for candidates in (dense, bm25)]
    best_possible = len(rankings) / (RRF_K + 1)
    return [(id_, score / best_possible) for id_, score in rrf(rankings)]


def rrf(rankings: Sequence[Sequence[str]], k: int = RRF_K) -> list[tuple[str, float]]:
    """Return (id, sum of 1 / (k + rank)) best first; ranks count from 1.

    Cormack, Clarke and Buettcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual
    rank learning methods".

    Args:
        rankings: Rankings of ids, best first, each id at most once a ranking.
        k: How little the first places stand out.
    """
    terms: dict[str, list[float]] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            terms.setdefault(id_, []).append(1 / (k + rank))
    # fsum: the sum must not depend on which ranking came first, or ties would break by chance.
    return best_first({id_: math.fsum(parts) for id_, parts in terms.items()})


def convex(
    dense: Sequence[tuple[str, float]],
    bm25: Sequence[tuple[str, float]],
    dense_weight: float,
    normalisation: Normalisation = Normalisation.MIN_MAX,
) -> list[tuple[str, float]]:
    """Return (id, weighted sum of normalised scores) best first, with scores from 0 to 1.

    Bruch, Gai and Ingber 2023, "An analysis of fusion functions for hybrid retrieval". A section that one
    side did not find counts there as its least; see `embedtune.retrieval.normalising`. A side of weight 0
    contributes no sections: weight 1 gives the dense ranking itself and weight 0 that of BM25.

    Args:
        dense: Sections with their cosines.
        bm25: Sections with their BM25 scores, all above 0.
        dense_weight: Weight of the dense side, 0 to 1; BM25 gets the rest.
        normalisation: How scores are made comparable.

    Raises:
        InputError: The weight is not from 0 to 1.
    """
    return convex_many(dense, bm25, [dense_weight], normalisation)[0]


def convex_many(
    dense: Sequence[tuple[str, float]],
    bm25: Sequence[tuple[str, float]],
    dense_weights: Sequence[float],
    normalisation: Normalisation,
) -> list[list[tuple[str, float]]]:
    """Return what `convex` returns, for each of several weights; the scores are normalised once.

    Raises:
        InputError: A weight is not from 0 to 1.
    """
    for weight in dense_weights:
        if not 0 <= weight <= 1:
            raise InputError(f"The dense weight is {weight}.", "Give a weight from 0 (BM25 only) to 1 (dense only).")
    vectors, words = normalised(dense, normalisation), normalised(bm25, normalisation, least=0.0)
    alone = {1.0: (vectors, dense), 0.0: (words, bm25)}
    return [
        _one_side(*alone[weight]) if weight in alone else _both_sides(vectors, words, weight)
        for weight in dense_weights
    ]


def _one_side(side: Side, candidates: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    # Ordered by the raw scores: two of them may be normalised to the same number.
    return [(id_, side.share(side.scores[id_])) for id_, _ in best_first(dict(candidates))]


def _both_sides(dense: Side, bm25: Side, weight: float) -> list[tuple[str, float]]:
    rest = 1 - weight
    low, high = weight * dense.low + rest * bm25.low, weight * dense.high + rest * bm25.high
    span = high - low
    found = dense.scores.keys() | bm25.scores.keys()
    if not span > 0:
        return best_first(dict.fromkeys(found, 1.0))
    return best_first(
        {
            id_: (weight * dense.scores.get(id_, dense.low) + rest * bm25.scores.get(id_, bm25.low) - low) / span
            for id_ in found
        }
    )
