"""Clusters of sections that say nearly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHINGLE_WORDS = 3
_PERMUTATIONS = 128


def near_duplicate_pairs(texts: Sequence[str], threshold: float) -> list[tuple[int, int]]:
    """Return the pairs of texts whose word 3-shingles have at least ``threshold`` Jaccard similarity.

    Candidates come from MinHash with locality-sensitive hashing (Broder 1997, by ``datasketch``);
    each is then checked exactly, so that a hash collision never joins two sections.

    Args:
        texts: The texts.
        threshold: Similarity from 0 to 1 at which two texts count as near-duplicates.

    Returns:
        Pairs of positions, the smaller first, in order.
    """
    from datasketch import MinHash, MinHashLSH

    shingles = [_shingles(text) for text in texts]
    index = MinHashLSH(threshold=max(0.1, threshold - 0.1), num_perm=_PERMUTATIONS)
    pairs: list[tuple[int, int]] = []
    for position, words in enumerate(shingles):
        if not words:
            continue
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=1)
        sketch.update_batch([shingle.encode() for shingle in sorted(words)])
        candidates = sorted(index.query(sketch))
        pairs += [(other, position) for other in candidates if _jaccard(words, shingles[other]) >= threshold]
        index.insert(position, sketch)
    return sorted(pairs)


def clusters(count: int, links: Sequence[tuple[int, int]]) -> list[int]:
    """Return the cluster of each of ``count`` items, named by its smallest member, given linked pairs."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not count:
        return []
    rows, columns = [a for a, _ in links], [b for _, b in links]
    graph = coo_array((np.ones(len(links)), (rows, columns)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    smallest: dict[int, int] = {}
    for item, label in enumerate(labels):
        smallest.setdefault(int(label), item)
    return [smallest[int(label)] for label in labels]


def _shingles(text: str) -> frozenset[str]:
    words = text.lower().split()
    if not words:
        return frozenset()
    last = max(1, len(words) - _SHINGLE_WORDS + 1)
    return frozenset(" ".join(words[start : start + _SHINGLE_WORDS]) for start in range(last))


def _jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right)
