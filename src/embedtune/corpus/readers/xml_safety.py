"""XML that may come from anywhere, as a tree: no document types, no entities, nothing fetched, bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from embedtune.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import ParserTarget, _Element

MAX_XML_BYTES = 32 * 1024 * 1024
_MAX_TAGS = 3_000_000
_PIECE = 4096


def parse_xml(data: bytes, name: str) -> _Element:
    """Return the root of an XML document, without comments and processing instructions.

    A document type is refused before anything it declares is used: entities that grow without
    bound or that name files live there, and no format read here needs one. Beyond that the limits
    of libxml2 hold (256 nested elements, 10 MB for one text).

    Args:
        data: The bytes of the document.
        name: What to call it in an error.

    Raises:
        DocumentError: The document is longer than `MAX_XML_BYTES`, holds more than three million
            tags (a tree takes many times the memory of its text), declares a document type, or is
            not well-formed.
    """
    from lxml import etree

    if len(data) > MAX_XML_BYTES:
        raise DocumentError(f"{name} is larger than {MAX_XML_BYTES >> 20} MiB.", "Split it, or leave it out.")
    if data.count(b"<") > _MAX_TAGS:
        message = f"{name} holds more than {_MAX_TAGS // 1_000_000} million tags."
        raise DocumentError(message, "Split it, or leave it out.")
    if _declares_type(data):
        raise DocumentError(
            f"{name} declares a document type (<!DOCTYPE …>), where entities can be hidden that grow without bound.",
            "Remove the declaration if you trust the file, or leave it out.",
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        reason = " ".join(str(error).partition(" (<string>")[0].split())
        message = f"{name} is not well-formed XML: {reason}."
        raise DocumentError(message, "Write the file anew with the program it came from.") from error


def local_name(element: _Element) -> str:
    """Return the name of an element without its namespace, empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


@dataclass(slots=True)
class _Prolog:
    """A parser target that notes what comes first: a document type or an element."""

    declares_type: bool = False
    done: bool = False

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        self.declares_type = self.done = True

    def start(self, _tag: str, _attributes: Mapping[str, str]) -> None:
        self.done = True

    def end(self, _tag: str) -> None:
        self.done = True

    def close(self) -> None:
        """Nothing is kept."""


def _declares_type(data: bytes) -> bool:
    from lxml import etree

    prolog = _Prolog()
    parser = etree.XMLParser(
        target=cast("ParserTarget", prolog), resolve_entities=False, no_network=True, load_dtd=False
    )
    try:
        for start in range(0, len(data), _PIECE):
            parser.feed(data[start : start + _PIECE])
            if prolog.done:
                break
    except etree.XMLSyntaxError:
        pass  # the parser of the whole document says what is wrong
    return prolog.declares_type
