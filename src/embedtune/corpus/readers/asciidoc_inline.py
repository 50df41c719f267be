"""Inline markup of AsciiDoc as the words that a reader of the page sees."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Every repetition is bounded, or ends at the delimiter that began it: no text takes quadratic time.
_INLINE = re.compile(
    r"""
    \\(?P<escaped>[*_`\#^~+{<\[\\(])
  | (?:\+\+\+|\$\$)(?P<passed>.{1,500}?)(?:\+\+\+|\$\$)
  | \b(?P<macro>link|xref|mailto|image|icon|kbd|btn|menu|footnote|footnoteref|pass|stem|latexmath|asciimath
      |anchor|indexterm2?)
    :(?P<target>[^\s\[\]]{0,500})\[(?P<text>[^\]]{0,1000})\]
  | (?P<url>(?:https?|ftp|irc)://[^\s\[\]<>]{1,500})(?:\[(?P<url_text>[^\]]{0,1000})\])?
  | <<(?P<cross>[^<>]{1,300})>>
  | \(\(\((?P<hidden>[^()]{1,300})\)\)\)
  | \(\((?P<term>[^()]{1,300})\)\)
  | \[\[(?P<anchor>[^\[\]]{1,200})\]\]
  | \{(?P<attribute>[A-Za-z0-9_][\w-]{0,80})\}
  | ["']`(?P<quoted>[^`]{1,1000})`["']
  | ``(?P<mono2>[^`]{1,1000})``
  | (?<![\w`])`(?P<mono>[^\s`](?:[^`]{0,1000}[^\s`])?)`(?![\w`])
  | (?:\[[^\[\]]{0,100}\])?\#\#(?P<mark2>[^#]{1,1000})\#\#
  | (?:\[[^\[\]]{0,100}\])?(?<!\w)\#(?P<mark>[^\s#](?:[^#]{0,1000}[^\s#])?)\#(?!\w)
  | \*\*(?P<strong2>[^*]{1,1000})\*\*
  | (?<![\w*])\*(?P<strong>[^\s*](?:[^*]{0,1000}[^\s*])?)\*(?![\w*])
  | __(?P<emphasis2>[^_]{1,1000})__
  | (?<!\w)_(?P<emphasis>[^\s_](?:[^_]{0,1000}[^\s_])?)_(?!\w)
  | \+\+(?P<plus2>[^+]{1,1000})\+\+
  | (?<![\w+])\+(?P<plus>[^\s+](?:[^+]{0,1000}[^\s+])?)\+(?![\w+])
  | \^(?P<above>[^\s^]{1,100})\^
  | ~(?P<below>[^\s~]{1,100})~
    """,
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"\{([A-Za-z0-9_][\w-]{0,80})\}")
_MARKS = frozenset({"mark", "mark2", "strong", "strong2", "emphasis", "emphasis2", "quoted"})
_MAX_DEPTH = 3
MAX_VALUE = 300  # characters; what a short name stands for must not blow a document up
_CHARACTERS = {
    "nbsp": " ",
    "sp": " ",
    "empty": "",
    "blank": "",
    "zwsp": "",
    "wj": "",
    "plus": "+",
    "asterisk": "*",
    "caret": "^",
    "tilde": "~",
    "backslash": "\\",
    "backtick": "`",
    "startsb": "[",
    "endsb": "]",
    "vbar": "|",
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "apos": "'",
    "quot": '"',
    "deg": "°",
    "lsquo": "\u2018",
    "rsquo": "\u2019",
    "ldquo": "\u201c",
    "rdquo": "\u201d",
    "cpp": "C++",
    "two-colons": "::",
    "two-semicolons": ";;",
}


@dataclass(slots=True)
class InlineText:
    """Strips inline markup.

    Attributes:
        attributes: What ``{name}`` stands for at this point of the document.
        titles: The titles of the document by their ids.
    """

    attributes: dict[str, str] = field(default_factory=lambda: dict(_CHARACTERS))
    titles: dict[str, str] = field(default_factory=dict)

    def plain(self, text: str) -> str:
        """Return text on one line without markup: links as their words, index terms and anchors left out."""
        return " ".join(self._stripped(text, _MAX_DEPTH).split())

    def _stripped(self, text: str, depth: int) -> str:
        return _INLINE.sub(lambda match: self._words(match, depth), text)

    def _words(self, match: re.Match[str], depth: int) -> str:
        kind = match.lastgroup or ""
        found = match.group(kind)
        match kind:
            case "text":
                words = self._macro(match.group("macro"), match.group("target"), found)
            case "url" | "url_text":
                words = _link_words(match.group("url_text") or "", match.group("url"))
            case "cross":
                identifier, _, title = found.partition(",")
                words = title.strip() or self._title(identifier)
            case "hidden" | "anchor":
                words = ""
            case "attribute":
                words = self._attribute(found)
            case "mono" | "mono2":
                plus = found[0] == found[-1] == "+"
                words = found.strip("+") if plus else _ATTRIBUTE.sub(lambda name: self._attribute(name.group(1)), found)
            case _ if kind in _MARKS and depth:
                words = self._stripped(found, depth - 1)
            case _:
                words = found
        return words

    def _macro(self, macro: str, target: str, text: str) -> str:
        match macro:
            case "xref":
                words = _link_words(text, self._title(target))
            case "link" | "mailto":
                words = _link_words(text, target)
            case "menu":
                words = " > ".join(filter(None, [target, text.strip()]))
            case "footnote" | "footnoteref":
                words = f" ({text.strip()})" if text.strip() else ""
            case "icon" | "anchor" | "indexterm":
                words = ""
            case "image":
                words = text.partition(",")[0].strip(' "')
            case _:
                words = text
        return words

    def _attribute(self, name: str) -> str:
        return self.attributes.get(name.lower(), "{" + name + "}")

    def _title(self, identifier: str) -> str:
        identifier = identifier.strip()
        anchor = identifier.rpartition("#")[2] or identifier
        return self.titles.get(anchor) or " ".join(anchor.replace("_", " ").replace("-", " ").split())


def titles_of(lines: Sequence[str]) -> dict[str, str]:
    """Return the titles of a document by the ids that it gives them, and by those that follow from their words."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    plain = InlineText()
    for line in lines:
        anchor, title = _ANCHOR.match(line), TITLE.match(line)
        if anchor:
            waiting.append(anchor.group(1) or anchor.group(2))
        elif title and len(line) <= MAX_VALUE:
            words = plain.plain(title_words(title))
            own = "_" + re.sub(r"[\W_]+", "_", words.lower()).strip("_")
            for identifier in [*waiting, own, words]:
                found.setdefault(identifier, words)
            waiting = []
        elif line.strip() and not line.startswith("["):
            waiting = []
    return found


TITLE = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S.*)$")
_ANCHOR = re.compile(r"^\[(?:\[([^\[\],]{1,200})(?:,[^\[\]]{0,200})?\]|#([^\s,.%\]]{1,200})[^\]]{0,200})\]$")


def title_words(match: re.Match[str]) -> str:
    """Return the words of a title that `TITLE` matched, without the marks that may close it."""
    return match.group(2).removesuffix(match.group(1)).rstrip() or match.group(2)


def _link_words(text: str, target: str) -> str:
    """Return the words of a link: its text without the attributes behind it, its target if it has none."""
    quoted = text.startswith('"')
    words = text[1:].partition('"')[0] if quoted else re.split(r",\s*[\w-]{1,40}=", text, maxsplit=1)[0]
    return words.strip().removesuffix("^") or target
