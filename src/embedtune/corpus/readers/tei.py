"""Scientific papers as GROBID writes them (TEI XML): title, abstract and sections, without references."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from embedtune.corpus.readers.file_bytes import read_bytes
from embedtune.corpus.readers.table_rows import row_text
from embedtune.corpus.readers.xml_safety import MAX_XML_BYTES, local_name, parse_xml
from embedtune.errors import DocumentError
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.etree import _Element

_ID = "{http://www.w3.org/XML/1998/namespace}id"
_NAMED_CITATION = re.compile(r"[^\W\d_].*[(\[]\d{4}\w?[)\]]", re.DOTALL)
_CITATION = "\0"  # stands for a citation that is left out: XML cannot hold it
_CITATIONS = re.compile(r"\0(?:(?:\s|[,;\u2013-]|and)*\0)*")
_IN_BRACKETS = re.compile(r"[(\[]\s*(?:see|e\.g\.,?|cf\.?)?\s*\0\s*[)\]]")
_AT_GAP = re.compile(r"\s*\0(?=\s*(?:[.,;:)\]]|$))")
_SILENT = frozenset({"note", "label", "graphic", "listBibl", "biblStruct", "figure"})
_SPACED = frozenset({"s", "lb", "p", "cell", "item"})
_CAPTIONS = "Figures and tables"
_ABSTRACT = "Abstract"
_TOP, _SECTION, _DEEPEST = 1, 2, 9


@dataclass(frozen=True, slots=True)
class TeiReader:
    """Reads ``.tei.xml``: the title as the top heading, the abstract and each section below it.

    The number of a section (``2.1``) decides its level where it has one, else its nesting. Captions
    and tables follow the first paragraph that refers to them. Citations such as ``[12]`` and the
    list of references, authors, footnotes and acknowledgements are left out; an annex is read.
    ``TextBlock.line`` is the line of the element.
    """

    suffixes: frozenset[str] = frozenset({".tei.xml"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the blocks of a paper.

        Raises:
            DocumentError: The file cannot be read, is larger than 32 MiB, or is not TEI or XML that
                is refused (see `parse_xml`).
        """
        data = read_bytes(path, MAX_XML_BYTES)
        if not data.strip():
            return ()
        root = parse_xml(data, str(path))
        if local_name(root) != "TEI":
            message = f"{path} is not a TEI document: its root is <{local_name(root)[:40]}>."
            raise DocumentError(message, "Convert the paper with GROBID's processFulltextDocument.")
        parts = [block for part in _parts(root) for block in part]
        return tuple(parts) if any(block.heading_level is None for block in parts) else ()


def _parts(root: _Element) -> Iterator[Iterator[TextBlock]]:
    title = _first(root, "teiHeader", "fileDesc", "titleStmt", "title")
    if title is not None:
        yield _heading(title, _TOP)
    walk = _Walk(_figures(root))
    abstract = _first(root, "teiHeader", "profileDesc", "abstract")
    if abstract is not None and _text(abstract):
        yield iter((TextBlock(_ABSTRACT, _line(abstract), _SECTION),))
        yield walk.blocks(abstract, _SECTION + 1)
    body = _first(root, "text", "body")
    if body is not None:
        yield walk.blocks(body, _SECTION)
    back = _first(root, "text", "back")
    for part in back if back is not None else ():
        if part.get("type") == "annex":
            yield walk.blocks(part, _SECTION)
    yield walk.captions_left()


@dataclass(slots=True)
class _Walk:
    """One pass over the divisions of a paper.

    Attributes:
        figures: The figures and tables that no paragraph referred to so far, by id.
    """

    figures: dict[str, _Element]

    def blocks(self, container: _Element, level: int) -> Iterator[TextBlock]:
        """Yield the blocks of a part of the paper whose headings are of a level, or as their number says."""
        below = level
        for child in container:
            match local_name(child):
                case "div":
                    yield from self.blocks(child, below)
                case "head":
                    own = _numbered_level(child.get("n", "")) or level
                    below = own + 1
                    yield from _heading(child, own)
                case "list":
                    yield from self._list(child)
                case "table":
                    yield from _rows(child)
                case name if name not in _SILENT:
                    yield from self._paragraph(child)

    def captions_left(self) -> Iterator[TextBlock]:
        """Yield the captions and tables that no paragraph refers to, under a heading of their own."""
        left = [block for figure in self.figures.values() for block in _caption(figure)]
        if left:
            yield TextBlock(_CAPTIONS, left[0].line, _SECTION)
            yield from left

    def _paragraph(self, element: _Element, mark: str = "") -> Iterator[TextBlock]:
        text = _text(element)
        if text:
            yield TextBlock(mark + text, _line(element))
        for reference in element.iter("{*}ref"):
            figure = self.figures.pop(reference.get("target", "").removeprefix("#"), None)
            if figure is not None:
                yield from _caption(figure)

    def _list(self, element: _Element) -> Iterator[TextBlock]:
        for item in element:
            if local_name(item) == "item":
                yield from self._paragraph(item, "- ")
            elif local_name(item) == "head":
                yield from self._paragraph(item)


def _figures(root: _Element) -> dict[str, _Element]:
    return {figure.get(_ID, f"\0{number}"): figure for number, figure in enumerate(root.iter("{*}figure"))}


def _caption(figure: _Element) -> Iterator[TextBlock]:
    head, description = _child_text(figure, "head"), _child_text(figure, "figDesc")
    repeated = description.lower().startswith(head.lower().rstrip(" .:"))
    text = description if repeated else f"{head} {description}"
    if text.strip():
        yield TextBlock(text.strip(), _line(figure))
    for table in figure.iter("{*}table"):
        yield from _rows(table)


def _rows(table: _Element) -> Iterator[TextBlock]:
    for row in table.iter("{*}row"):
        text = row_text(_text(cell) for cell in row if local_name(cell) == "cell")
        if text:
            yield TextBlock(text, _line(row))


def _heading(element: _Element, level: int) -> Iterator[TextBlock]:
    text = _text(element)
    if text:
        yield TextBlock(text, _line(element), min(level, _DEEPEST))


def _numbered_level(number: str) -> int:
    """Return the level that a section number asks for, 0 if there is none: 2 for ``2.``, 3 for ``2.1``."""
    parts = [part for part in number.split(".") if part.strip()]
    return _TOP + len(parts) if parts else 0


def _text(element: _Element) -> str:
    """Return the words of an element on one line, without citations and notes."""
    text = "".join(_pieces(element))
    if _CITATION in text:
        text = _IN_BRACKETS.sub(_CITATION, _CITATIONS.sub(_CITATION, text))
        text = _AT_GAP.sub("", text).replace(_CITATION, " ")
    return " ".join(text.split())


def _pieces(element: _Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = local_name(child)
        if name == "ref" and child.get("type") == "bibr":
            words = "".join(map(str, child.itertext()))
            yield words if _NAMED_CITATION.fullmatch(words.strip()) else _CITATION
        elif name not in _SILENT:
            yield from _pieces(child)
        yield f" {child.tail or ''}" if name in _SPACED else child.tail or ""


def _child_text(element: _Element, name: str) -> str:
    child = element.find(f"{{*}}{name}")
    return _text(child) if child is not None else ""


def _first(root: _Element, *names: str) -> _Element | None:
    return root.find("/".join(f"{{*}}{name}" for name in names))


def _line(element: _Element) -> int:
    return cast("int | None", element.sourceline) or 1
