"""A heading as it is written inside a sentence: lower case, but for names and codes."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from embedtune.corpus.kinds import infinitive, is_procedure_verb

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_NAMES: Mapping[str, str] = MappingProxyType({})

_TOKEN = re.compile(r"[^\W_](?:[\w'/&+.-]*\w)?\+?")
_PART = re.compile(r"[^/-]+")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s|(?:^|\s)[-*•▪|]\s)[\s\"'(\[]*$")
_COMMON = re.compile(
    r"an?|and|are|as|at|after|before|by|can|do|does|for|from|how|if|in|is|it|no|not|off?|on|or|the|then|this|to|"
    r"what|when|where|which|why|with|your?|yes"
)
_SMALL = re.compile(
    r"with|from|into|onto|over|that|than|when|upon|your|about|after|before|under|against|between|through|within|without"
)
_VERB_AND_ARTICLE = re.compile(r"(\w+) (?:an?|the|my|your)\b", re.IGNORECASE)
_MIN_TITLE_WORD = 4
_MAX_ABBREVIATION = 4
_LOOK_BACK = 40


def names_in(text: str) -> dict[str, str]:
    """Return how a text writes its names: lower-case word to the form with capitals.

    A capital at the start of a sentence or a line is no evidence, unless more capitals follow; a word
    that the text also writes in lower case is no name, nor is a verb that labels a button.
    """
    forms: dict[str, str] = {}
    plain: set[str] = set()
    for line in text.split("\n"):
        if line.isupper():
            continue
        for match in _TOKEN.finditer(line):
            word = match.group()
            if word.islower() or word == word.lower():
                plain.add(word)
            elif _has_inner_capitals(word) or not _begins_sentence(line, match.start()):
                forms.setdefault(word.lower(), word)
    return {
        word: form
        for word, form in forms.items()
        if word not in plain and (_has_inner_capitals(form) or not _is_common(word))
    }


def lowered(heading: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """Return a heading as it stands inside a sentence.

    In a heading in capitals or in title case every word is lowered, otherwise the first alone. Codes
    (with a digit), abbreviations (capitals within a word) and known names keep their form.

    Args:
        heading: The heading.
        names: Lower-case word to the form it has within a sentence (see `names_in`).
    """
    verb = _VERB_AND_ARTICLE.match(heading)
    known = {word: form for word, form in names.items() if not verb or word != verb[1].lower()}
    capitals = heading.isupper() and len(heading) > _MAX_ABBREVIATION
    count = 0 if capitals or _is_title_case(heading) else 1
    return _TOKEN.sub(lambda match: _lowered_word(match.group(), known, capitals=capitals), heading, count)


def _lowered_word(word: str, names: Mapping[str, str], *, capitals: bool) -> str:
    if word == "I" or word.startswith("I'") or any(map(str.isdigit, word)):
        return word
    if word.lower() in names:
        return names[word.lower()]
    return _PART.sub(lambda match: _lowered_part(match.group(), names, capitals=capitals), word)


def _lowered_part(part: str, names: Mapping[str, str], *, capitals: bool) -> str:
    is_unit = len(part) == 1 and part != "A"
    if is_unit or (not capitals and _has_inner_capitals(part)):
        return part
    return names.get(part.lower(), part.lower())


def _begins_sentence(line: str, position: int) -> bool:
    # A look at a few characters, not at the whole line before each of its words.
    return bool(_SENTENCE_START.search(line, max(0, position - _LOOK_BACK), position))


def _has_inner_capitals(word: str) -> bool:
    return word[1:] != word[1:].lower()


def _is_common(word: str) -> bool:
    return bool(_COMMON.fullmatch(word)) or is_procedure_verb(word) or infinitive(word) is not None


def _is_title_case(heading: str) -> bool:
    words = [word for word in _TOKEN.findall(heading) if len(word) >= _MIN_TITLE_WORD and not _SMALL.fullmatch(word)]
    return len(heading.split()) > 1 and all(word[0].isupper() or word[0].isdigit() for word in words)
