"""AsciiDoc: section titles with their levels, everything else as plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.corpus.readers.asciidoc_delimiters import (
    BREAK,
    CONTAINER,
    TABLE,
    VERBATIM,
    Closings,
    closings_of,
    is_delimiter,
    is_passed,
)
from embedtune.corpus.readers.asciidoc_inline import MAX_VALUE, TITLE, InlineText, title_words, titles_of
from embedtune.corpus.readers.asciidoc_lists import DESCRIBED, ListMarks, begins_item
from embedtune.corpus.readers.asciidoc_tables import table_rows
from embedtune.corpus.readers.decoding import read_text
from embedtune.corpus.readers.markup_blocks import MarkupBlocks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedtune.vocabulary.corpus import TextBlock

_UNDERLINES = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
_UNDERLINE = re.compile(r"^([=\-~^+])\1+$")
_MAX_STYLE = 2000
_MIN_UNDERLINE = 3
_MAX_LEVEL = 6
_ATTRIBUTE = re.compile(r"^:(!?)([A-Za-z0-9_][\w-]{0,80})(!?):(?:\s+(.*))?$")
_DIRECTIVE = re.compile(r"^(?:include|ifn?def|ifeval|endif)::[^\[\]]{0,500}\[(.*)\]$")
_BLOCK_MACRO = re.compile(r"^([a-z][\w-]{0,40})::([^\s\[\]]{0,500})\[(.*)\]$")
_BLOCK_ATTRIBUTES = re.compile(r"^\[(?:[^\[\]]|\[[^\[\]]*\])*\]$")
_BLOCK_TITLE = re.compile(r"^\.([^\s.].*)$")
_CALLOUT_MARK = re.compile(r"(?:\s{0,9}(?://|#|--|;;)?\s{0,9}<(?:\d{1,3}|\.)>){1,9}$")
_ADMONITION = re.compile(r"^(NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+")
_LABELS = {"NOTE": "Note", "TIP": "Tip", "IMPORTANT": "Important", "WARNING": "Warning", "CAUTION": "Caution"}
_DIAGRAMS = frozenset(
    "plantuml graphviz ditaa mermaid blockdiag seqdiag actdiag nwdiag salt umlet vega wavedrom".split()
)
_CODE_STYLES = frozenset("source listing literal".split())


@dataclass(frozen=True, slots=True)
class AsciiDocReader:
    """Reads ``.adoc``: titles by their marks, lists and tables as lines, code as text, links as their words.

    The lines of author and revision, attributes, comments, included files, conditions (but not what
    they enclose) and passed-through markup are left out.
    """

    suffixes: frozenset[str] = frozenset({".adoc", ".asciidoc"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the blocks of an AsciiDoc file.

        Raises:
            DocumentError: The file cannot be read as text.
        """
        return asciidoc_blocks(read_text(path))


def asciidoc_blocks(text: str) -> tuple[TextBlock, ...]:
    """Return the titles and the text of an AsciiDoc document, in time linear in its length."""
    lines = [line.replace("\f", " ").replace("\v", " ").expandtabs(4).rstrip() for line in text.split("\n")]
    inline = InlineText(titles=titles_of(lines))
    return tuple(_Walk(lines, closings_of(lines), inline, MarkupBlocks(inline.plain)).blocks())


@dataclass(slots=True)
class _Walk:
    """One pass over the lines of a document."""

    lines: list[str]
    closings: Closings
    inline: InlineText
    out: MarkupBlocks
    at: int = 0
    style: str = ""
    marks: ListMarks = field(default_factory=ListMarks)

    def blocks(self) -> list[TextBlock]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line or line == "+":
                self.at += 1
            elif not (self._about(line) or self._delimited(line) or self._title(line) or self._macro(line)):
                self._text(line)
        self.out.add_label(len(self.lines) - 1)
        return self.out.found

    def _about(self, line: str) -> bool:
        """Take a line that says something of the document or of the next block: attributes, conditions, comments."""
        attribute, directive = _ATTRIBUTE.match(line), _DIRECTIVE.match(line)
        if attribute:
            self._set_attribute(attribute)
        elif directive:
            if line.startswith("if") and not line.startswith("ifeval") and directive.group(1):
                self.out.add_text(directive.group(1), self.at)
            self.at += 1
        elif line.startswith("//") and not line.startswith("///"):
            self.at += 1
        elif line.startswith("[") and _BLOCK_ATTRIBUTES.match(line):
            self.style = f"{self.style},{line[1:-1]}"[-_MAX_STYLE:] if self.style else line[1:-1]
            self._label()
            self.at += 1
        else:
            return False
        return True

    def _set_attribute(self, match: re.Match[str]) -> None:
        value = match.group(4) or ""
        self.at += 1
        while value.endswith(" \\") and self.at < len(self.lines):
            value = f"{value[:-2]} {self.lines[self.at].strip()}"
            self.at += 1
        name = match.group(2).lower()
        value = self.inline.plain(value)
        if match.group(1) or match.group(3) or len(value) > MAX_VALUE:
            self.inline.attributes.pop(name, None)
        else:
            self.inline.attributes[name] = value

    def _label(self) -> None:
        """Put the label of an admonition in front of the next block."""
        name = re.split(r"[,.#%]", self.style.rpartition(",")[2] or self.style, maxsplit=1)[0].strip()
        if name in _LABELS:
            self.out.prefix = f"{_LABELS[name]}: "

    def _delimited(self, line: str) -> bool:
        """Take a block between delimiters whose lines stay as they are, or the delimiter of any other block."""
        table = TABLE.match(line)
        if CONTAINER.match(line) or BREAK.match(line):
            self.at += 1
            return True
        if not table and not VERBATIM.match(line):
            return False
        start, end = self.at, self.closings.after(line, self.at)
        self.at = end + 1 if end is not None else self.at + 1
        inner = self.lines[start + 1 : end] if end is not None else []
        if table:
            rows = table_rows([row for row in inner if not row.startswith("//")], self.style, table.group(1))
            self.out.add_rows(rows, start)
        elif not is_passed(line) and not self._has_style(_DIAGRAMS):
            self._add_code(inner, start + 1)
        self.style = ""
        return True

    def _has_style(self, names: frozenset[str]) -> bool:
        return not names.isdisjoint(re.split(r"[,.#%\s]", self.style))

    def _title(self, line: str) -> bool:
        match = TITLE.match(line)
        below = self._at(self.at + 1)
        if match:
            self._add_title(title_words(match), len(match.group(1)), 1)
        elif _UNDERLINE.match(below) and _is_setext(line, below) and not self._at(self.at - 1):
            self._add_title(line, _UNDERLINES[below[0]], 2)
        else:
            return False
        return True

    def _add_title(self, title: str, level: int, used: int) -> None:
        first = not self.out.found
        self.out.add_heading(title, self.at, min(level, _MAX_LEVEL))
        self.style = ""
        self.marks.end_all()
        self.at += used
        if first and level == 1:
            self._skip_author()

    def _skip_author(self) -> None:
        """Pass over the lines of author and revision right below the document's title."""
        for _ in range(2):
            line = self._at(self.at)
            if line and not _ATTRIBUTE.match(line) and not line.startswith(("//", "include::", "if")):
                self.at += 1

    def _macro(self, line: str) -> bool:
        """Take a title of a block, a picture, or another macro that stands for a block."""
        title, macro = _BLOCK_TITLE.match(line), _BLOCK_MACRO.match(line)
        if title:
            self.out.add_text(title.group(1), self.at)
        elif macro:
            if macro.group(1) == "image":
                words = macro.group(3).partition(",")[0].strip(' "')
                self.out.add_text("" if "=" in words else words, self.at)
        else:
            return False
        self.at += 1
        return True

    def _text(self, line: str) -> None:
        """Take an item of a list, a line that is code by its indentation, or a paragraph."""
        start = self.at
        mark, column = self.marks.take(line, self._at(self.at - 1))
        described, admonition = DESCRIBED.match(line), _ADMONITION.match(line)
        if mark:
            self.out.prefix = mark
            self._paragraph(line[column:], start, item=True)
        elif admonition:
            self.out.prefix = f"{_LABELS[admonition.group(1)]}: "
            self._paragraph(line[admonition.end() :], start)
        elif described:
            self.out.set_label(described.group(1), start)
            self._paragraph(described.group(2) or "", start, item=True)
        elif line.startswith(" ") or self._has_style(_CODE_STYLES):
            while self._at(self.at):
                self.at += 1
            self._add_code(self.lines[start : self.at], start)
        else:
            self._paragraph(line, start)
        self.style = ""

    def _paragraph(self, first: str, start: int, *, item: bool = False) -> None:
        if not item:
            self.marks.end_all()
        texts = [first]
        self.at += 1
        while self._at(self.at) and not _ends_paragraph(self._at(self.at), item=item):
            if not self._at(self.at).startswith("//"):
                texts.append(self._at(self.at).strip())
            self.at += 1
        self.out.add_text(" ".join(text.removesuffix(" +") for text in texts if text), start)

    def _add_code(self, lines: Sequence[str], start: int) -> None:
        rows = [_CALLOUT_MARK.sub("", line) for line in lines]
        margin = min((len(row) - len(row.lstrip()) for row in rows if row), default=0)
        self.out.add_preformatted([row[margin:] for row in rows], start)

    def _at(self, position: int) -> str:
        return self.lines[position] if 0 <= position < len(self.lines) else ""


def _ends_paragraph(line: str, *, item: bool) -> bool:
    if line == "+" or is_delimiter(line) or _DIRECTIVE.match(line):
        return True
    return bool(_BLOCK_ATTRIBUTES.match(line)) or (item and begins_item(line))


def _is_setext(line: str, under: str) -> bool:
    worded = any(map(str.isalnum, line)) and not line.startswith((" ", ".", "[", "|", "//", "* ", "- "))
    return worded and abs(len(under) - len(line)) <= 1 and len(under) >= _MIN_UNDERLINE
