"""Markdown by CommonMark's rules: headings with their levels, everything else as plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING

from embedtune.corpus.readers.decoding import read_text
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from pathlib import Path

    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ATTRIBUTES = re.compile(r"\{[.#:][^{}\n]*\}")
_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1>|</?[A-Za-z][^>]*>", re.DOTALL | re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MarkdownReader:
    """Reads ``.md``: headings by markup, lists and tables as lines, code as text, links as their words.

    Front matter is left out; its ``title`` becomes the top heading of a page that has none.
    """

    suffixes: frozenset[str] = frozenset({".md", ".markdown"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the blocks of a Markdown file.

        Raises:
            DocumentError: The file cannot be read as text.
        """
        from markdown_it import MarkdownIt

        text = read_text(path)
        matter = _FRONT_MATTER.match(text)
        offset = matter.group(0).count("\n") if matter else 0
        body = text[matter.end() :] if matter else text
        parser = MarkdownIt("commonmark", {"html": True}).enable("table")
        blocks = _Walk(offset).blocks(parser.parse(body))
        title = _front_title(matter.group(1)) if matter else ""
        if title and not any(block.heading_level == 1 for block in blocks):
            return (TextBlock(title, 1, heading_level=1), *blocks)
        return tuple(blocks)


@dataclass(slots=True)
class _Walk:
    """One pass over the block tokens of a page."""

    offset: int
    heading: int | None = None
    prefix: str = ""
    line: int = 1
    row: list[str] | None = None
    counters: list[int | None] = field(default_factory=list)

    def blocks(self, tokens: list[Token]) -> list[TextBlock]:
        found: list[TextBlock] = []
        for token in tokens:
            if token.map:
                self.line = token.map[0] + 1 + self.offset
            match token.type:
                case "fence" | "code_block":
                    self._add_code(found, token.content.strip("\n"))
                case "html_block":
                    self._add(found, _plain(unescape(_TAG.sub(" ", token.content))))
                case "inline" if self.row is not None:
                    self.row.append(" ".join(_inline_text(token).split()))
                case "inline":
                    self._add(found, _inline_text(token))
                case "tr_close":
                    self._add(found, " | ".join(self.row or []) if any(self.row or []) else "")
                    self.row = None
                case _:
                    self._enter_or_leave(token)
        return found

    def _enter_or_leave(self, token: Token) -> None:
        """Follow a heading, a list or a table row that begins, and a heading or list that ends."""
        match token.type:
            case "heading_open":
                self.heading = int(token.tag[1])
            case "heading_close":
                self.heading = None
            case "bullet_list_open":
                self.counters.append(None)
            case "ordered_list_open":
                start = token.attrGet("start")
                self.counters.append(1 if start is None else int(start))
            case "bullet_list_close" | "ordered_list_close":
                self.counters.pop()
            case "list_item_open":
                self.prefix = _marker(self.counters)
            case "list_item_close":
                self.prefix = ""
            case "tr_open":
                self.row = []

    def _add(self, found: list[TextBlock], text: str) -> None:
        if text.strip():
            prefix = "" if self.heading else self.prefix
            found.append(TextBlock(prefix + text.strip(), self.line, self.heading))
        self.prefix = ""

    def _add_code(self, found: list[TextBlock], text: str) -> None:
        if text.strip():
            found.append(TextBlock(self.prefix + text.rstrip(), self.line, preformatted=True))
        self.prefix = ""


def _marker(counters: list[int | None]) -> str:
    number = counters[-1]
    if number is None:
        return "- "
    counters[-1] = number + 1
    return f"{number}. "


def _inline_text(token: Token) -> str:
    parts: list[str] = []
    for child in token.children or []:
        if child.type in {"text", "code_inline", "image"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"} or _BREAK.match(child.content):
            parts.append("\n")
    return _plain("".join(parts))


def _plain(text: str) -> str:
    lines = (" ".join(line.split()) for line in _ATTRIBUTES.sub("", text).split("\n"))
    return "\n".join(line for line in lines if line)


def _front_title(matter: str) -> str:
    import yaml

    try:
        values = yaml.safe_load(matter)
    except yaml.YAMLError:
        return ""
    title = values.get("title") if isinstance(values, dict) else None
    return str(title).strip() if title else ""
