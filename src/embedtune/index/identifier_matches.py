"""Which sections hold a part number of a question, and which hold one that only looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from embedtune.index.identifiers import identifier, identifiers
from embedtune.index.token_ids import TokenIds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Section

_NO_IDS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NearMisses:
    """Sections that a part number of a question tells apart.

    Attributes:
        exact: Those that hold it, in any spelling.
        near: Those that hold another one much like it, and none of the question's.
    """

    exact: frozenset[str] = _NO_IDS
    near: frozenset[str] = _NO_IDS


@dataclass(frozen=True, slots=True)
class IdentifierMatch:
    """One part number of a question.

    Attributes:
        exact: Numbers of the tokens that are it, in any spelling; at least one.
        near: Numbers of the tokens that are another one, up to half of its characters away.
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
        self._spellings = list(self._numbers)

    def of(self, question: str) -> list[IdentifierMatch]:
        """Return the part numbers of a question that the corpus holds; for one it lacks the nearest may well do."""
        joined = dict.fromkeys(found.joined for found in identifiers(question))
        return [IdentifierMatch(self._numbers[one], self._near(one)) for one in joined if one in self._numbers]

    def _near(self, joined: str) -> tuple[int, ...]:
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        found = process.extract(
            joined, self._spellings, scorer=Levenshtein.distance, score_cutoff=len(joined) // 2, limit=None
        )
        return tuple(number for other, distance, _ in found if distance for number in self._numbers[other])


class SectionIdentifiers:
    """Tells sections apart by part numbers, from their texts; they are read when the first question has one.

    Args:
        sections: The sections.
    """

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections

    def told_apart(self, question: str) -> NearMisses:
        """Return the sections that a part number of a question tells apart; none where it has none."""
        if not identifiers(question):
            return NearMisses()
        matches = self._held.matches.of(question)
        exact = self._holding(number for match in matches for number in match.exact)
        near = self._holding(number for match in matches for number in match.near) - exact
        return NearMisses(exact, near) if near else NearMisses()

    @cached_property
    def _held(self) -> _HeldTokens:
        known = TokenIds()
        numbers, lengths = known.learn([section.full_text for section in self._sections])
        return _HeldTokens(IdentifierMatches(known.numbers()), numbers, np.repeat(np.arange(len(lengths)), lengths))

    def _holding(self, numbers: Iterable[int]) -> frozenset[str]:
        rows = np.unique(self._held.owners[np.isin(self._held.numbers, list(numbers))])
        return frozenset(self._sections[row].id for row in rows)


@dataclass(frozen=True, slots=True)
class _HeldTokens:
    """Every token of every section, and whose it is."""

    matches: IdentifierMatches
    numbers: NDArray[np.int32]
    owners: NDArray[np.intp]
