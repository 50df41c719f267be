"""Inline markup of reStructuredText as the words that a reader of the page sees."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEFORE = r"(?<![^\s'\"(\[{<\-/:\u2018\u201c\xab\u2013\u2014])"  # what may stand before markup, and after it
_AFTER = r"(?![^\s'\")\]}>\-/\\:.,;!?\u2019\u201d\xbb\u2013\u2014\u2026])"
# Every repetition is bounded, or ends at the delimiter that began it: no text takes quadratic time.
_INLINE = re.compile(
    rf"""
    \\(?P<escaped>.)
  | ``(?P<literal>.{{1,500}}?)``
  | :(?P<role>[A-Za-z][\w.+:-]{{0,60}}):`(?P<role_text>[^`]{{1,1000}})`
  | _?`(?P<phrase>[^`]{{1,1000}})`(?P<after>:[A-Za-z][\w.+:-]{{0,60}}:|__?)?
  | {_BEFORE}\*\*(?P<strong>[^\s*](?:[^*]{{0,1000}}[^\s*])?\*?)\*\*{_AFTER}
  | {_BEFORE}\*(?P<emphasis>[^\s*](?:[^*]{{0,1000}}[^\s*])?)\*{_AFTER}
  | {_BEFORE}\|(?P<substitution>[^\s|](?:[^|]{{0,200}}[^\s|])?)\|(?:__?)?{_AFTER}
  | [ ]?(?P<footnote>\[(?:\d{{1,4}}|\*|\#[\w-]{{0,60}})\]_){_AFTER}
  | \[(?P<citation>[A-Za-z][\w.-]{{0,60}})\]_{_AFTER}
  | {_BEFORE}(?P<reference>[A-Za-z0-9](?:[\w.-]{{0,80}}?[A-Za-z0-9])?)__?{_AFTER}
    """,
    re.VERBOSE | re.DOTALL,
)
_TARGET = re.compile(r"^(?P<words>.*?)\s*<[^<>]*>$", re.DOTALL)
_PLACEHOLDER = re.compile(r"%[ds]|\{(?:number|name)\}")
_SUBSTITUTION = re.compile(r"^[ ]*\.\.[ ]+\|([^|\n]{1,200})\|[ ]+(\w{1,40})::(.*)$")
_LABEL = re.compile(r"^\.\.[ ]+_([^:`\n]{1,200}):$")
_UNDERLINE = re.compile(r"^([=\-~^\"'#*+.:_`<>])\1+$")
_ALTERNATIVE = re.compile(r"^\s*:alt:\s*(.*)$")
_MAX_VALUE = 300  # characters; what a short name stands for must not blow a document up
_CODE_POINT = re.compile(r"^(?:0x|x|\\x|U\+|u|\\u|&\#x)([0-9a-fA-F]{1,6});?$")
_REFERENCES = frozenset({"ref", "numref", "any", "std:ref"})
_SILENT_ROLES = frozenset({"cite", "cite:p", "cite:t", "footcite", "index", "raw"})


@dataclass(frozen=True, slots=True)
class InlineText:
    """Strips inline markup.

    Attributes:
        substitutions: What each ``|name|`` of the document stands for.
        titles: The titles that the document's labels stand in front of.
    """

    substitutions: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def plain(self, text: str) -> str:
        """Return text on one line without markup: links and roles as their words, footnote marks left out."""
        return " ".join(_INLINE.sub(self._words, " ".join(text.split())).split())

    def _words(self, match: re.Match[str]) -> str:
        kind = match.lastgroup or ""
        found = match.group(kind)
        match kind:
            case "escaped":
                words = found.strip()
            case "role_text":
                words = self._role_words(match.group("role"), found)
            case "after" if found.startswith(":"):
                words = self._role_words(found.strip(":"), match.group("phrase"))
            case "after" | "phrase":
                words = _without_target(match.group("phrase"))
            case "substitution":
                words = self.substitutions.get(_name(found), found)
            case "footnote":
                words = ""
            case _:
                words = found
        return words

    def _role_words(self, role: str, text: str) -> str:
        """Return what a role shows: its explicit title, the title at its target, or the target's own words."""
        if role.lower() in _SILENT_ROLES:
            return ""
        if role.lower() in _REFERENCES and _name(text) in self.titles:
            return self.titles[_name(text)]
        words = _PLACEHOLDER.sub("", _without_target(text)).strip()
        return words[1:].rpartition(".")[2] if words.startswith("~") else words.removeprefix("!")


def substitutions_of(lines: Sequence[str]) -> dict[str, str]:
    """Return what the substitution definitions of a document say: text, characters, what an image shows."""
    plain = InlineText()
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        match = _SUBSTITUTION.match(line)
        if not match:
            continue
        name, kind, value = match.group(1), match.group(2), match.group(3).strip()
        below = _indented_below(lines, number)
        if kind == "unicode":
            words = "".join(map(_character, value.split(" .. ", maxsplit=1)[0].split()))
        elif kind == "image":
            words = next((alt.group(1) for text in below if (alt := _ALTERNATIVE.match(text))), "")
        else:
            words = plain.plain(" ".join([value, *below])) if kind == "replace" else ""
        if len(words) <= _MAX_VALUE:
            found.setdefault(_name(name), words)
    return found


def titles_of(lines: Sequence[str]) -> dict[str, str]:
    """Return the titles by the labels that stand right above them (``.. _bleeding:``)."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    plain = InlineText()
    for line, below in pairwise([*lines, ""]):
        label = _LABEL.match(line)
        if label:
            waiting.append(_name(label.group(1)))
        elif line:
            if waiting and _UNDERLINE.match(below) and len(line) <= _MAX_VALUE:
                found.update(dict.fromkeys(waiting, plain.plain(line)))
            waiting = []
    return found


def _indented_below(lines: Sequence[str], number: int) -> list[str]:
    indent = len(lines[number]) - len(lines[number].lstrip())
    below: list[str] = []
    for position in range(number + 1, len(lines)):
        line = lines[position]
        if not line.strip() or len(line) - len(line.lstrip()) <= indent:
            break
        below.append(line.strip())
    return below


def _name(text: str) -> str:
    return " ".join(text.split()).casefold()


def _character(word: str) -> str:
    match = _CODE_POINT.match(word)
    if not match:
        return word
    code = int(match.group(1), 16)
    return chr(code) if code <= sys.maxunicode else word


def _without_target(text: str) -> str:
    match = _TARGET.match(text)
    return (match.group("words") or text.strip("<>")) if match else text
