"""Web pages: the text of the page's main part, without what leads around the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from embedtune.corpus.readers.html_blocks import PageBlocks, TooDeepError
from embedtune.corpus.readers.html_encoding import read_page
from embedtune.corpus.readers.html_parts import main_part
from embedtune.errors import DocumentError
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import ParserTarget

# Browsers stop at the same depth. An end tag that ends nothing costs the parser a walk up the open
# elements: the limit is what keeps a hostile page from taking minutes.
_MAX_DEPTH = 512
_PIECE = 65536


@dataclass(frozen=True, slots=True)
class HtmlReader:
    """Reads ``.html``: headings by markup, lists and table rows as lines, code as text, links as their words.

    Of a page with a main part (``main``, or its only ``article``) that part alone is read. Menus,
    banners, tables of contents and hidden parts are left out (see `html_navigation`). The page's
    title becomes the top heading of a page that has none. ``TextBlock.line`` is the line of the tag
    that begins the block.

    The parser reports tags as it goes and builds no tree: memory stays near the size of the text,
    and nothing in a page can make it grow faster.
    """

    suffixes: frozenset[str] = frozenset({".html", ".htm"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the blocks of a web page.

        Raises:
            DocumentError: The file cannot be read as text, or nests elements more than 512 deep.
        """
        text = read_page(path)
        if not text.strip():
            return ()
        page = PageBlocks(path.name, _MAX_DEPTH)
        try:
            _parse(text, page)
        except TooDeepError as error:
            message = f"{path}, line {page.line}: more than {_MAX_DEPTH} elements stand within one another."
            raise DocumentError(message, "Close the tags that were left open, or leave the file out.") from error
        blocks = main_part(page.placed)
        if page.title and not any(block.heading_level == 1 for block in blocks):
            title = " ".join(page.title.split())
            return (TextBlock(title, page.title_line, heading_level=1), *blocks)
        return tuple(blocks)


def _parse(text: str, page: PageBlocks) -> None:
    from lxml import etree

    # Without huge_tree a comment of more than 10 MB would be taken for text; with no tree it costs nothing.
    parser = etree.HTMLParser(target=cast("ParserTarget", page), encoding="utf-8", huge_tree=True)
    for number, piece in _pieces(text):
        page.line = number
        parser.feed(piece.encode("utf-8"))
    parser.close()


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that has a tag, with its number and the lines without one below it; long ones in pieces."""
    start, number = 0, 1
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        tag = text.find("<", end)
        end = text.rfind("\n", end - 1, tag) + 1 if tag >= 0 else len(text)
        for place in range(start, end, _PIECE):
            yield number, text[place : min(end, place + _PIECE)]
        number += text.count("\n", start, end)
        start = end
