"""Which sections hold a part number of a question, and which hold one that only looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embedtune.index.identifiers import identifier, identifiers


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
