"""Questions from a section's heading, phrased for its kind and for the heading's grammatical form."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass

from embedtune.corpus.kinds import infinitive, is_procedure_verb
from embedtune.vocabulary.corpus import Section, SectionKind

_QUESTION = re.compile(r"^(how|what|why|when|where|which|who|can|could|do|does|is|are|should|will)\b", re.IGNORECASE)

_VERB_PHRASE = {
    SectionKind.PROCEDURE: ("How do I {}?", "How to {}", "What are the steps to {}?", "I need to {}, what do I do?"),
    SectionKind.DIAGNOSTIC: ("How do I {}?", "What should I do to {}?"),
    SectionKind.PARTS: ("What do I need to {}?", "Which parts do I need to {}?"),
    SectionKind.OTHER: ("How do I {}?", "Is it possible to {}?"),
}
_NOUN_PHRASE = {
    SectionKind.PROCEDURE: ("What is the procedure for {}?", "Instructions for {}", "Help with {}"),
    SectionKind.DIAGNOSTIC: ("What does {} mean?", "What causes {}?", "How do I fix {}?"),
    SectionKind.PARTS: ("What is the {}?", "Where do I find the {}?", "List of {}"),
    SectionKind.OTHER: ("What is {}?", "Tell me about {}", "What should I know about {}?"),
}


@dataclass(frozen=True, slots=True)
class TemplateWriter:
    """Writes up to ``limit`` questions from the heading of a section."""

    limit: int = 2

    def write(self, section: Section, seed: int) -> Iterable[tuple[str, int | None]]:
        """Yield questions; the start of the section answers them (``None``)."""
        heading = " ".join(section.heading.split()).rstrip(".:")
        if not heading:
            return
        questions = heading_questions(heading, section.kind)
        random.Random(f"{seed}:{section.id}:template").shuffle(questions)  # noqa: S311 - not for secrets
        for question in questions[: self.limit]:
            yield question, None


def heading_questions(heading: str, kind: SectionKind) -> list[str]:
    """Return every question the templates know for a heading, the bare heading among them.

    A heading that is a question stays one. ``Bleeding the brakes``, ``Bleed the brakes`` and ``How to
    bleed the brakes`` ask how to bleed the brakes; anything else is taken as a noun phrase.

    Args:
        heading: The section's heading, without a number.
        kind: What the section is for.
    """
    phrase = verb_phrase(heading)
    if phrase is None and _QUESTION.match(heading):
        return [heading.rstrip("?") + "?"]
    patterns = _VERB_PHRASE[kind] if phrase else _NOUN_PHRASE[kind]
    subject = phrase or lowered(heading)
    questions = [*(pattern.format(subject) for pattern in patterns), subject]
    return list(dict.fromkeys(question[:1].upper() + question[1:] for question in questions))


def verb_phrase(heading: str) -> str | None:
    """Return a heading as a bare verb phrase ("bleed the brakes"), ``None`` if it has no such form."""
    words = heading.split()
    if len(words) > 2 and [word.lower() for word in words[:2]] == ["how", "to"]:
        return lowered(" ".join(words[2:]))
    if len(words) < 2:
        return None
    first = words[0].lower()
    if is_procedure_verb(first):
        return lowered(heading)
    bare = infinitive(first)
    return lowered(" ".join([bare, *words[1:]])) if bare else None


def lowered(heading: str) -> str:
    """Return a heading as it stands inside a sentence.

    A heading in capitals is lowered but for its codes; otherwise only the first word is, and not
    where it is a code or an abbreviation.
    """
    if heading.isupper():
        return " ".join(word if any(map(str.isdigit, word)) else word.lower() for word in heading.split())
    first, _, rest = heading.partition(" ")
    is_name = any(character.isupper() or character.isdigit() for character in first[1:])
    return heading if is_name else f"{first.lower()} {rest}".strip()
