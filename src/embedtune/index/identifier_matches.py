"""Which sections hold a part number of a question, and which hold one that only looks like it.

Another one looks like it where letters and digits stand in the same order and one or two characters differ:
``P0421`` beside ``P0420``, ``10W-40`` beside ``10W-30``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from embedtune.index.identifiers import compounds, identifier
from embedtune.index.near_misses import NearMiss
from embedtune.index.token_ids import TokenIds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Section

_MOST_CHANGED = 2
_MOST_PARTS = 4


@dataclass(frozen=True, slots=True)
class IdentifierMatch:
    """One part number of a question.

    Attributes:
        exact: Numbers of the tokens that are it, in any spelling; at least one.
        near: Numbers of the tokens that only look like it.
    """

    exact: tuple[int, ...]
    near: tuple[int, ...]


class IdentifierMatches:
    """Looks part numbers up among the tokens of a corpus.

    Args:
        vocabulary: Every token of the corpus with its number.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        spellings: dict[str, list[int]] = {}
        for token, number in vocabulary.items():
            if found := identifier(token):
                spellings.setdefault(found.joined, []).append(number)
        self._numbers = {joined: tuple(numbers) for joined, numbers in spellings.items()}
        self._alike: dict[str, list[str]] = {}
        for joined in self._numbers:
            self._alike.setdefault(_shape(joined), []).append(joined)

    def of(self, question: str) -> list[IdentifierMatch]:
        """Return the part numbers of a question that the corpus holds; for one it lacks the nearest may well do.

        They may be written in parts: ``TM 9 803``.
        """
        held = [one for one in _written(question) if one in self._numbers]
        return [IdentifierMatch(self._numbers[one], self._near(one)) for one in held]

    def _near(self, joined: str) -> tuple[int, ...]:
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        alike = self._alike[_shape(joined)]
        found = process.extract(joined, alike, scorer=Levenshtein.distance, score_cutoff=_MOST_CHANGED, limit=None)
        return tuple(number for other, distance, _ in found if distance for number in self._numbers[other])


def told_apart(
    matches: Sequence[IdentifierMatch], holding: Callable[[Sequence[int]], NDArray[np.intp]]
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return for each part number the rows that hold it, and those that hold one that only looks like it.

    A row with a near miss counts as near even where it holds another part number of the question.

    Args:
        matches: The part numbers.
        holding: Returns the rows that hold any of some tokens, in order.
    """
    asked = {number for match in matches for number in match.exact}
    exact = [holding(match.exact) for match in matches]
    near = [
        np.setdiff1d(holding([one for one in match.near if one not in asked]), held, assume_unique=True)
        for match, held in zip(matches, exact, strict=True)
    ]
    missing = np.unique(np.concatenate(near)) if near else np.empty(0, dtype=np.intp)
    pairs = [
        (np.setdiff1d(held, missing, assume_unique=True), missed) for held, missed in zip(exact, near, strict=True)
    ]
    return [(held, missed) for held, missed in pairs if len(held) and len(missed)]


def _written(question: str) -> list[str]:
    """Return what may be a part number of a question, without separators: its words, and runs of a few of them."""
    parts = compounds(question)
    told = [any(map(str.isdigit, part)) for part in parts]
    runs = (
        parts[start : start + many]
        for start in range(len(parts))
        for many in range(1, _MOST_PARTS + 1)
        if any(told[start : start + many])  # a question of ten thousand words has few with a digit
    )
    found = (identifier("-".join(run)) for run in dict.fromkeys(map(tuple, runs)))
    return list(dict.fromkeys(one.joined for one in found if one))


def _shape(joined: str) -> str:
    """Return where letters and digits alternate: ``a0`` for ``p0420``."""
    return "".join(kind for kind, _ in groupby("0" if character.isdigit() else "a" for character in joined))


class SectionIdentifiers:
    """Tells sections apart by part numbers, from their texts; they are read when the first question has one.

    Args:
        sections: The sections.
    """

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections

    def near_misses(self, question: str) -> tuple[NearMiss, ...]:
        """Return what each part number of a question tells apart; nothing where it has none."""
        if not _written(question):
            return ()
        apart = told_apart(self._held.matches.of(question), self._holding)
        return tuple(NearMiss(self._ids(exact), self._ids(near)) for exact, near in apart)

    @cached_property
    def _held(self) -> _HeldTokens:
        known = TokenIds()
        numbers, lengths = known.learn([section.full_text for section in self._sections])
        return _HeldTokens(IdentifierMatches(known.numbers()), numbers, np.repeat(np.arange(len(lengths)), lengths))

    def _holding(self, numbers: Sequence[int]) -> NDArray[np.intp]:
        return np.unique(self._held.owners[np.isin(self._held.numbers, list(numbers))])

    def _ids(self, rows: NDArray[np.intp]) -> frozenset[str]:
        return frozenset(self._sections[row].id for row in rows)


@dataclass(frozen=True, slots=True)
class _HeldTokens:
    """Every token of every section, and whose it is."""

    matches: IdentifierMatches
    numbers: NDArray[np.int32]
    owners: NDArray[np.intp]
