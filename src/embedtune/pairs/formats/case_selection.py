"""Choose the questions of a test suite by difficulty and category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from embedtune.errors import FormatError
from embedtune.pairs.formats.test_suite import TestSuite
from embedtune.vocabulary.pairs import Query


class Difficulty(StrEnum):
    """How hard a question is, the easiest first."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


_ORDER = list(Difficulty)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which questions are wanted; all of them by default.

    Attributes:
        min_difficulty: Easier questions are left out. A question of unknown difficulty stays: whoever gave
            none meant it to be asked.
        skip_categories: Questions of these categories are left out, whatever their case.
    """

    min_difficulty: Difficulty | None = None
    skip_categories: tuple[str, ...] = ()

    def reason_against(self, query: Query) -> str:
        """Return why a question is left out, empty if it stays."""
        category = query.category.strip().casefold()
        if category in {name.strip().casefold() for name in self.skip_categories}:
            return f"category {category}"
        known = next((level for level in _ORDER if level == query.difficulty.strip().lower()), None)
        if self.min_difficulty and known and _ORDER.index(known) < _ORDER.index(self.min_difficulty):
            return f"difficulty {known.value}"
        return ""


@dataclass(frozen=True, slots=True)
class Selected:
    """What a selection left of a test suite.

    Attributes:
        suite: The suite with the cases that stay, in order.
        left_out: Reason (``difficulty easy``, ``category symptom``) to the number of cases left out.
    """

    suite: TestSuite
    left_out: Mapping[str, int] = field(default_factory=dict)


def select_cases(suite: TestSuite, selection: Selection) -> Selected:
    """Leave out the cases of a suite that are too easy or of a category that is not wanted.

    Args:
        suite: The suite.
        selection: Which cases are wanted.

    Raises:
        FormatError: No case stays, or no case has a category that is to be skipped.
    """
    stay, left_out = select_queries([case.query for case in suite.cases], selection)
    cases = tuple(case for case in suite.cases if case.query.id in stay)
    return Selected(replace(suite, cases=cases), left_out)


def select_queries(queries: Sequence[Query], selection: Selection) -> tuple[frozenset[str], Mapping[str, int]]:
    """Return the ids of the questions that stay, and for each reason how many do not.

    Raises:
        FormatError: No question stays, or none has a category that is to be skipped.
    """
    known = {query.category.strip().casefold() for query in queries}
    absent = [name for name in selection.skip_categories if name.strip().casefold() not in known]
    if absent:
        names = ", ".join(sorted({query.category for query in queries if query.category})[:20])
        raise FormatError(f"No question has the category {absent[0]!r}.", f"The categories are {names or 'none'}.")
    reasons = {query.id: selection.reason_against(query) for query in queries}
    stay = frozenset(identity for identity, reason in reasons.items() if not reason)
    left_out = dict(sorted(Counter(reason for reason in reasons.values() if reason).items()))
    if queries and not stay:
        counts = ", ".join(f"{count} of {reason}" for reason, count in left_out.items())
        raise FormatError(f"No question is left: {counts}.", "Ask for less difficulty, or skip fewer categories.")
    return stay, left_out
