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


_STEP_NUMBER = re.compile(r"^(?:step )?\d{1,2}[.):] (?=\S)", re.IGNORECASE)
_WH = re.compile(r"how|what|why|where|which|who|whom|whose|when")
_AUXILIARY = re.compile(r"is|are|was|were|does|do|did|can|could|should|will|would|has|have|must|may")
_SUBJECT = re.compile(r"i|you|we|they|it|he|she|there|this|that|these|those|my|your|the|a|an")
_CONDITION = re.compile(r"if|before|after|when|while|once|until|during|in|on|at|with|without|from|under")
_DETERMINER = re.compile(
    r"a|an|the|my|your|its|his|her|our|their|this|that|these|those|all|any|each|every|both|another|new"
)
_ARTICLE = re.compile(r"a|an|the|your|my|these|this")
_PARTICLE = re.compile(r"up|down|off|on|out|back")
_PREPOSITION = re.compile(
    r"to|from|with|without|in|into|onto|over|through|by|at|about|as|before|after|when|while|if|whether|under|between"
)
_BEFORE_ARTICLE = re.compile(
    rf"{_PREPOSITION.pattern}|of|on|off|for|inside|outside|behind|beyond|above|below|around|near|across|against|along|"
    r"upon|within|since|per|versus|not|and|or|all|both|such|just|only|even|\w+ing|\w+ly"
)
# Verbs of work that also begin a noun phrase ("test certificate"); alone they prove nothing.
_VERB_OR_NOUN = re.compile(
    r"aim|block|boost|change|charge|check|clean|clear|close|control|copy|drain|enter|exit|export|fill|fit|flush|"
    r"format|handle|import|increase|jump|launch|lay|lift|load|lock|lower|make|measure|mount|open|order|pair|park|play|"
    r"prime|program|purge|read|record|register|release|request|reset|restart|return|run|scan|search|service|set|setup|"
    r"sign|start|stop|store|switch|test|tow|transfer|tune|turn|update|upgrade|vent|wash|wire"
)
# -ing forms that often stand before a noun ("operating temperature").
_ATTRIBUTIVE = re.compile(
    r"charging|cleaning|closing|filling|fitting|lifting|loading|locking|measuring|mounting|moving|opening|operating|"
    r"ordering|parking|programming|starting|switching|testing|towing|tuning|venting|washing|wiring"
)
_MAX_COMPOUND = 3
_NEGATION = r"(?:do|does|did|is|are|was|were|has|have|could|would|should|wo|ca)(?:n't| not)|cannot|can not|will not"
_FINITE = re.compile(rf"\s(?P<verb>{_NEGATION}|is|are|was|were|has|have|had|does|did|will)\s", re.IGNORECASE)
_NEGATED = re.compile(rf"{_NEGATION}|not", re.IGNORECASE)
_SUBORDINATE = re.compile(
    r"\b(?:that|which|who|whose|where|when|if|what|how|why|after|before|while|until|as|than)\b|: "
)
_FROM_THE_ASKER = (
    (re.compile(r"\byou are\b|\byou're\b"), "I'm"),
    (re.compile(r"\byou(?='(?:ve|ll|d)\b)"), "I"),
    (re.compile(r"^((?:(?:\w+ )?(?:if|when|while|before|after|once|until|what|how|where|why) )?)you\b"), r"\1I"),
    (re.compile(r"\byour\b"), "my"),
)


def phrase_of(heading: str, names: Mapping[str, str] = NO_NAMES) -> Phrase:
    """Return a heading's form and its text for use inside a sentence.

    Args:
        heading: The heading, in any case.
        names: Lower-case word to the form it keeps (see `heading_case.names_in`).
    """
    text = lowered(_tidied(heading), names)
    words = text.lower().rstrip("?").split()
    if not any(map(str.isalpha, text)):
        return Phrase(Form.NOUN, "")
    if words[0] == "about" and len(words) > 1:
        return Phrase(Form.NOUN, text.split(" ", 1)[1])
    return (
        _asked(text, words)
        or _circumstance(text, words)
        or _surely_verbal(text, words)
        or _sentence(text, words)
        or _maybe_verbal(text, words)
        or Phrase(Form.NOUN, text)
    )


def _tidied(heading: str) -> str:
    """Return a heading without the number of a step and the punctuation at its end, but for a question mark."""
    straight = _STEP_NUMBER.sub("", " ".join(heading.replace("\u2019", "'").split()))
    text = straight.rstrip(" .:;,!?/-\u2013\u2014\u2026")
    return f"{text}?" if "?" in straight[len(text) :] else text


def _asked(text: str, words: Sequence[str]) -> Phrase | None:
    """Questions: ``why is it blue``, ``what to do first``; ``how to start it`` is the verb's."""
    first, second, *_ = [*words, "", ""]
    plain = text.rstrip("?")
    is_wh = bool(_WH.fullmatch(first))
    if is_wh and second == "to" and len(words) > 2:  # noqa: PLR2004 - a verb follows
        rest = _from_the_asker(plain.split(" ", 2)[2])
        return Phrase(Form.VERB, rest) if first == "how" else Phrase(Form.QUESTION, f"{first} should I {rest}")
    inverted = (is_wh and _AUXILIARY.fullmatch(second)) or (_AUXILIARY.fullmatch(first) and _SUBJECT.fullmatch(second))
    if text.endswith("?") or inverted or (_WH.match(first) and first.endswith("'s")):
        return Phrase(Form.QUESTION, plain)
    return None


def _circumstance(text: str, words: Sequence[str]) -> Phrase | None:
    """Clauses and phrases of circumstance: ``how the pump works``, ``before using the winch``, ``if it leaks``."""
    if len(words) < 2:  # noqa: PLR2004 - a word alone opens nothing
        return None
    if words[0] == "read" and _CONDITION.fullmatch(words[1]):
        return Phrase(Form.CONDITION, _from_the_asker(text.split(" ", 1)[1]))
    if _CONDITION.fullmatch(words[0]):
        return Phrase(Form.CONDITION, _from_the_asker(text))
    return Phrase(Form.INDIRECT, _from_the_asker(text)) if _WH.fullmatch(words[0]) else None


def _surely_verbal(text: str, words: Sequence[str]) -> Phrase | None:
    """Verbs and -ing forms whose object shows that they are no nouns."""
    first, second, *_ = [*words, "", ""]
    last = _last_gerund(words)
    if last < 0 and _takes_object(first, second):
        return Phrase(Form.VERB, _from_the_asker(text))
    following = words[last + 1] if 0 <= last < len(words) - 1 else ""
    if not (_DETERMINER.fullmatch(following) or _PARTICLE.fullmatch(following) or _PREPOSITION.fullmatch(following)):
        return None
    bare = _bare(text, last)
    return Phrase(Form.VERB, _from_the_asker(bare)) if bare else Phrase(Form.GERUND, _from_the_asker(text))


def _sentence(text: str, words: Sequence[str]) -> Phrase | None:
    """Whole sentences, with a finite verb that is not in a clause of its own."""
    if words[0] in {"don't", "never"} or words[:2] == ["do", "not"]:
        return Phrase(Form.VERB_OR_NOUN, text)
    if words[0] == "i" and len(words) > 1:
        return Phrase(Form.TROUBLE, text)
    finite = _FINITE.search(f"{text} ")
    if not finite or _SUBORDINATE.search(text[: finite.start()]):
        return None
    in_trouble = words[0] in {"my", "there"} or _NEGATED.search(text[finite.start() :])
    return Phrase(Form.TROUBLE if in_trouble else Form.STATEMENT, _from_the_asker(text))


def _maybe_verbal(text: str, words: Sequence[str]) -> Phrase | None:
    """Verbs and -ing forms that may be nouns, or stand before one."""
    if len(words) < 2:  # noqa: PLR2004 - a word alone has no object
        return None
    if words[0].endswith("ly") and words[1].endswith("ing"):
        return Phrase(Form.GERUND_OR_NOUN, text)
    if is_procedure_verb(words[0]):
        return Phrase(Form.VERB_OR_NOUN if _VERB_OR_NOUN.fullmatch(words[0]) else Form.VERB, text)
    last = _last_gerund(words)
    if last < 0:
        return None
    bare = _bare(text, last)
    is_short = len(text.partition("(")[0].split()) <= _MAX_COMPOUND
    named = words[last + 1 : last + 2] == ["of"] or (is_short and _ATTRIBUTIVE.fullmatch(words[0]))
    return Phrase(Form.VERB, bare) if bare and not named else Phrase(Form.GERUND_OR_NOUN, text)


def _takes_object(first: str, second: str) -> bool:
    """Tell whether a first word is a verb by the second: no noun stands right before an article."""
    if is_procedure_verb(first):
        return bool(_DETERMINER.fullmatch(second) or _PARTICLE.fullmatch(second))
    return bool(_ARTICLE.fullmatch(second)) and first.isalpha() and not _BEFORE_ARTICLE.fullmatch(first)


def _last_gerund(words: Sequence[str]) -> int:
    """Return the index of the last of the -ing forms a heading begins with (``x-ing and y-ing``), -1 if none."""
    if not words[0].endswith("ing") or ("-" in words[0] and not words[0].startswith("re-")):
        return -1
    paired = len(words) > 2 and words[1] in {"and", "or", "&"} and words[2].endswith("ing")  # noqa: PLR2004
    return 2 if paired else 0


def _bare(text: str, last: int) -> str | None:
    """Return the text with its leading -ing forms as bare verbs, ``None`` if one is of no known verb.

    A second one further on is changed too, or ``check the oil and adjusting the chain`` would come out.
    """
    words = text.split()
    changed = [
        position
        for position, word in enumerate(words)
        if word.endswith("ing") and (position in {0, last} or _is_second_verb(words, position))
    ]
    for position in changed:
        verb = infinitive(words[position].lower())
        if verb is None:
            return None
        words[position] = verb
    return " ".join(words)


def _is_second_verb(words: Sequence[str], position: int) -> bool:
    following = words[position + 1].lower() if position + 1 < len(words) else ""
    return words[position - 1].lower() in {"and", "or"} and any(
        pattern.fullmatch(following) for pattern in (_DETERMINER, _PARTICLE, _PREPOSITION)
    )


def _from_the_asker(text: str) -> str:
    """Turn ``if you can't find your key`` into what its reader would say."""
    for pattern, replacement in _FROM_THE_ASKER:
        text = pattern.sub(replacement, text)
    return text
