"""Which part of a web page a block stands in, and which part is the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from embedtune.vocabulary.corpus import TextBlock

_CONTENT = frozenset({"main", "article", "section"})


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block with the part of the page it stands in.

    Attributes:
        block: The block.
        in_main: It stands in the page's main element.
        article: The number of the outermost ``article`` it stands in, 0 for none.
    """

    block: TextBlock
    in_main: bool
    article: int


@dataclass(slots=True)
class OpenParts:
    """Which parts of the page are open."""

    _content: int = 0
    _mains: int = 0
    _articles: int = 0
    _article_count: int = 0

    @property
    def in_content(self) -> bool:
        """Whether any part of the page's content is open."""
        return self._content > 0

    def begin(self, tag: str, attributes: Mapping[str, str]) -> Callable[[], None]:
        """Open a part of the page's content (see `is_content`), and return what closes it."""
        main = int(_is_main(tag, attributes))
        article = int(tag == "article" and not main)
        self._content += 1
        self._mains += main
        self._article_count += article if not self._articles else 0
        self._articles += article

        def close() -> None:
            self._content -= 1
            self._mains -= main
            self._articles -= article

        return close

    def placed(self, block: TextBlock) -> PlacedBlock:
        """Return a block with the part that it stands in."""
        return PlacedBlock(block, self._mains > 0, self._article_count if self._articles else 0)


def is_content(tag: str, attributes: Mapping[str, str]) -> bool:
    """Tell whether an element is a part of the page's content by its tag or its role."""
    return tag in _CONTENT or _is_main(tag, attributes)


def main_part(placed: Sequence[PlacedBlock]) -> list[TextBlock]:
    """Return the blocks of the page's main element, else of its only article, else all."""
    main = [item.block for item in placed if item.in_main]
    if main:
        return main
    articles = {item.article for item in placed if item.article}
    return [item.block for item in placed if len(articles) != 1 or item.article]


def _is_main(tag: str, attributes: Mapping[str, str]) -> bool:
    return tag == "main" or attributes.get("role") == "main"
