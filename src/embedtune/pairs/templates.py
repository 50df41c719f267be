"""Questions from a section's heading, phrased for its kind and for the heading's grammatical form."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.pairs.heading_case import NO_NAMES, lowered, names_in
from embedtune.pairs.heading_grammar import Form, Phrase, phrase_of
from embedtune.vocabulary.corpus import Section, SectionKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VERB = {
    SectionKind.PROCEDURE: ("How do I {}?", "How to {}", "What are the steps to {}?", "I need to {}, what do I do?"),
    SectionKind.DIAGNOSTIC: ("How do I {}?", "How to {}", "I need to {}, what do I do?"),
    SectionKind.PARTS: ("What do I need to {}?", "Which parts do I need to {}?"),
    SectionKind.REFERENCE: ("How do I {}?", "Is it possible to {}?"),
    SectionKind.SAFETY: ("How do I {}?", "What should I watch out for when I {}?"),
    SectionKind.OTHER: ("How do I {}?", "Is it possible to {}?"),
}
_NOUN = {
    SectionKind.PROCEDURE: ("What is the procedure for {}?", "Instructions for {}", "Help with {}"),
    SectionKind.DIAGNOSTIC: ("What causes {}?", "How do I fix {}?", "What should I do about {}?"),
    SectionKind.PARTS: ("What {be} the {}?", "Where do I find the {}?", "I am looking for the {}"),
    SectionKind.REFERENCE: ("What {be} {}?", "Where do I find {}?", "What should I know about {}?"),
    SectionKind.SAFETY: ("What should I know about {}?", "Tell me about {}"),
    SectionKind.OTHER: ("What {be} {}?", "Tell me about {}", "What should I know about {}?"),
}
_ABOUT = ("What should I know about {}?", "Tell me about {}", "Help with {}")
_BY_FORM = {
    Form.QUESTION: ("{}?",),
    Form.INDIRECT: ("Can you explain {}?", "Tell me {}"),
    Form.VERB_OR_NOUN: ("{}: what should I know?", "{}: where is it explained?"),
    Form.GERUND: ("What is the procedure for {}?", "Instructions for {}", "What should I know about {}?"),
    Form.GERUND_OR_NOUN: _ABOUT,
    Form.TROUBLE: ("What should I do when {}?", "What can I do if {}?", "{}, what do I do?"),
    Form.STATEMENT: ("Is it true that {}?", "What does it mean that {}?"),
    Form.CONDITION: ("What should I do {}?", "What should I know {}?"),
}
_CODE = ("What does {} mean?", "What causes {}?", "What should I do about {}?")
_SYMPTOM = "{}: what should I do?"

_CODE_HEADING = re.compile(
    r"(?P<code>(?:[\w-]+ ){0,2}?(?:error|fault|alarm|code|warning|message|event|lockout|dtc)s?\b(?: code| no\.?)? "
    r"(?=\S*\d)[\w/.-]*\w)(?:\s*:\s+|\s+[-\u2013\u2014]\s+|$)(?P<symptom>.*)",
    re.IGNORECASE,
)
_BARE_CODE_HEADING = re.compile(r"(?P<code>[A-Z]{1,3}-?[A-Z]?\d{2,5})(?:\s*:|\s+[-\u2013\u2014])\s+(?P<symptom>.+)")
_OVERVIEW = re.compile(r"\b(?:troubleshoot\w*|diagnos\w*|codes|table|list|guide|chart|overview)\b", re.IGNORECASE)
_EMPTY_LABEL = re.compile(
    r"troubleshooting|error|problem|symptom|fault|issue|question|note|tip|warning|caution", re.IGNORECASE
)
_PLURAL = re.compile(r"\b(?:and|&)\b|\w(?<!s)(?<!u)(?<!i)s$|\bdata$", re.IGNORECASE)
_SINGULAR = re.compile(r"\b(?:list|table|guide|chart|manual|overview|diagram)$", re.IGNORECASE)
_HEAD_END = re.compile(r"\s(?:of|for|in|on|to|with|without|by|from|at|after|before|using|available|\w{3,}ed)\s|[,:(]")
_ARTICLE = re.compile(r"(?:the|an?) ", re.IGNORECASE)
_LONG_WORD = re.compile(r"[a-z]{5,}")


@dataclass(frozen=True, slots=True)
class TemplateWriter:
    """Writes up to ``limit`` questions from the heading of a section."""

    limit: int = 2

    def write(self, section: Section, seed: int) -> Iterable[tuple[str, int | None]]:
        """Yield questions; the start of the section answers them (``None``)."""
        questions = heading_questions(section.heading, section.kind, names_in(section.text))
        random.Random(f"{seed}:{section.id}:template").shuffle(questions)  # noqa: S311 - not for secrets
        for question in questions[: self.limit]:
            yield question, None


def heading_questions(heading: str, kind: SectionKind, names: Mapping[str, str] = NO_NAMES) -> list[str]:
    """Return every question the templates know for a heading, the bare heading among them.

    A heading that is a question stays one. ``Bleeding the brakes``, ``Bleed the brakes`` and ``How to
    bleed the brakes`` ask how to bleed the brakes; ``Error E-42: Fan too slow`` asks for the code and
    for what it reports; see `heading_grammar.Form` for the others.

    Args:
        heading: The section's heading, without a number.
        kind: What the section is for.
        names: Lower-case word to the form it keeps within a sentence.
    """
    whole = phrase_of(heading, names)
    code = _CODE_HEADING.fullmatch(whole.text) or _BARE_CODE_HEADING.fullmatch(whole.text)
    if not whole.text:
        return []
    if code:
        questions = [pattern.format(code["code"]) for pattern in _CODE]
        questions += [_SYMPTOM.format(code["symptom"])] if code["symptom"] else []
        return _distinct([*questions, whole.text])
    label, _, rest = " ".join(heading.split()).partition(": ")
    about = phrase_of(rest, names)
    if about.text and _EMPTY_LABEL.fullmatch(label):
        return _distinct(_asked(about, kind))
    if about.form in {Form.VERB, Form.GERUND, Form.TROUBLE} and not label.lower().startswith("step "):
        return _distinct([f"{lowered(label, names)}: {_inside(question)}" for question in _asked(about, kind)])
    return _distinct(_asked(whole, kind))


def verb_phrase(heading: str) -> str | None:
    """Return a heading as a bare verb phrase ("bleed the brakes"), ``None`` if it has no such form."""
    phrase = phrase_of(heading)
    return phrase.text if phrase.form is Form.VERB else None


def _asked(phrase: Phrase, kind: SectionKind) -> list[str]:
    """Return the questions of a phrase, and the phrase itself."""
    form, text = phrase.form, phrase.text
    if form is Form.QUESTION:
        return [f"{text}?"]
    if form is Form.STATEMENT and kind is SectionKind.DIAGNOSTIC:
        form = Form.TROUBLE
    if form is Form.VERB:
        patterns = _VERB[kind]
    elif form is Form.NOUN:
        patterns = _noun_patterns(text, kind)
    else:
        patterns = _BY_FORM[form]
    return [*(pattern.format(text) for pattern in patterns), text]


def _noun_patterns(text: str, kind: SectionKind) -> tuple[str, ...]:
    """Return the patterns that suit a noun phrase: none that repeats its words, its number or its article."""
    patterns = _ABOUT if kind is SectionKind.DIAGNOSTIC and _OVERVIEW.search(text) else _NOUN[kind]
    words = set(_LONG_WORD.findall(text.lower()))
    fitting = [pattern for pattern in patterns if words.isdisjoint(_LONG_WORD.findall(pattern.lower()))]
    if "," in text:
        fitting = [pattern for pattern in fitting if "{be}" not in pattern]
    head = _HEAD_END.split(text, maxsplit=1)[0]
    be = "are" if _PLURAL.search(head) and not _SINGULAR.search(head) else "is"
    article = "" if _ARTICLE.match(text) else "the "
    return tuple(pattern.replace("{be}", be).replace("the {}", f"{article}{{}}") for pattern in fitting)


def _inside(question: str) -> str:
    return question if question.startswith("I ") else question[:1].lower() + question[1:]


def _distinct(questions: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(question[:1].upper() + question[1:] for question in questions))
