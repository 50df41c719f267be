"""Keep the questions whose quoted answer stands in the section."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.pairs.answer_place import answer_word
from embedtune.pairs.formats.section_finder import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.pairs.llm.answers import DraftedQuestion
    from embedtune.vocabulary.corpus import Section


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question a language model wrote for a section.

    Attributes:
        text: The question.
        answer_word: Index of the word of the section's body where the answer begins; ``None`` where the quoted
            words are the heading's.
    """

    text: str
    answer_word: int | None


def grounded(section: Section, drafts: Sequence[DraftedQuestion]) -> tuple[WrittenQuestion, ...]:
    """Return the drafts whose quote is in the section, with the place of the answer.

    A model that cannot quote the answer has most likely made it up, and its question would teach a search
    to return the wrong section. Small slips of the quote are forgiven as `answer_word` forgives them.

    Args:
        section: The section the drafts are about.
        drafts: In the order of the answer; of equal questions the first is kept.
    """
    heading = f" {' '.join(words_of(' '.join(section.heading_path)))} "
    kept: dict[str, WrittenQuestion] = {}
    for draft in drafts:
        quote = " ".join(words_of(draft.answer_quote))
        place = answer_word(section, (draft.answer_quote,)) if quote else None
        if quote and (place is not None or f" {quote} " in heading):
            kept.setdefault(draft.question, WrittenQuestion(draft.question, place))
    return tuple(kept.values())
