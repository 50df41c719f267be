"""Markdown by CommonMark's rules: headings with their levels, everything else as plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.corpus.readers.decoding import read_text
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ATTRIBUTES = re.compile(r"\{[.#:][^{}\n]*\}")
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^>]*>", re.DOTALL)


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

    def blocks(self, tokens: list[Token]) -> list[TextBlock]:
        found: list[TextBlock] = []
        row: list[str] = []
        counters: list[int | None] = []
        for token in tokens:
            if token.map:
                self.line = token.map[0] + 1 + self.offset
            match token.type:
                case "heading_open":
                    self.heading = int(token.tag[1])
                case "heading_close":
                    self.heading = None
                case "bullet_list_open":
                    counters.append(None)
                case "ordered_list_open":
                    counters.append(int(token.attrGet("start") or 1))
                case "bullet_list_close" | "ordered_list_close":
                    counters.pop()
                case "list_item_open":
                    self.prefix = _marker(counters)
                case "tr_open":
                    row = []
                case "tr_close":
                    found.append(TextBlock(" | ".join(row), self.line))
                case "fence" | "code_block":
                    self._add(found, token.content.strip("\n"))
                case "html_block":
                    self._add(found, _plain(_TAG.sub(" ", token.content)))
                case "inline":
                    text = _inline_text(token)
                    if token.level and tokens and _in_row(token, tokens):
                        row.append(text)
                    else:
                        self._add(found, text)
        return found

    def _add(self, found: list[TextBlock], text: str) -> None:
        if text.strip():
            found.append(TextBlock(self.prefix + text.strip(), self.line, self.heading))
        self.prefix = ""


def _marker(counters: list[int | None]) -> str:
    number = counters[-1]
    if number is None:
        return "- "
    counters[-1] = number + 1
    return f"{number}. "


def _in_row(token: Token, tokens: list[Token]) -> bool:
    before = tokens[tokens.index(token) - 1]
    return before.type in {"th_open", "td_open"}


def _inline_text(token: Token) -> str:
    parts: list[str] = []
    for child in token.children or []:
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type == "image":
            parts.append(child.content)
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
