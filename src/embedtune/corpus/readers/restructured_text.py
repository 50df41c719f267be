"""reStructuredText: section titles with their levels, everything else as plain text.

What is wanted is text, so this is a reader of lines, to whom nesting is indentation. It takes linear time,
keeps the content of directives that Sphinx and its extensions add, and has no state outside a call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.corpus.readers.decoding import read_text
from embedtune.corpus.readers.markup_blocks import MarkupBlocks
from embedtune.corpus.readers.rst_directives import DirectiveKind, kind_of, label_of
from embedtune.corpus.readers.rst_inline import InlineText, substitutions_of, titles_of
from embedtune.corpus.readers.rst_lines import Lines, indent_of, lines_of
from embedtune.corpus.readers.rst_lists import ListMarks
from embedtune.corpus.readers.rst_tables import (
    csv_rows,
    grid_table_rows,
    is_grid_border,
    is_simple_border,
    list_table_rows,
    simple_table_end,
    simple_table_rows,
)
from embedtune.corpus.readers.rst_titles import TitleLevels, is_transition, title_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedtune.vocabulary.corpus import TextBlock

_OPTION = re.compile(r"^(?:-\w|--[\w-]+|/[A-Z])\b[^\s]*(?:[ ,][^\s]+)*?\s{2,}\S")
_FIELD = re.compile(r"^:((?!\s)[^:\n`]{1,80}):(?:\s+|$)")
_DIRECTIVE = re.compile(r"^\.\.\s+([A-Za-z][\w.+:-]*?)\s?::(?:\s+|$)")
_FOOTNOTE = re.compile(r"^\.\.\s+\[[^\]\s]{1,80}\](?:\s+|$)")
_EXPLICIT = re.compile(r"^(?:\.\.(?:\s|$)|__\s)")
_QUOTE = re.compile(r"^[!-/:-@\[-`{-~]")
_CLASSIFIER = re.compile(r"\s+:\s+.*$")


@dataclass(frozen=True, slots=True)
class RestructuredTextReader:
    """Reads ``.rst``: titles by their adornment, lists and tables as lines, code as text, links and roles as words.

    Comments, targets, included files, tables of contents, raw markup, and the field list at the top
    are left out. Directives that are not known leave their argument and content as text.
    """

    suffixes: frozenset[str] = frozenset({".rst", ".rest"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the blocks of a reStructuredText file.

        Raises:
            DocumentError: The file cannot be read as text.
        """
        return rst_blocks(read_text(path))


def rst_blocks(text: str) -> tuple[TextBlock, ...]:
    """Return the titles and the text of a reStructuredText document, in time linear in its length."""
    lines = lines_of(text)
    inline = InlineText(substitutions_of(lines.rows), titles_of(lines.rows))
    return tuple(_Walk(lines, MarkupBlocks(inline.plain)).blocks())


@dataclass(slots=True)
class _Walk:
    """One pass over the lines of a document."""

    lines: Lines
    out: MarkupBlocks
    levels: TitleLevels = field(default_factory=TitleLevels)
    marks: ListMarks = field(default_factory=ListMarks)

    def blocks(self) -> list[TextBlock]:
        while not self.lines.at_end:
            line = self.lines.here
            if not line:
                self.lines.at += 1
            elif not (self._title(line) or self._table(line) or self._explicit(line)):
                self._body(line)
        self.out.add_label(len(self.lines.rows) - 1)
        return self.out.found

    def _title(self, line: str) -> bool:
        """Take a title with its adornment, or a line of adornment that parts two paragraphs."""
        below = self.lines.ahead(1)
        title = title_at(line, below, self.lines.ahead(2))
        if title:
            start = self.lines.at + title.adorned_above
            self.out.add_heading(title.text, start, self.levels.level(title))
            self.marks.end_all()
            self.lines.at = start + 2
            return True
        if is_transition(line, below):
            self.lines.at += 1
            return True
        return False

    def _table(self, line: str) -> bool:
        text, indent = line.lstrip(), indent_of(line)
        lines, start = self.lines.rows, self.lines.at
        end = start
        if is_grid_border(text):
            while end < len(lines) and lines[end][indent : indent + 1] in {"+", "|"}:
                end += 1
            rows = grid_table_rows([row[indent:] for row in lines[start:end]])
        elif is_simple_border(text):
            end = max(simple_table_end(lines, start), start + 1)
            rows = simple_table_rows([row[indent:] for row in lines[start:end]])
        else:
            return False
        self.out.add_rows(rows, start)
        self.lines.at = end
        return True

    def _explicit(self, line: str) -> bool:
        """Take what begins with ``..``: a directive, a footnote, a target, a comment."""
        text, indent = line.lstrip(), indent_of(line)
        if not _EXPLICIT.match(text):
            return False
        directive, footnote = _DIRECTIVE.match(text), _FOOTNOTE.match(text)
        if directive:
            self._directive(directive.group(1).lower(), text[directive.end() :], indent)
        elif footnote:
            self._paragraph(indent, text[footnote.end() :])
        else:
            self.lines.at += 1
            if text != ".." or self.lines.here:
                self.lines.skip_below(indent)
        return True

    def _directive(self, name: str, argument: str, indent: int) -> None:
        kind, start = kind_of(name), self.lines.at
        self.lines.at += 1
        if kind is DirectiveKind.DROPPED:
            self.lines.skip_below(indent)
            return
        if kind is DirectiveKind.CODE:
            self._options(indent)
            self._code(indent, argument if name == "math" else "")
            return
        column = indent_of(self.lines.here) if argument and self.lines.here else indent
        argument = " ".join([argument, *(self._continued(indent) if argument else ())])
        options = self._options(indent)
        match kind:
            case DirectiveKind.PICTURE:
                captioned = name == "figure" and indent_of(self.lines.ahead(self.lines.written_ahead())) > indent
                self.out.add_text("" if captioned else options.get("alt", ""), start)
            case DirectiveKind.LABELLED:
                self.out.add_label(start)
                self.out.prefix, rest = label_of(name, argument)
                self._finish(rest, start, max(indent, column))
            case DirectiveKind.LIST_TABLE | DirectiveKind.CSV_TABLE:
                self.out.add_text(argument, start)
                content = [options["header"]] if "header" in options else []
                content += self.lines.take_below(indent)
                rows = csv_rows(content) if kind is DirectiveKind.CSV_TABLE else list_table_rows(content)
                self.out.add_rows(rows, start)
            case DirectiveKind.OTHER:
                self.out.add_text(argument, start)

    def _continued(self, indent: int) -> Iterator[str]:
        """Take the lines that a directive's argument goes on over."""
        while self.lines.is_below(indent) and not _FIELD.match(self.lines.here.lstrip()):
            yield self.lines.here.strip()
            self.lines.at += 1

    def _options(self, indent: int) -> dict[str, str]:
        """Take the options right below a directive, and return them by name."""
        options: dict[str, str] = {}
        while self.lines.is_below(indent):
            line = self.lines.here
            match = _FIELD.match(line.lstrip())
            if not match:
                break
            self.lines.at += 1
            value = " ".join([line.lstrip()[match.end() :], *self._continued(indent_of(line))])
            options[match.group(1).lower()] = value.strip()
        return options

    def _body(self, line: str) -> None:
        """Take a paragraph with the marks of the lists it begins, a field, or lines that keep their breaks."""
        start, indent, text = self.lines.at, indent_of(line), line.lstrip()
        if text.startswith(">>> "):
            self.out.add_preformatted([row.strip() for row in self.lines.take_paragraph()], start)
        elif text.startswith("| ") or text == "|":
            rows = (self.out.plain(row.strip().lstrip("|")) for row in self.lines.take_paragraph())
            self.out.add_preformatted(rows, start)
        elif named := _FIELD.match(text):
            self._field(indent, named)
        else:
            self._item(indent, line)

    def _field(self, indent: int, named: re.Match[str]) -> None:
        """Take a field: its name is a label, and a list of them at the top of the document is about the document."""
        found = self.out.found
        if len(found) == sum(block.heading_level is not None for block in found) <= 1:
            self.lines.at += 1
            self.lines.skip_below(indent)
            return
        text = self.lines.here.lstrip()
        self.out.set_label(named.group(1), self.lines.at)
        self._paragraph(indent, text[named.end() :])

    def _item(self, indent: int, line: str) -> None:
        """Take a paragraph with the marks of the lists that begin on its line, of which the last is shown."""
        mark, column = self.marks.take(line, indent)
        if mark:
            self.out.add_label(self.lines.at)
            self.out.prefix = mark
        if mark and _EXPLICIT.match(line[column:]):
            self.lines.rows[self.lines.at] = " " * column + line[column:]
        else:
            self._paragraph(indent, line[column:], column)

    def _paragraph(self, indent: int, first: str, column: int | None = None) -> None:
        """Take a paragraph that begins on the current line, and the literal block or definition that it announces.

        Args:
            indent: Where its line begins, with the mark in front of the paragraph if there is one.
            first: Its words on this line.
            column: Where these begin, if the lines below begin there too.
        """
        start, own = self.lines.at, column == indent
        self.lines.at += 1
        option = own and bool(_OPTION.match(first))
        texts = [first]
        while self._goes_on(indent, own=own and not option):
            line = self.lines.here
            column = min(column or indent_of(line), indent_of(line))
            texts.append(line.strip())
            self.lines.at += 1
        text = " ".join(filter(None, texts))
        defined = own and len(texts) == 1 and self.lines.is_below(indent)
        if defined and not text.endswith("::"):
            self.out.prefix += f"{self.out.plain(_CLASSIFIER.sub('', text))}: "
        else:
            self._finish(text, start, indent if column is None else column)

    def _goes_on(self, indent: int, *, own: bool) -> bool:
        """Tell whether the current line goes on with a paragraph: as deep as it, or deeper than its mark."""
        line = self.lines.here
        return bool(line) and (indent_of(line) == indent if own else indent_of(line) > indent)

    def _finish(self, text: str, start: int, column: int) -> None:
        """Add a paragraph, and the literal block below it where it ends with ``::``."""
        if not text.endswith("::"):
            self.out.add_text(text, start)
            return
        words = text.removesuffix("::")
        self.out.add_text(words if words.endswith(" ") else f"{words}:" if words else "", start)
        self._literal(column)

    def _literal(self, indent: int) -> None:
        """Take the literal block that ``::`` announced: indented lines, or lines quoted with one character."""
        blank = self.lines.written_ahead()
        line = self.lines.ahead(blank)
        if line and indent_of(line) > indent:
            self._code(indent)
        elif line and indent_of(line) == indent and _QUOTE.match(line[indent:]):
            self.lines.at += blank
            start, quote, rows = self.lines.at, line[indent], []
            while self.lines.here[indent : indent + 1] == quote:
                rows.append(self.lines.here[indent:])
                self.lines.at += 1
            self.out.add_preformatted(rows, start)

    def _code(self, indent: int, first: str = "") -> None:
        """Take the lines below a mark as they are, behind a line of code that stands beside it."""
        start = self.lines.at + self.lines.written_ahead()
        self.out.add_preformatted([first, *self.lines.take_below(indent)], start)
