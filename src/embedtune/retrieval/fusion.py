"""Make one ranking of sections out of the dense and the BM25 scores.

Candidate lists hold each section once. Ties go by id throughout, and no result depends on the order
in which candidates are given.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.vocabulary.retrieval import FusionMethod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        return convex(dense, bm25, settings.dense_weight)
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
    dense: Sequence[tuple[str, float]], bm25: Sequence[tuple[str, float]], dense_weight: float
) -> list[tuple[str, float]]:
    """Return (id, weighted sum of min-max normalised scores) best first, with scores from 0 to 1.

    Bruch, Gai and Ingber 2023, "An analysis of fusion functions for hybrid retrieval": BM25's minimum
    is its theoretical one, 0; the dense minimum is that of the candidates. A section that one side
    did not find counts 0 there. A side of weight 0 contributes no sections: weight 1 gives the dense
    ranking itself and weight 0 that of BM25.

    Args:
        dense: Sections with their cosines.
        bm25: Sections with their BM25 scores, all above 0.
        dense_weight: Weight of the dense side, 0 to 1; BM25 gets the rest.

    Raises:
        InputError: The weight is not from 0 to 1.
    """
    if not 0 <= dense_weight <= 1:
        raise InputError(f"The dense weight is {dense_weight}.", "Give a weight from 0 (BM25 only) to 1 (dense only).")
    lowest = min((score for _, score in dense), default=0.0)
    dense_shares, bm25_shares = _shares(dense, lowest), _shares(bm25, 0.0)
    # Ordered by the raw scores: two of them may be normalised to the same number.
    if dense_weight == 1:
        return [(id_, dense_shares[id_]) for id_, _ in best_first(dict(dense))]
    if dense_weight == 0:
        return [(id_, bm25_shares[id_]) for id_, _ in best_first(dict(bm25))]
    return best_first(
        {
            id_: dense_weight * dense_shares.get(id_, 0.0) + (1 - dense_weight) * bm25_shares.get(id_, 0.0)
            for id_ in dense_shares.keys() | bm25_shares.keys()
        }
    )


def best_first(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return (id, score) by falling score, ties by id."""
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def _shares(candidates: Sequence[tuple[str, float]], lowest: float) -> dict[str, float]:
    """Return where each score lies between ``lowest`` (0) and the highest (1)."""
    span = max((score for _, score in candidates), default=lowest) - lowest
    # Candidates that all score alike were still found: they are all best, not all absent.
    return {id_: (score - lowest) / span if span > 0 else 1.0 for id_, score in candidates}
