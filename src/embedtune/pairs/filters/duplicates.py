"""Questions that were asked before, in nearly the same words.

Two questions are the same here if they have the same content words, or one has a single word more and
the words they share are at least a share of all (`FilterSettings.duplicate_threshold`). One word in
the place of another makes another question: the front wheel is not the rear wheel.

A set of words is recognised by the sum of its words' hashes, and a set that lacks one word by the same
sum less that word's hash; so no pairs are formed, and the time is that of sorting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embedtune.pairs.filters.batch import QuestionBatch

_WORD = re.compile(r"[^\W_]+")
_ROUNDING = 1e-9
_SETS_AT_ONCE = 1 << 18


def ambiguous(batch: QuestionBatch, threshold: float) -> NDArray[np.bool_]:
    """Return which questions are asked of several clusters: they have no one answer, so no copy is any good.

    Args:
        batch: The questions.
        threshold: Share of all words that two questions must have in common, above 0, at most 1.
    """
    sets = _hashed_sets(batch, threshold)
    groups = int(sets.whole.max(initial=-1)) + 1
    less_clusters = batch.clusters[sets.less_owner]
    first, last = _range(sets.whole, batch.clusters, groups)
    first_less, last_less = _range(sets.less, less_clusters, groups)
    lowest, highest = np.minimum(first, first_less), np.maximum(last, last_less)
    found: NDArray[np.bool_] = lowest[sets.whole] != highest[sets.whole]
    foreign = (first[sets.less] != less_clusters) | (last[sets.less] != less_clusters)
    found[sets.less_owner[foreign]] = True
    return found


def near_duplicate(batch: QuestionBatch, threshold: float) -> NDArray[np.bool_]:
    """Return which questions repeat an earlier one of the same cluster that stays.

    Args:
        batch: The questions.
        threshold: Share of all words that two questions must have in common, above 0, at most 1.
    """
    sets = _hashed_sets(batch, threshold)
    width = int(batch.clusters.max(initial=0)) + 1
    whole = sets.whole * width + batch.clusters
    less = sets.less * width + batch.clusters[sets.less_owner]
    keys, first = np.unique(whole, return_index=True)
    repeats = np.ones(len(whole), dtype=np.bool_)
    repeats[first] = False
    if not len(less):
        return repeats
    place = np.minimum(np.searchsorted(keys, less), len(keys) - 1)
    near = (keys[place] == less) & ~repeats[sets.less_owner]
    pairs = np.sort(np.stack([sets.less_owner[near], first[place[near]]], axis=1), axis=1)
    # In the order of the later ones, so that it is settled whether an earlier one stays.
    for earlier, later in pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))].tolist():
        repeats[later] |= not repeats[earlier]
    return repeats


def exact_duplicate(batch: QuestionBatch) -> NDArray[np.bool_]:
    """Return which questions have the very words of an earlier one of the same cluster, function words too."""
    seen: set[tuple[int, str]] = set()
    repeats = np.zeros(len(batch.drafts), dtype=np.bool_)
    for position, (cluster, text) in enumerate(zip(batch.clusters.tolist(), batch.texts, strict=True)):
        key = (cluster, " ".join(_WORD.findall(text.lower())))
        repeats[position] = key in seen
        seen.add(key)
    return repeats


@dataclass(frozen=True, slots=True)
class _HashedSets:
    """Numbers of word sets; equal sets have equal numbers.

    Attributes:
        whole: The set of each question.
        less: Sets that lack one word of a question and are the set of another one.
        less_owner: The question that each of these was made from.
    """

    whole: NDArray[np.int64]
    less: NDArray[np.int64]
    less_owner: NDArray[np.int64]


def _hashed_sets(batch: QuestionBatch, threshold: float) -> _HashedSets:
    hashes = batch.vocabulary.hashes
    whole = batch.sets.totals(hashes)
    sizes, owners = batch.sets.sizes, batch.sets.owners
    long_enough = (sizes - 1 >= threshold * sizes - _ROUNDING)[owners]
    owner, word = owners[long_enough], batch.sets.words[long_enough]
    keys, numbers = np.unique(whole, return_inverse=True)
    less, less_owner = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin in range(0, len(owner), _SETS_AT_ONCE):
        part = slice(begin, begin + _SETS_AT_ONCE)
        wanted = whole[owner[part]] - hashes[word[part]]
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        met = keys[place] == wanted
        less.append(place[met])
        less_owner.append(owner[part][met])
    return _HashedSets(numbers, np.concatenate(less), np.concatenate(less_owner))


def _range(
    groups: NDArray[np.int64], clusters: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the least and the greatest cluster of each group; a great and a negative number without any."""
    least = np.full(size, np.iinfo(np.int64).max)
    greatest = np.full(size, -1)
    np.minimum.at(least, groups, clusters)
    np.maximum.at(greatest, groups, clusters)
    return least, greatest
