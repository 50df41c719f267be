"""Word files: paragraphs, lists and tables in the order they are read in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedtune.corpus.readers.docx_lists import Numbering, read_numbering
from embedtune.corpus.readers.docx_package import open_docx
from embedtune.corpus.readers.docx_styles import Names, ParagraphStyle, paragraph_style, read_styles
from embedtune.corpus.readers.table_rows import joined_row
from embedtune.corpus.readers.xml_safety import local_name
from embedtune.errors import DocumentError
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element

_WRAPPERS = frozenset({"sdtContent", "ins", "moveTo", "customXml", "smartTag"})
_NO_TEXT = frozenset({"del", "moveFrom", "pPr", "rPr", "rt", "txbxContent", "sdtPr", "sdtEndPr"})
_CHARACTERS = {"tab": " ", "ptab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_GALLERIES = frozenset({"Table of Contents", "Bibliographies", "Cover Pages Placeholder"})
_TITLE = "title"


@dataclass(frozen=True, slots=True)
class DocxReader:
    """Reads ``.docx``: headings by style or outline level, list items, table rows, code by style, text boxes.

    A paragraph in the style ``Title`` is the top heading, above all others. Words that tracked
    changes insert are read and those they delete are not. Headers, footers, footnotes, comments,
    hidden text and tables of contents are left out. ``TextBlock.line`` is the number of the
    paragraph: a Word file has no lines.

    The archive is read part by part with lxml rather than with python-docx, which loads every
    picture, gives up on dangling references that Word ignores, and passes over inserted words,
    content controls and text boxes.
    """

    suffixes: frozenset[str] = frozenset({".docx"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the blocks of a Word file.

        Raises:
            DocumentError: The file is encrypted, damaged, no Word file, or would unpack to more
                than a document can need (see `open_docx`).
        """
        with open_docx(path) as package:
            part = package.main_part()
            root = package.tree(part)
            if root is None or local_name(root) != "document":
                raise DocumentError(f"{path} holds no Word document ({part}).", "Save it as .docx, or leave it out.")
            names = Names(root.tag.rpartition("}")[0].lstrip("{"))
            styles = read_styles(names, package.tree(package.related(part, "styles") or "word/styles.xml"))
            lists = read_numbering(names, package.tree(package.related(part, "numbering") or "word/numbering.xml"))
        body = root.find(names.tag("body"))
        walk = _Walk(names, styles, lists)
        return tuple(walk.titled(walk.blocks(body))) if body is not None else ()


@dataclass(slots=True)
class _Walk:
    """One pass over the elements of a document."""

    names: Names
    styles: dict[str, ParagraphStyle]
    lists: Numbering
    paragraph: int = 0
    title: int = 0

    def titled(self, blocks: Iterator[TextBlock]) -> list[TextBlock]:
        """Return all blocks, with the headings one level lower where the document has a title."""
        found = list(blocks)
        if not self.title:
            return found
        return [
            replace(block, heading_level=block.heading_level + 1)
            if block.heading_level and block.line != self.title
            else block
            for block in found
        ]

    def blocks(self, container: _Element) -> Iterator[TextBlock]:
        """Yield the blocks of a body, a table cell, a text box or a content control."""
        for child in container:
            match local_name(child):
                case "p":
                    yield from self._paragraph(child)
                case "tbl":
                    for row in self._within(child, "tr"):
                        yield from self._row(row)
                case "sdt" if not self._is_generated(child):
                    yield from self.blocks(child)
                case "AlternateContent":
                    yield from self.blocks(child[0]) if len(child) else ()
                case name if name in _WRAPPERS:
                    yield from self.blocks(child)

    def _paragraph(self, element: _Element) -> Iterator[TextBlock]:
        self.paragraph += 1
        number = self.paragraph
        properties = element.find(self.names.tag("pPr"))
        style_id = self.names.value(properties, "pStyle") or ""
        style = self.styles.get(style_id, self.styles[""])
        style = paragraph_style(self.names, properties, style)
        boxes: list[_Element] = []
        text = _text("".join(self._words(element, boxes)), style)
        if text and not style.left_out:
            yield self._block(text, number, style)
        for box in boxes:
            yield from self.blocks(box)

    def _block(self, text: str, number: int, style: ParagraphStyle) -> TextBlock:
        if style.level:
            if style.name == _TITLE and not self.title:
                self.title = number
            return TextBlock(" ".join(text.split()), number, style.level)
        mark = "- " if style.name.startswith("list bullet") else ""
        if style.number_id is not None:
            mark = self.lists.mark(style.number_id, style.depth)
        return TextBlock(mark + text, number, preformatted=style.preformatted)

    def _words(self, element: _Element, boxes: list[_Element]) -> Iterator[str]:
        """Yield the pieces of a paragraph's text, and gather the text boxes that hang on it."""
        for child in element:
            name = local_name(child)
            if name == "t":
                yield child.text or ""
            elif name in _CHARACTERS:
                yield _CHARACTERS[name]
            elif name == "txbxContent":
                boxes.append(child)
            elif name == "AlternateContent":
                yield from self._words(child[0], boxes) if len(child) else ()
            elif name not in _NO_TEXT and not (name == "r" and self._is_hidden(child)):
                yield from self._words(child, boxes)

    def _row(self, element: _Element) -> Iterator[TextBlock]:
        if self.names.is_on(element.find(self.names.tag("trPr")), "del"):
            return
        cells = [list(self.blocks(cell)) for cell in self._within(element, "tc") if not self._goes_on(cell)]
        row = joined_row(cells)
        if row:
            yield row
        else:
            for cell in cells:
                yield from cell

    def _within(self, element: _Element, name: str) -> Iterator[_Element]:
        """Yield the rows of a table or the cells of a row, those in content controls as well."""
        for child in element:
            if local_name(child) == name:
                yield child
            elif local_name(child) == "sdt" or local_name(child) in _WRAPPERS:
                yield from self._within(child, name)

    def _goes_on(self, cell: _Element) -> bool:
        """Tell whether a cell is the lower part of one that spans rows, and so has no text of its own."""
        properties = cell.find(self.names.tag("tcPr"))
        merge = properties.find(self.names.tag("vMerge")) if properties is not None else None
        return merge is not None and merge.get(self.names.tag("val"), "continue") == "continue"

    def _is_hidden(self, run: _Element) -> bool:
        return self.names.is_on(run.find(self.names.tag("rPr")), "vanish")

    def _is_generated(self, control: _Element) -> bool:
        """Tell whether a content control holds what Word makes itself, such as the table of contents."""
        gallery = control.find("/".join(map(self.names.tag, ("sdtPr", "docPartObj", "docPartGallery"))))
        return gallery is not None and gallery.get(self.names.tag("val")) in _GALLERIES


def _text(words: str, style: ParagraphStyle) -> str:
    """Return the lines of a paragraph; those of code keep their indentation."""
    lines = (line.rstrip() if style.preformatted else " ".join(line.split()) for line in words.split("\n"))
    return "\n".join(line for line in lines if line)
