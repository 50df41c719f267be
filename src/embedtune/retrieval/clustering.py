"""Divide sections into clusters by their vectors, and name each cluster by its words."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import InputError
from embedtune.index.identifiers import tokens
from embedtune.wording.stems import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_MOST_ROUNDS = 50
_LABEL_TERMS = 4
_SHORTEST_TERM = 3
_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Cluster:
    """Sections that are near each other.

    Attributes:
        members: Their rows, those nearest to the middle first.
        label: The words that tell it from the other clusters, most telling first.
        coherence: Mean cosine of its members with its middle, -1 to 1.
    """

    members: tuple[int, ...]
    label: tuple[str, ...]
    coherence: float


def cluster_count(count: int) -> int:
    """Return how many clusters to make of so many sections where nobody says: the root of their half."""
    return max(1, round(math.sqrt(count / 2)))


def clusters_of(vectors: NDArray[np.float32], texts: Sequence[str], count: int, seed: int) -> tuple[Cluster, ...]:
    """Return the clusters of sections, the largest first.

    Spherical k-means (Dhillon and Modha 2001, "Concept decompositions for large sparse text data using
    clustering"), begun by k-means++ (Arthur and Vassilvitskii 2007).

    Args:
        vectors: A unit vector of each section, shape (n, dimension).
        texts: Their texts.
        count: How many clusters; fewer where fewer vectors differ.
        seed: Seed of the first middles.

    Raises:
        InputError: ``count`` is below 1 or above the number of sections.
    """
    if not 1 <= count <= len(vectors):
        raise InputError(
            f"{len(vectors)} sections cannot be divided into {count} clusters.",
            f"Ask for 1 to {len(vectors)} clusters.",
        )
    middles = _first_middles(vectors, count, np.random.default_rng(seed))
    owners, cosines = _nearest(vectors, middles)
    for _ in range(_MOST_ROUNDS):
        middles = _middles(vectors, owners, middles)
        before = owners
        owners, cosines = _nearest(vectors, middles)
        if np.array_equal(owners, before):
            break
    groups = [np.flatnonzero(owners == number) for number in range(len(middles))]
    groups = sorted((group for group in groups if len(group)), key=lambda group: (-len(group), int(group[0])))
    labels = cluster_labels([[texts[row] for row in group.tolist()] for group in groups])
    return tuple(
        Cluster(
            tuple(int(row) for row in group[np.argsort(-cosines[group], kind="stable")]),
            label,
            float(cosines[group].mean()),
        )
        for group, label in zip(groups, labels, strict=True)
    )


def cluster_labels(groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return for each group of texts the words that stand in more of its texts than elsewhere.

    Class-based tf-idf (Grootendorst 2022, "BERTopic"), with the share of texts that hold a word as its frequency,
    so that one long text does not name its cluster.

    Args:
        groups: The texts of each cluster.
    """
    held = [Counter(word for text in texts for word in _telling(text)) for texts in groups]
    total: Counter[str] = Counter()
    for counts in held:
        total.update(counts)
    mean = sum(total.values()) / max(1, len(groups))
    labels: list[tuple[str, ...]] = []
    for counts, texts in zip(held, groups, strict=True):
        weights = {word: count / len(texts) * np.log1p(mean / total[word]) for word, count in counts.items()}
        best = sorted(weights, key=lambda word: (-weights[word], word))
        labels.append(tuple(best[:_LABEL_TERMS]))
    return labels


def _telling(text: str) -> set[str]:
    return {
        token
        for token in tokens(text)
        if len(token) >= _SHORTEST_TERM and token not in STOP_WORDS and not token.replace(".", "").isdigit()
    }


def _first_middles(vectors: NDArray[np.float32], count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    chosen = [int(generator.integers(len(vectors)))]
    distances = np.maximum(1 - vectors @ vectors[chosen[0]], 0).astype(np.float64)
    while len(chosen) < count and distances.sum() > 0:
        chosen.append(int(generator.choice(len(vectors), p=distances / distances.sum())))
        distances = np.minimum(distances, np.maximum(1 - vectors @ vectors[chosen[-1]], 0))
        distances[chosen] = 0
    return vectors[chosen].copy()


def _nearest(
    vectors: NDArray[np.float32], middles: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    owners = np.empty(len(vectors), dtype=np.intp)
    cosines = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), _ROWS):
        scores = vectors[start : start + _ROWS] @ middles.T
        owners[start : start + _ROWS] = scores.argmax(axis=1)
        cosines[start : start + _ROWS] = scores.max(axis=1)
    return owners, cosines


def _middles(
    vectors: NDArray[np.float32], owners: NDArray[np.intp], before: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the mean direction of each cluster; one without members, or without a direction, stays."""
    sums = np.zeros(before.shape, dtype=np.float64)
    np.add.at(sums, owners, vectors)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), before).astype(np.float32)
