"""Compare questions with all vectors and take the best: exact, in blocks, with ties that really go by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.arrays import reached_score

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROWS_AT_ONCE = 2048
"""Rows that are held in float64 at a time: few enough to stay in the processor's cache."""

_SCORES_AT_ONCE = 1 << 26
# Wider than what the order of float32 additions can change in the cosine of unit vectors.
_ROUNDING = 1e-5


def nearest(
    queries: NDArray[np.float32], held: NDArray[np.float32], ranks: NDArray[np.intp], limit: int
) -> Iterator[tuple[NDArray[np.intp], list[float]]]:
    """Yield for each query the rows of the nearest vectors, best first, with their cosines.

    A block of queries is multiplied with all vectors at a time, so that these are read from memory once a
    block. Candidates are found in float32 and scored again in float64, one row at a time: equal vectors score
    equal whatever rows stand beside them. Beside the vectors it takes 256 MiB, or one query's scores.

    Args:
        queries: Unit vectors, shape (m, dimension).
        held: Unit vectors, shape (n, dimension).
        ranks: Which row goes first where two score equal, the lower one; shape (n,).
        limit: How many are wanted, at least 1.
    """
    if not len(queries):
        return
    at_once = min(len(queries), max(1, _SCORES_AT_ONCE // max(1, len(held))))
    # One array for all blocks: memory that is asked for anew has to be cleared anew.
    scores = np.empty((at_once, len(held)), dtype=np.float32)
    for start in range(0, len(queries), at_once):
        block = queries[start : start + at_once]
        np.matmul(block, held.T, out=scores[: len(block)])
        for number, query in enumerate(block):
            yield _best(query, scores[number], held, ranks, limit)


def exact_cosines(query: NDArray[np.float32], held: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the dot products of a query with some rows in float64, each row summed by itself; shape (len(rows),)."""
    found = np.empty(len(rows), dtype=np.float64)
    exact = query.astype(np.float64)
    for start in range(0, len(rows), ROWS_AT_ONCE):  # a query of zeros ties with everything
        some = slice(start, start + ROWS_AT_ONCE)
        found[some] = (held[rows[some]].astype(np.float64) * exact).sum(axis=1)
    return found


def _best(
    query: NDArray[np.float32],
    scores: NDArray[np.float32],
    held: NDArray[np.float32],
    ranks: NDArray[np.intp],
    limit: int,
) -> tuple[NDArray[np.intp], list[float]]:
    """Return the best of one query: ``scores`` picks the candidates, float64 orders them."""
    if limit >= len(held):
        rows = np.arange(len(held))
    else:
        reached = reached_score(scores, limit)
        if reached == -np.inf:
            reached = float(np.partition(scores, -limit)[-limit])
        rows = np.flatnonzero(scores >= reached - _ROUNDING)
    cosines = exact_cosines(query, held, rows)
    order = np.lexsort((ranks[rows], -cosines))[:limit]
    return rows[order], cosines[order].tolist()
