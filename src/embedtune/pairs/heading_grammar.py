"""The grammatical form of a heading, told by its words: what can be asked with it follows from that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from embedtune.corpus.kinds import infinitive, is_procedure_verb
from embedtune.pairs.heading_case import NO_NAMES, lowered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Form(Enum):
    """What a heading is, with an example of each as it stands in `Phrase.text`."""

    QUESTION = auto()  # why is my screen blue
    INDIRECT = auto()  # how the seat switch works
    VERB = auto()  # bleed the brakes
    VERB_OR_NOUN = auto()  # transfer case lock; record videos
    GERUND = auto()  # shimming the mast rollers
    GERUND_OR_NOUN = auto()  # watching videos; steering column
    TROUBLE = auto()  # my computer won't connect
    STATEMENT = auto()  # the plan is valid for a year
    CONDITION = auto()  # before using the winch
    NOUN = auto()  # brake fluid


@dataclass(frozen=True, slots=True)
class Phrase:
    """A heading as it stands inside a sentence, and its form."""

    form: Form
    text: str


_WH = re.compile(r"how|what|why|where|which|who|whom|whose|when")
_AUXILIARY = re.compile(r"is|are|was|were|does|do|did|can|could|should|will|would|has|have|must|may")
_SUBJECT = re.compile(r"i|you|we|they|it|he|she|there|this|that|these|those|my|your|the|a|an")
_CONDITION = re.compile(r"if|before|after|when|while|once|until|during")
_DETERMINER = re.compile(
    r"a|an|the|my|your|its|his|her|our|their|this|that|these|those|all|any|each|every|both|another|new"
)
_PARTICLE = re.compile(r"up|down|off|on|out|back")
_PREPOSITION = re.compile(
    r"to|from|with|without|in|into|onto|over|through|by|at|about|as|before|after|when|while|if|whether|under|between"
)
# Verbs of work that also begin a noun phrase ("test certificate"); alone they prove nothing.
_VERB_OR_NOUN = re.compile(
    r"aim|block|boost|change|charge|check|clean|clear|close|control|copy|drain|enter|exit|export|fill|fit|fix|flush|"
    r"format|handle|import|increase|jump|launch|lay|lift|load|lock|lower|make|measure|mount|open|order|pair|park|play|"
    r"prime|program|purge|read|record|register|release|request|reset|restart|return|run|scan|search|service|set|setup|"
    r"sign|start|stop|store|switch|test|tow|transfer|tune|turn|update|upgrade|use|vent|view|wash|wire"
)
# -ing forms that often stand before a noun ("operating temperature").
_ATTRIBUTIVE = re.compile(
    r"charging|cleaning|closing|filling|fitting|lifting|loading|locking|measuring|mounting|opening|operating|ordering|"
    r"parking|programming|starting|switching|testing|towing|tuning|venting|washing|wiring"
)
_NEGATION = r"(?:do|does|did|is|are|was|were|has|have|could|would|should|wo|ca)(?:n't| not)|cannot|can not|will not"
_FINITE = re.compile(rf"\s(?P<verb>{_NEGATION}|is|are|was|were|has|have|had|does|did|will)\s", re.IGNORECASE)
_NEGATED = re.compile(rf"{_NEGATION}|not", re.IGNORECASE)
_SUBORDINATE = re.compile(r"\b(?:that|which|who|whose|where|when|if|what|how|why|after|before|while|until|as|than)\b")
_FROM_THE_ASKER = (
    (re.compile(r"\byou are\b|\byou're\b"), "I'm"),
    (re.compile(r"\byou(?='(?:ve|ll|d)\b)"), "I"),
    (re.compile(r"^((?:(?:\w+ )?(?:if|when|while|before|after|once|until|what|how|where|why) )?)you\b"), r"\1I"),
    (re.compile(r"\byour\b"), "my"),
)


def phrase_of(heading: str, names: Mapping[str, str] = NO_NAMES) -> Phrase:
    """Return a heading's form and its text for use inside a sentence.

    Args:
        heading: The heading, in any case, without a number.
        names: Lower-case word to the form it keeps (see `heading_case.names_in`).
    """
    text = lowered(" ".join(heading.replace("\u2019", "'").split()).rstrip(" .:;,!/-\u2013\u2014\u2026"), names)
    words = [word.lower() for word in text.rstrip("?").split()]
    if not any(map(str.isalpha, text)):
        return Phrase(Form.NOUN, "")
    return (
        _asked(text, words)
        or _surely_verbal(text.rstrip("?"), words)
        or _sentence(text, words)
        or _maybe_verbal(text, words)
        or Phrase(Form.NOUN, text)
    )


def _asked(text: str, words: Sequence[str]) -> Phrase | None:
    """Questions, ``how the pump works``, ``what to do first``, ``before using the winch``."""
    first, second, *_ = [*words, "", ""]
    plain = text.rstrip("?")
    if _WH.fullmatch(first) and second == "to" and len(words) > 2:  # noqa: PLR2004 - a verb follows
        rest = plain.split(" ", 2)[2]
        return Phrase(Form.VERB, rest) if first == "how" else Phrase(Form.QUESTION, f"{first} should I {rest}")
    inverted = bool(_AUXILIARY.fullmatch(first) and _SUBJECT.fullmatch(second))
    if text.endswith("?") or inverted or (_WH.match(first) and "'s" in first):
        return Phrase(Form.QUESTION, plain)
    if not second:
        return None
    if _WH.fullmatch(first) and _AUXILIARY.fullmatch(second):
        return Phrase(Form.QUESTION, plain)
    if first == "read" and _CONDITION.fullmatch(second):
        return Phrase(Form.CONDITION, _from_the_asker(plain.split(" ", 1)[1]))
    if _CONDITION.fullmatch(first):
        return Phrase(Form.CONDITION, _from_the_asker(plain))
    return Phrase(Form.INDIRECT, _from_the_asker(plain)) if _WH.fullmatch(first) else None


def _surely_verbal(text: str, words: Sequence[str]) -> Phrase | None:
    """Verbs and -ing forms whose object shows that they are no nouns."""
    first, second, *_ = [*words, "", ""]
    opens_object = bool(_DETERMINER.fullmatch(second) or _PARTICLE.fullmatch(second))
    if is_procedure_verb(first) and opens_object:
        return Phrase(Form.VERB, text)
    last = _last_gerund(words)
    following = words[last + 1] if 0 <= last < len(words) - 1 else ""
    if not (_DETERMINER.fullmatch(following) or _PARTICLE.fullmatch(following) or _PREPOSITION.fullmatch(following)):
        return None
    bare = _bare(text, last)
    return Phrase(Form.VERB, bare) if bare else Phrase(Form.GERUND, text)


def _sentence(text: str, words: Sequence[str]) -> Phrase | None:
    """Whole sentences, with a finite verb that is not in a clause of its own."""
    if words[0] in {"don't", "never"} or words[:2] == ["do", "not"]:
        return Phrase(Form.VERB_OR_NOUN, text)
    finite = _FINITE.search(f"{text} ")
    if not finite or _SUBORDINATE.search(text[: finite.start()]):
        return None
    own = bool(re.match(r"(?:i|my|there)\b", text, re.IGNORECASE))
    in_trouble = own or _NEGATED.search(text[finite.start() :])
    return Phrase(Form.TROUBLE if in_trouble else Form.STATEMENT, _from_the_asker(text))


def _maybe_verbal(text: str, words: Sequence[str]) -> Phrase | None:
    """Verbs and -ing forms that may be nouns, or stand before one."""
    if len(words) < 2:  # noqa: PLR2004 - a word alone has no object
        return None
    if is_procedure_verb(words[0]):
        return Phrase(Form.VERB_OR_NOUN if _VERB_OR_NOUN.fullmatch(words[0]) else Form.VERB, text)
    last = _last_gerund(words)
    if last < 0:
        return None
    bare = _bare(text, last)
    named = words[last + 1 : last + 2] == ["of"] or _ATTRIBUTIVE.fullmatch(words[0])
    return Phrase(Form.VERB, bare) if bare and not named else Phrase(Form.GERUND_OR_NOUN, text)


def _last_gerund(words: Sequence[str]) -> int:
    """Return the index of the last of the -ing forms a heading begins with (``x-ing and y-ing``), -1 if none."""
    if not words[0].endswith("ing"):
        return -1
    paired = len(words) > 2 and words[1] in {"and", "or", "&"} and words[2].endswith("ing")  # noqa: PLR2004
    return 2 if paired else 0


def _bare(text: str, last: int) -> str | None:
    """Return the text with its leading -ing forms as bare verbs, ``None`` if one is of no known verb.

    A second one further on is changed too: ``check the oil and adjusting the chain`` must not come out.
    """
    words = text.split()
    for position, word in enumerate(words):
        leads = position in {0, last}
        follows = (
            words[position - 1].lower() in {"and", "or"} and _DETERMINER.fullmatch((words[position + 1 :] or [""])[0])
            if position
            else False
        )
        if word.endswith("ing") and (leads or follows):
            verb = infinitive(word.lower())
            if verb is None:
                return None
            words[position] = verb
    return " ".join(words)


def _from_the_asker(text: str) -> str:
    """Turn ``if you can't find your key`` into what its reader would say."""
    for pattern, replacement in _FROM_THE_ASKER:
        text = pattern.sub(replacement, text)
    return text
