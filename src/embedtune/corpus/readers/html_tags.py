"""What the tags of a web page mean for its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.corpus.readers.markup_numbers import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

LISTS = frozenset({"ul", "ol", "menu", "dir"})
PREFORMATTED = frozenset({"pre", "xmp", "listing", "plaintext"})
TABLE_PARTS = frozenset({"table", "tr", "td", "th"})
WITHIN_HEADINGS = frozenset({"div", "header", "center", "hgroup"})
"""Blocks that may stand in a heading without ending it."""

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_OTHER_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer "
    "form header hgroup hr html legend li main p section summary table tbody td tfoot th thead title tr".split()
)
BLOCKS = _OTHER_BLOCKS | LISTS | PREFORMATTED | frozenset(_HEADINGS)
"""Tags that begin and end a block of text."""

_USUAL_HEADING_LEVEL, _MAX_HEADING_LEVEL = 2, 9


def heading_level(tag: str, attributes: Mapping[str, str]) -> int | None:
    """Return the level of a heading, by its tag or its role; ``None`` for what is no heading."""
    if tag in _HEADINGS:
        return _HEADINGS[tag]
    if not attributes or attributes.get("role") != "heading":
        return None
    level = whole_number(attributes.get("aria-level")) or _USUAL_HEADING_LEVEL
    return min(level, _MAX_HEADING_LEVEL)
