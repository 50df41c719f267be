"""What paragraphs of a Word file are by their style: headings and list items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.corpus.readers.markup_numbers import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element

_HEADING = re.compile(r"heading (\d)")
_LEFT_OUT = re.compile(r"toc \d|toc heading|index \d|index heading|table of (?:figures|authorities)")
_CODE = re.compile(
    r"(?:source |program )?code(?: block| listing| example| sample)?|(?:html )?preformatted(?: text)?|macro(?: text)?"
)
_BODY_LEVEL = 9
_MAX_CHAIN = 64
_NO_LIST = "0"


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """What a style says of its paragraphs.

    Attributes:
        name: The style's built-in name, lower case and English in every language of Word.
        level: The outline level from 1, ``None`` for body text.
        number_id: The list that its paragraphs belong to, ``None`` for none.
        depth: The level in that list, from 0.
    """

    name: str = ""
    level: int | None = None
    number_id: str | None = None
    depth: int = 0

    @property
    def left_out(self) -> bool:
        """Its paragraphs are lines of a table of contents or of an index."""
        return bool(_LEFT_OUT.fullmatch(self.name))

    @property
    def preformatted(self) -> bool:
        """Its paragraphs are code: Word has no mark for it but a style's name."""
        return bool(_CODE.fullmatch(self.name))


@dataclass(frozen=True, slots=True)
class Names:
    """The names of Word's elements and attributes in the namespace of one document (there are two)."""

    namespace: str

    def tag(self, name: str) -> str:
        """Return the full name of an element or an attribute."""
        return f"{{{self.namespace}}}{name}"

    def value(self, parent: _Element | None, name: str) -> str | None:
        """Return the ``val`` of a child of an element, ``None`` if there is no such child or value."""
        child = parent.find(self.tag(name)) if parent is not None else None
        return child.get(self.tag("val")) if child is not None else None

    def is_on(self, parent: _Element | None, name: str) -> bool:
        """Tell whether a switch such as ``vanish`` is among the children of an element, and on."""
        if parent is None or parent.find(self.tag(name)) is None:
            return False
        return self.value(parent, name) not in {"0", "false", "off", "none"}


def paragraph_style(names: Names, properties: _Element | None, inherited: ParagraphStyle) -> ParagraphStyle:
    """Return what paragraph properties say, over what they inherit.

    Args:
        names: The names in the document.
        properties: A ``pPr`` element.
        inherited: The style below.
    """
    if properties is None:
        return inherited
    outline = whole_number(names.value(properties, "outlineLvl"))
    level = inherited.level
    if outline is not None:
        level = outline + 1 if outline < _BODY_LEVEL else None
    numbering = properties.find(names.tag("numPr"))
    number_id, depth = names.value(numbering, "numId"), whole_number(names.value(numbering, "ilvl"))
    if number_id is None:
        number_id = inherited.number_id
    elif number_id == _NO_LIST:
        number_id = None
    return ParagraphStyle(inherited.name, level, number_id, inherited.depth if depth is None else depth)


def read_styles(names: Names, root: _Element | None) -> dict[str, ParagraphStyle]:
    """Return the paragraph styles of a document by id, with what each inherits; ``""`` is the default style.

    Args:
        names: The names in the document.
        root: The styles part.
    """
    elements = root.findall(names.tag("style")) if root is not None else []
    by_id = {style.get(names.tag("styleId"), ""): style for style in elements}
    read: dict[str, ParagraphStyle] = {}
    for style_id in by_id:
        for identity in reversed(_chain(names, by_id, style_id, read)):
            base = read.get(names.value(by_id[identity], "basedOn") or "", ParagraphStyle())
            read[identity] = _styled(names, by_id[identity], base)
    default = next((style for style in elements if _is_default(names, style)), None)
    read[""] = read[default.get(names.tag("styleId"), "")] if default is not None else ParagraphStyle()
    return read


def _chain(names: Names, by_id: dict[str, _Element], style_id: str, read: dict[str, ParagraphStyle]) -> list[str]:
    """Return a style and those it is based on which are still to be read, the nearest first."""
    chain: list[str] = []
    while style_id in by_id and style_id not in read and style_id not in chain and len(chain) < _MAX_CHAIN:
        chain.append(style_id)
        style_id = names.value(by_id[style_id], "basedOn") or ""
    return chain


def _styled(names: Names, element: _Element, base: ParagraphStyle) -> ParagraphStyle:
    name = (names.value(element, "name") or "").strip().lower()
    heading = _HEADING.fullmatch(name)
    level = int(heading.group(1)) if heading else 1 if name == "title" else base.level
    own = ParagraphStyle(name, level or None, base.number_id, base.depth)
    return paragraph_style(names, element.find(names.tag("pPr")), own)


def _is_default(names: Names, style: _Element) -> bool:
    return style.get(names.tag("type")) == "paragraph" and style.get(names.tag("default")) in {"1", "true", "on"}
