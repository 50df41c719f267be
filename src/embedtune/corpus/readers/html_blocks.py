"""From the tags of a web page to blocks of text, in one pass and without a tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from embedtune.corpus.readers.html_lists import Counts, OpenLists
from embedtune.corpus.readers.html_navigation import is_contents_title, is_navigation, is_page_control
from embedtune.corpus.readers.html_parts import OpenParts, PlacedBlock, is_content
from embedtune.corpus.readers.html_tables import OpenTables
from embedtune.corpus.readers.html_tags import (
    BLOCKS,
    LISTS,
    PREFORMATTED,
    TABLE_PARTS,
    WITHIN_HEADINGS,
    heading_level,
)
from embedtune.corpus.readers.html_text import BREAK, alternative, flowing, preformatted, raised
from embedtune.vocabulary.corpus import TextBlock

_MAX_HEADING_WORDS = 50

_Closer = Callable[[], None]


class TooDeepError(ValueError):
    """A page nests its elements deeper than any page that people wrote."""


@dataclass(slots=True)
class PageBlocks:
    """A parser target (see lxml's ``HTMLParser(target=...)``) that gathers the blocks of a page.

    Attributes:
        file_name: The page's own file name: a link to ``file_name#part`` leads to the page itself.
        max_depth: How deep elements may be nested.
        line: The line being parsed; whoever feeds the parser keeps it.
        title: The words of the page's title.
        title_line: Where they stand.
        placed: The blocks so far.
    """

    file_name: str
    max_depth: int
    line: int = 1
    title: str = ""
    title_line: int = 1
    placed: list[PlacedBlock] = field(default_factory=list)
    _open: list[_Closer | None] = field(default_factory=list)
    _left_out_depth: int = 0
    _pieces: list[str] = field(default_factory=list)
    _block_line: int = 1
    _heading: int | None = None
    _prefix: str = ""
    _preformatted: int = 0
    _parts: OpenParts = field(default_factory=OpenParts)
    _counts: Counts = field(default_factory=Counts)
    _lists: OpenLists = field(default_factory=OpenLists)
    _tables: OpenTables = field(default_factory=OpenTables)
    _term: int = -1
    _defined: int = -1

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take a start tag.

        Raises:
            TooDeepError: It is nested deeper than ``max_depth``.
        """
        if len(self._open) + self._left_out_depth >= self.max_depth:
            raise TooDeepError
        if self._left_out_depth:
            self._left_out_depth += 1
            return
        if tag in BLOCKS:
            self._border(tag)
        if is_navigation(tag, attributes, in_content=self._parts.in_content):
            self._left_out_depth = 1
            return
        self._open.append(self._opened(tag, attributes))

    def end(self, tag: str) -> None:
        """Take an end tag, written or implied; lxml gives one for every start tag."""
        if self._left_out_depth:
            self._left_out_depth -= 1
            return
        close = self._open.pop()
        if tag in BLOCKS:
            self._border(tag)
        if close:
            close()

    def data(self, text: str) -> None:
        """Take a run of text."""
        if not self._left_out_depth:
            self._pieces.append(text)

    def close(self) -> None:
        """Take the end of the page."""
        self._flush()

    def _opened(self, tag: str, attributes: Mapping[str, str]) -> _Closer | None:
        """Do what a start tag asks for, and return what its end will ask for."""
        close: _Closer | None
        if level := heading_level(tag, attributes):
            close = self._open_heading(level)
        elif tag in LISTS:
            close = self._open_list(tag, attributes)
        elif tag in PREFORMATTED:
            close = self._open_preformatted()
        elif is_content(tag, attributes):
            close = self._parts.begin(tag, attributes)
        elif tag == "a":
            close = self._open_link(attributes.get("href", ""))
        elif tag in TABLE_PARTS:
            close = self._open_table_part(tag)
        else:
            close = self._open_small(tag, attributes)
        return close

    def _open_small(self, tag: str, attributes: Mapping[str, str]) -> _Closer | None:
        """Take list items, definitions, the title, and what is empty by nature."""
        match tag:
            case "li":
                self._prefix = self._lists.mark(attributes)
                return self._close_item
            case "dt":
                return self._term_closer()
            case "dd":
                self._defined = self._term if self._term == len(self.placed) - 1 else -1
            case "title":
                return self._title_closer()
            case "sup":
                return self._raiser()
            case "br":
                self._pieces.append("\n" if self._preformatted else BREAK)
            case "img":
                self._pieces.append(alternative(attributes.get("alt", "")))
        return None

    def _open_heading(self, level: int) -> _Closer:
        self._flush()
        self._heading = level

        def close() -> None:
            self._flush()
            self._heading = None

        return close

    def _open_list(self, tag: str, attributes: Mapping[str, str]) -> _Closer:
        self._lists.begin(tag, attributes, len(self.placed), self._counts)
        return self._close_list

    def _open_preformatted(self) -> _Closer:
        self._preformatted += 1

        def close() -> None:
            self._preformatted -= 1

        return close

    def _open_link(self, target: str) -> _Closer | None:
        page, mark, _ = target.partition("#")
        if not mark or page not in {"", self.file_name}:
            return None
        first = len(self._pieces)

        def close() -> None:
            text = "".join(self._pieces[first:]).replace(BREAK, " ")
            if is_page_control(text):
                del self._pieces[first:]
            else:
                self._counts.links += 1
                self._counts.linked_words += len(text.split())

        return close

    def _open_table_part(self, tag: str) -> _Closer | None:
        if tag == "table":
            self._tables.begin_table()
            return self._tables.end_table
        if tag == "tr":
            self._tables.begin_row()
            return self._close_row
        self._tables.begin_cell(len(self.placed))
        return None

    def _close_row(self) -> None:
        self._tables.end_row(self.placed)

    def _close_item(self) -> None:
        self._prefix = ""

    def _close_list(self) -> None:
        first = self._lists.end(self._counts)
        if first is None:
            return
        del self.placed[first:]
        if len(self.placed) > self._tables.cell_start and is_contents_title(self.placed[-1].block.text):
            self.placed.pop()

    def _raiser(self) -> _Closer:
        first = len(self._pieces)

        def close() -> None:
            before = self._pieces[first - 1] if 0 < first <= len(self._pieces) else ""
            self._pieces[first:] = [raised(before, "".join(self._pieces[first:]))]

        return close

    def _term_closer(self) -> _Closer:
        before = len(self.placed)

        def close() -> None:
            last = len(self.placed) - 1
            self._term = last if last >= before and self.placed[last].block.heading_level is None else -1

        return close

    def _title_closer(self) -> _Closer:
        before = len(self.placed)

        def close() -> None:
            if not self.title and len(self.placed) > before:
                block = self.placed.pop().block
                self.title, self.title_line = block.text, block.line

        return close

    def _border(self, tag: str) -> None:
        """End the block that is open where a block-level tag begins or ends."""
        if self._preformatted:
            if self._pieces and not self._pieces[-1].endswith("\n"):
                self._pieces.append("\n")
            if tag not in PREFORMATTED:
                return
        elif self._heading and tag in WITHIN_HEADINGS:
            self._pieces.append(" ")
            return
        self._flush()
        self._heading = None

    def _flush(self) -> None:
        text = preformatted(self._pieces) if self._preformatted else flowing(self._pieces)
        self._pieces.clear()
        if text:
            self._place(text)
        self._block_line = self.line

    def _place(self, text: str) -> None:
        count = len(text.split())
        self._counts.words += count
        level = self._heading if count <= _MAX_HEADING_WORDS else None
        if level:
            text = " ".join(text.split())
        elif self._defined == len(self.placed) - 1 >= 0 and not self._prefix and not self._preformatted:
            item = self.placed.pop()
            text = f"{item.block.text.rstrip(':')}: {text}"
            self._block_line = item.block.line
        else:
            text, self._prefix = self._prefix + text, ""
        self._defined = -1
        kept = self._preformatted > 0 and not level
        self.placed.append(self._parts.placed(TextBlock(text, self._block_line, level, preformatted=kept)))
