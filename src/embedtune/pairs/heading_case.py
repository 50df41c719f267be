"""A heading as it is written inside a sentence: lower case, but for names and codes."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[^\W_](?:[\w'/&+.-]*\w)?\+?")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s|\s[-*•▪|]\s)[\s\"'(\[]*$")
_MIN_TITLE_WORD = 4
NO_NAMES: Mapping[str, str] = MappingProxyType({})


def names_in(text: str) -> dict[str, str]:
    """Return how a text writes its names: lower-case word to the form with capitals.

    A capital at the start of a sentence or a line is no evidence, unless more capitals follow; a word
    that the text also writes in lower case is no name.
    """
    forms: dict[str, str] = {}
    plain: set[str] = set()
    for line in text.split("\n"):
        for match in _TOKEN.finditer(line):
            word = match.group()
            if word == word.lower():
                plain.add(word)
            elif word[1:] != word[1:].lower() or not _SENTENCE_START.search(line[: match.start()]):
                forms.setdefault(word.lower(), word)
    return {word: form for word, form in forms.items() if word not in plain}


def lowered(heading: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """Return a heading as it stands inside a sentence.

    In a heading in capitals or in title case every word is lowered, otherwise the first alone. Codes
    (with a digit), abbreviations (capitals within a word) and known names keep their form.

    Args:
        heading: The heading.
        names: Lower-case word to the form it has within a sentence (see `names_in`).
    """
    capitals = heading.isupper()
    count = 0 if capitals or _is_title_case(heading) else 1
    return _TOKEN.sub(lambda match: _lowered_word(match.group(), names, capitals=capitals), heading, count)


def _lowered_word(word: str, names: Mapping[str, str], *, capitals: bool) -> str:
    if word == "I" or word.startswith("I'"):
        return word
    if word.lower() in names:
        return names[word.lower()]
    is_unit = len(word) == 1 and word != "A"
    is_code = any(map(str.isdigit, word)) or (not capitals and word[1:] != word[1:].lower())
    return word if is_code or is_unit else word.lower()


def _is_title_case(heading: str) -> bool:
    words = [word for word in _TOKEN.findall(heading) if len(word) >= _MIN_TITLE_WORD]
    return len(heading.split()) > 1 and all(word[0].isupper() or word[0].isdigit() for word in words)
