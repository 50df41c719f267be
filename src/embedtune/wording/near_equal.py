"""Find questions that ask what another question asks: other order, function words, endings, a typo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.arrays import bounded_runs
from embedtune.wording.typos import typo_pairs
from embedtune.wording.word_sets import Vocabulary, WordSets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_CANDIDATES = 1 << 16
_PAIRS = 1 << 20
_ENOUGH_TO_CONTAIN = 2
_AT_ONCE = 2
_NONE = -1
_ROUNDING = 1e-9


def near_equal_questions(candidates: Sequence[str], references: Sequence[str], threshold: float) -> list[int]:
    """Return the positions of the candidates that ask what some reference asks; see `near_equal_pairs`."""
    return [candidate for candidate, _ in near_equal_pairs(candidates, references, threshold)]


def near_equal_pairs(candidates: Sequence[str], references: Sequence[str], threshold: float) -> list[tuple[int, int]]:
    """Return the positions of the candidates that ask what some reference asks, each with that reference's.

    Two questions are near-equal if their content words (lower case, stemmed, without function words)
    agree: their Jaccard similarity reaches the threshold, or one has all words of the other, two at
    least, and at most one more. A word with one typo agrees too, if as many others agree exactly.
    Questions that name different numbers are never near-equal.

    The result is exact; pairs are looked at only if they share two of the rare words without which
    the threshold is out of reach (prefix filtering; Bayardo et al. 2007, "Scaling up all pairs
    similarity search"; with more than one word: Wang et al. 2012, "Can we beat the prefix filtering?").

    Args:
        candidates: Questions.
        references: Questions; where several are near-equal to a candidate, the first one is named.
        threshold: Similarity, above 0, at most 1.
    """
    vocabulary = Vocabulary()
    left, right = vocabulary.read(candidates), vocabulary.read(references)
    first = first_near_equal(left, right, vocabulary, threshold)
    found = np.flatnonzero(first >= 0)
    return list(zip(found.tolist(), first[found].tolist(), strict=True))


def near_equal(
    candidates: WordSets, references: WordSets, vocabulary: Vocabulary, threshold: float
) -> NDArray[np.bool_]:
    """Return which candidates are near-equal to a reference; see `first_near_equal`."""
    return first_near_equal(candidates, references, vocabulary, threshold) >= 0


def first_near_equal(
    candidates: WordSets, references: WordSets, vocabulary: Vocabulary, threshold: float
) -> NDArray[np.int64]:
    """Return the first reference that each candidate is near-equal to, -1 for none; shape (candidates,).

    Those without content words are near-equal to none.

    Args:
        candidates: Word sets read by the vocabulary.
        references: Word sets read by the vocabulary.
        vocabulary: The vocabulary.
        threshold: Similarity, above 0, at most 1.
    """
    found = np.full(len(candidates), _NONE, dtype=np.int64)
    hashes = vocabulary.hashes
    _, distinct = np.unique(references.totals(hashes), return_index=True)
    distinct = np.sort(distinct[references.sizes[distinct] > 0])
    references = references.only(distinct)
    if not len(references) or not len(candidates.words):
        return found
    links = _links(candidates, references, vocabulary.stems)
    index = _rare_words(candidates, references, links, threshold, len(vocabulary))
    is_number = np.array([stem.isdecimal() for stem in vocabulary.stems], dtype=np.uint64)
    numbers = hashes * is_number
    reference_numbers = references.totals(numbers)
    for begin in range(0, len(candidates), _CANDIDATES):
        part = candidates.only(np.arange(begin, min(begin + _CANDIDATES, len(candidates))))
        join = _Join(part, references, links, threshold, part.totals(numbers), reference_numbers)
        for candidate, reference in _pairs(part, index):
            agreed = np.flatnonzero(join.agree(candidate, reference))
            # A candidate's pairs are all in one batch, by reference: the first of them is the first reference.
            several, first = np.unique(candidate[agreed], return_index=True)
            found[begin + several] = distinct[reference[agreed[first]]]
    return found


@dataclass(frozen=True, slots=True)
class _Links:
    """From each number to some others.

    Attributes:
        starts: Where the ones of each number begin; shape (numbers + 1,).
        ends: The others.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @staticmethod
    def of(left: NDArray[np.int64], right: NDArray[np.int64], size: int) -> _Links:
        order = np.lexsort((right, left))
        return _Links(np.searchsorted(left[order], np.arange(size + 1)), right[order])

    def follow(self, numbers: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for every link of every number its place in ``numbers`` and where it ends."""
        sizes = self.starts[numbers + 1] - self.starts[numbers]
        place = np.repeat(np.arange(len(numbers)), sizes)
        offset = np.arange(len(place)) - np.repeat(sizes.cumsum() - sizes, sizes)
        return place, self.ends[self.starts[numbers][place] + offset]


@dataclass(frozen=True, slots=True)
class _RareWords:
    """The words by which references are found.

    Attributes:
        links: From words of candidates to references.
        at_once: How many of its words must meet for each reference; shape (references,).
    """

    links: _Links
    at_once: NDArray[np.int64]


def _links(candidates: WordSets, references: WordSets, stems: Sequence[str]) -> _Links:
    """Link each word of the candidates to the words of the references that agree with it."""
    ours, theirs = (np.flatnonzero(np.bincount(sets.words)) for sets in (candidates, references))
    typos = typo_pairs([stems[word] for word in ours.tolist()], [stems[word] for word in theirs.tolist()])
    left = np.array([one for one, _ in typos], dtype=np.int64)
    right = np.array([other for _, other in typos], dtype=np.int64)
    return _Links.of(np.concatenate([theirs, ours[left]]), np.concatenate([theirs, theirs[right]]), len(stems))


def _rare_words(
    candidates: WordSets, references: WordSets, links: _Links, threshold: float, vocabulary: int
) -> _RareWords:
    """Return the rarest words of each reference, so many that a near-equal candidate has two of them.

    One where one shared word may be enough for the threshold.
    """
    word, reached = links.follow(np.arange(vocabulary))
    frequency = np.bincount(candidates.words, minlength=vocabulary)
    met = np.bincount(reached, frequency[word], minlength=vocabulary)
    owners, sizes = references.owners, references.sizes
    order = np.lexsort((references.words, met[references.words], owners))
    place = np.arange(len(order)) - references.starts[owners]
    needed = np.ceil(threshold * sizes - _ROUNDING).astype(np.int64)
    needed = np.maximum(np.minimum(needed, np.maximum(sizes - 1, _ENOUGH_TO_CONTAIN)), 1)
    at_once = np.minimum(needed, _AT_ONCE)
    rare = place < (sizes - needed + at_once)[owners]
    by_reference_word = _Links.of(references.words[order][rare].astype(np.int64), owners[rare], vocabulary)
    step, reference = by_reference_word.follow(reached)
    return _RareWords(_Links.of(word[step], reference, vocabulary), at_once)


def _pairs(candidates: WordSets, index: _RareWords) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield candidates with the references that share enough rare words, in batches, each pair once."""
    owners = candidates.owners
    costs = np.diff(index.links.starts)[candidates.words]
    hits = np.flatnonzero(costs)
    for begin, end in bounded_runs(np.bincount(owners[hits], costs[hits], minlength=len(candidates)), _PAIRS):
        places = hits[slice(*np.searchsorted(owners[hits], (begin, end)))]
        step, reference = index.links.follow(candidates.words[places])
        keys = np.sort((owners[places][step] << 32) | reference)
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        times = np.diff(first, append=len(keys))
        keys = keys[first]
        keys = keys[times >= index.at_once[keys & 0xFFFFFFFF]]
        yield keys >> 32, keys & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Join:
    """Decides for pairs of candidates and references."""

    candidates: WordSets
    references: WordSets
    links: _Links
    threshold: float
    candidate_numbers: NDArray[np.uint64]
    reference_numbers: NDArray[np.uint64]

    def agree(self, candidate: NDArray[np.int64], reference: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which pairs are near-equal."""
        ours, theirs = self.candidates.sizes[candidate], self.references.sizes[reference]
        ours_named, theirs_named = self.candidate_numbers[candidate], self.reference_numbers[reference]
        possible = (ours_named == theirs_named) | (ours_named == 0) | (theirs_named == 0)
        possible &= self._similar(np.minimum(ours, theirs), ours, theirs)
        agreed = np.zeros(len(candidate), dtype=np.bool_)
        tried = np.flatnonzero(possible)
        pair, ours_found, theirs_found = self._hits(candidate[tried], reference[tried])
        sizes = ours[tried], theirs[tried]
        # A word found twice counts once, but where even the double count is too low there is no need to look.
        close = self._similar(np.minimum(np.bincount(pair, minlength=len(tried)), sizes[0]), *sizes)
        left = close[pair]
        pair, ours_found, theirs_found = pair[left], ours_found[left], theirs_found[left]
        exact = np.bincount(pair[ours_found == theirs_found], minlength=len(tried))
        shared = np.bincount(_distinct((pair << 32) | theirs_found) >> 32, minlength=len(tried))
        shared = np.minimum(shared, sizes[0])
        agreed[tried] = close & self._similar(shared, *sizes) & (shared - exact <= exact)
        return agreed

    def _similar(
        self, shared: NDArray[np.int64], ours: NDArray[np.int64], theirs: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        contained = (shared >= np.minimum(ours, theirs)) & (shared >= _ENOUGH_TO_CONTAIN) & (abs(ours - theirs) <= 1)
        return contained | (shared >= self.threshold * (ours + theirs - shared) - _ROUNDING)

    def _hits(
        self, candidate: NDArray[np.int64], reference: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Return the words that agree: number of the pair, word of the candidate, word of the reference."""
        places, pair = self.candidates.places(candidate)
        words = self.candidates.words[places]
        step, reached = self.links.follow(words)
        pair = pair[step]
        keys = (self.references.owners << 32) | self.references.words
        wanted = (reference[pair] << 32) | reached
        hit = keys[np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)] == wanted
        return pair[hit], words[step][hit], reached[hit]


def _distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the different keys, ascending; sorting takes a fraction of the time of `numpy.unique`'s hashing."""
    keys = np.sort(keys)
    distinct: NDArray[np.int64] = keys[np.diff(keys, prepend=-1) != 0]
    return distinct
