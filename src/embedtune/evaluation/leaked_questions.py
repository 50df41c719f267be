"""Which test questions were trained on, word for word, misspelt or in another order, and which came close to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from embedtune.wording.misspelt import misspelt_pairs
from embedtune.wording.near_equal import near_equal_pairs
from embedtune.wording.same_words import asked_words, spoken_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from embedtune.vocabulary.pairs import Query


class Closeness(StrEnum):
    """How close a test question is to a training question."""

    SAME_TEXT = "same text"
    MISSPELT = "same text but for a typo"
    SAME_WORDS = "same words"
    SIMILAR = "similar"

    @property
    def is_leak(self) -> bool:
        """Whether it is the same question: a similar one often asks about something else."""
        return self is not Closeness.SIMILAR


@dataclass(frozen=True, slots=True)
class TrainedQuestion:
    """A test question with the training question that it is close to.

    Attributes:
        query_id: The test question.
        trained_id: The training question; the first of several.
        closeness: How close the two are.
    """

    query_id: str
    trained_id: str
    closeness: Closeness


def trained_questions(
    tested: Sequence[Query], trained: Sequence[Query], similarity: float, corpus: Callable[[], Iterable[str]]
) -> tuple[TrainedQuestion, ...]:
    """Return the test questions that were trained on, or come close to one that was, in their order.

    The text is the same if nothing but case, punctuation and spacing differs, or one word has a typo (see
    `embedtune.wording.misspelt`); the words are the same if content words (by their stems) and question words
    are, in whatever order, with whatever function words. All of these are leaks. Words alone do not tell a change
    of order from an exchange of roles: "is the pump before the valve" counts as trained on with "is the valve
    before the pump". Questions are similar if `embedtune.wording.near_equal` joins them: that rule is made for
    turning away training questions, where one too many costs little, so what it finds here is not counted as
    a leak. Time and memory grow with the number of questions, not of pairs.

    Args:
        tested: The test questions.
        trained: The training questions.
        similarity: Share of content words, above 0, at most 1, from which questions are similar.
        corpus: Gives the texts that are searched; a word in them is no typo of another.
    """
    by_text: dict[str, str] = {}
    by_words: dict[frozenset[str], str] = {}
    for query in trained:
        by_text.setdefault(spoken_text(query.text), query.id)
        for reading in asked_words(query.text):
            by_words.setdefault(reading, query.id)
    by_text.pop("", None)
    tested_texts, trained_texts = ([query.text for query in queries] for queries in (tested, trained))
    misspelt = misspelt_pairs(tested_texts, trained_texts, corpus)
    near = dict(near_equal_pairs(tested_texts, trained_texts, similarity))
    found: list[TrainedQuestion] = []
    for position, query in enumerate(tested):
        same_text = by_text.get(spoken_text(query.text))
        # Two readings may point at two questions; the smaller id, so that the order of a set decides nothing.
        same_words = min((by_words[one] for one in asked_words(query.text) if one in by_words), default=None)
        if same_text is not None:
            found.append(TrainedQuestion(query.id, same_text, Closeness.SAME_TEXT))
        elif position in misspelt:
            found.append(TrainedQuestion(query.id, trained[misspelt[position]].id, Closeness.MISSPELT))
        elif same_words is not None:
            found.append(TrainedQuestion(query.id, same_words, Closeness.SAME_WORDS))
        elif position in near:
            found.append(TrainedQuestion(query.id, trained[near[position]].id, Closeness.SIMILAR))
    return tuple(found)
