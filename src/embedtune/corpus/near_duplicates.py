"""Clusters of sections that say nearly the same.

Texts meet in the bands of their MinHash signatures (Broder 1997, "On the resemblance and containment
of documents"; banding after Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3;
signatures and hash tables by ``rensa``) and are then compared by their shingles.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHINGLE_WORDS = 3
_BANDS = 28
_MAX_ROWS = 64
_WANTED_RECALL = 0.999  # more than the contract's: texts of a few words fall behind the formula
_BUCKET_SIZE = 16
_CACHED_TEXTS = 1024

Shingle = tuple[str, ...]


def near_duplicate_pairs(texts: Sequence[str], threshold: float) -> list[tuple[int, int]]:
    """Return pairs of texts whose word 3-shingles have at least ``threshold`` Jaccard similarity.

    Every pair returned was compared exactly, so that a hash collision never joins two sections. The
    pairs link all members of a cluster, and are not all pairs of it: of equal texts each is
    paired with the first alone.

    Args:
        texts: The texts; those without a word are like no other. Case and spacing do not count.
        threshold: Similarity from 0 to 1 at which two texts count as near-duplicates. A pair right at
            it is found with a probability of .99 (.96 if the texts have only a dozen words), one further above
            with more; texts without a common shingle are never found.

    Returns:
        Pairs of positions, the smaller first, in order.
    """
    first: dict[bytes, int] = {}
    pairs: list[tuple[int, int]] = []
    for position, text in enumerate(texts):
        if words := text.lower().split():
            earliest = first.setdefault(blake2b(_encoded(words), digest_size=16).digest(), position)
            if earliest != position:
                pairs.append((earliest, position))
    return sorted([*pairs, *_links(texts, list(first.values()), threshold)])


def shingles(text: str) -> frozenset[Shingle]:
    """Return the runs of three words of a text in lower case; of a shorter text, its words as one.

    Args:
        text: Any text; spacing does not count. One without a word has no shingle.
    """
    words = text.lower().split()
    if not words:
        return frozenset()
    last = max(1, len(words) - _SHINGLE_WORDS + 1)
    return frozenset(tuple(words[start : start + _SHINGLE_WORDS]) for start in range(last))


def clusters(count: int, links: Sequence[tuple[int, int]]) -> list[int]:
    """Return the cluster of each of ``count`` items, named by its smallest member, given linked pairs."""
    from scipy.cluster.hierarchy import DisjointSet

    linked = DisjointSet(range(count))
    for left, right in links:
        linked.merge(left, right)
    smallest: dict[int, int] = {}
    return [smallest.setdefault(linked[item], item) for item in range(count)]


def _links(texts: Sequence[str], different: Sequence[int], threshold: float) -> Iterator[tuple[int, int]]:
    """Yield similar pairs among different texts, as few as span the clusters.

    A text enters no bucket that is full. Later texts that fall into it are compared with those that
    came first alone, so that the work grows with the texts, and not with their pairs, where many
    share a notice.
    """
    from rensa import RMinHash, RMinHashLSH
    from scipy.cluster.hierarchy import DisjointSet

    rows = _rows(threshold)
    # Of a single index of all bands one could not tell which of its buckets are full.
    bands = [RMinHashLSH(threshold, rows, 1) for _ in range(_BANDS)]
    linked = DisjointSet(different)
    shingles_of = lru_cache(_CACHED_TEXTS)(lambda position: shingles(texts[position]))
    for position in different:
        own = shingles_of(position)
        tokens = [_encoded(shingle) for shingle in own]
        met: set[int] = set()
        for seed, band in enumerate(bands):
            signature = RMinHash(rows, seed)
            signature.update(tokens)
            bucket = band.query(signature)
            met.update(bucket)
            if len(bucket) < _BUCKET_SIZE:
                band.insert(position, signature)
        for other in sorted(met):
            if not linked.connected(other, position) and _jaccard(shingles_of(other), own) >= threshold:
                linked.merge(other, position)
                yield other, position


def _rows(threshold: float) -> int:
    """Return how many rows a band may have for a pair at the threshold to meet in one or another."""
    heights = range(1, _MAX_ROWS + 1)
    return max((rows for rows in heights if 1 - (1 - threshold**rows) ** _BANDS >= _WANTED_RECALL), default=1)


def _encoded(words: Sequence[str]) -> bytes:
    """Return words as the bytes to hash, one blank apart."""
    return " ".join(words).encode("utf-8", "surrogatepass")


def _jaccard(left: frozenset[Shingle], right: frozenset[Shingle]) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)
