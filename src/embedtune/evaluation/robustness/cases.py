"""What a robustness case is, and what the function that writes one is given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

WORD = re.compile(r"[^\W_]+(?:[-./][^\W_]+)*")


class Expectation(StrEnum):
    """What must hold for a variant of a question; `embedtune.evaluation.robustness.running` decides each.

    Whatever is expected, a case also fails where the system breaks off or returns a number that is not finite.
    """

    SAME_ANSWER = "same answer kept"
    DETAIL = "decisive detail respected"
    NO_CRASH = "no crash"
    FINITE = "finite vector"


@dataclass(frozen=True, slots=True)
class RobustnessCase:
    """One variant of a question with what is expected of it.

    Attributes:
        name: The family and a number, such as ``typos-07``.
        family: What was changed.
        query_id: The question it was made from.
        reference: The text that the variant is compared with: the question, in some families with a detail added.
        text: The variant.
        expectation: What must hold.
        answers: The sections that answer the question.
    """

    name: str
    family: str
    query_id: str
    reference: str
    text: str
    expectation: Expectation
    answers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """A question with what its variants may be made from.

    Attributes:
        text: The question.
        answers: The texts of the sections that answer it.
        frequencies: In how many sections of the corpus each lower-case word stands.
    """

    text: str
    answers: tuple[str, ...]
    frequencies: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Variant:
    """A changed question, and the text it is to be compared with."""

    text: str
    reference: str


Vary = Callable[[Subject, Random], Variant | None]
"""Returns a variant of a question, or ``None`` where the question offers nothing to change."""


def word_frequencies(texts: Iterable[str]) -> Counter[str]:
    """Return in how many texts each lower-case word stands; part numbers are words."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word.group().lower() for word in WORD.finditer(text)})
    return counts


def replaced(text: str, match: re.Match[str], new: str) -> str:
    """Return a text with what was matched in it replaced."""
    return text[: match.start()] + new + text[match.end() :]


def first_change(text: str, changes: Iterable[Callable[[str, Random], str]], rng: Random) -> str | None:
    """Return what one of several changes, tried in random order, makes of a text; ``None`` if none alters it."""
    order = list(changes)
    rng.shuffle(order)
    return next((changed for change in order if (changed := change(text, rng)) != text), None)
