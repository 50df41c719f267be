"""Which questions to write next: the queries that did not belong, put together by what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.log_entries import LogEntry

MOST_CLUSTERED = 2000
"""Different unusual queries that are clustered, at most: the most frequent ones."""

_SMALLEST = 3  # queries; fewer are no cluster but chance
_NEAR = 0.5  # cosine distance of sketches within a cluster, on average
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class UnusualCluster:
    """Queries about one thing that the normal queries do not know.

    Attributes:
        queries: How many there were, repetitions included.
        distinct: How many different ones.
        share: Their share of all queries of the log.
        examples: The texts of those nearest to its middle.
    """

    queries: int
    distinct: int
    share: float
    examples: tuple[str, ...]


def unusual_clusters(entries: Sequence[LogEntry], of: int) -> tuple[UnusualCluster, ...]:
    """Cluster unusual queries by the direction of their sketches; the largest cluster comes first.

    Average linkage (Sokal and Michener 1958). Queries for which a written rule holds are left out: nobody should write
    questions like attacks; so are entries without a text, which tell nobody what to write.

    Args:
        entries: Log entries of queries that were flagged or unusual.
        of: How many queries the log has in all.
    """
    counts: dict[str, int] = {}
    first: dict[str, LogEntry] = {}
    for entry in entries:
        if entry.text is not None and not entry.rules and any(entry.sketch):
            counts[entry.query] = counts.get(entry.query, 0) + 1
            first.setdefault(entry.query, entry)
    chosen = sorted(counts, key=lambda query: (-counts[query], query))[:MOST_CLUSTERED]
    if len(chosen) < _SMALLEST:
        return ()
    sketches = np.array([first[query].sketch for query in chosen], dtype=np.float64)
    sketches /= np.linalg.norm(sketches, axis=1, keepdims=True)
    labels = _labels(sketches)
    found = [
        _cluster(sketches, np.flatnonzero(labels == label), [first[query] for query in chosen], counts, of)
        for label in sorted(set(labels.tolist()))
    ]
    return tuple(sorted((c for c in found if c.distinct >= _SMALLEST), key=lambda c: (-c.queries, c.examples)))


def _labels(sketches: NDArray[np.float64]) -> NDArray[np.intp]:
    from scipy.cluster.hierarchy import fcluster, linkage

    return np.asarray(fcluster(linkage(sketches, "average", "cosine"), _NEAR, "distance"), dtype=np.intp)


def _cluster(
    sketches: NDArray[np.float64],
    rows: NDArray[np.intp],
    entries: Sequence[LogEntry],
    counts: dict[str, int],
    of: int,
) -> UnusualCluster:
    middle = sketches[rows].mean(axis=0)
    central = rows[np.argsort(-(sketches[rows] @ middle), kind="stable")][:_EXAMPLES]
    queries = sum(counts[entries[row].query] for row in rows.tolist())
    examples = tuple(entries[row].text or "" for row in central.tolist())
    return UnusualCluster(queries, len(rows), queries / of, examples)
