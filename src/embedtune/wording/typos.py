"""Which words are one slip of the keyboard apart."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHORTEST = 4


def typo_pairs(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of words that one insertion, deletion, replacement or swap turns into each other.

    Equal words are not among them, nor words with a digit or of fewer than four letters, where one
    letter makes another word. Words that are one edit apart share a form with one letter left out
    (SymSpell's symmetric deletion), so the time grows with the number of words, not of pairs.

    Args:
        left: Distinct words.
        right: Distinct words, the ones that are indexed.
    """
    by_form: dict[str, list[int]] = defaultdict(list)
    for position, word in enumerate(right):
        for form in _forms(word):
            by_form[form].append(position)
    pairs: set[tuple[int, int]] = set()
    for position, word in enumerate(left):
        for form in _forms(word):
            pairs.update((position, other) for other in by_form.get(form, ()))
    return sorted((one, other) for one, other in pairs if _distance_is_one(left[one], right[other]))


def one_slip_apart(one: str, other: str) -> bool:
    """Tell whether one insertion, deletion, replacement or swap turns a word into another; see `typo_pairs`."""
    return _may_hold_typo(one) and _may_hold_typo(other) and _distance_is_one(one, other)


def _distance_is_one(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) == 1


def _may_hold_typo(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isalpha()


def _forms(word: str) -> Iterator[str]:
    if _may_hold_typo(word):
        yield word
        for place in range(len(word)):
            yield word[:place] + word[place + 1 :]
