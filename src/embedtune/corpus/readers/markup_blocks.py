"""The blocks of a document in line markup, as they are gathered, with the labels and list marks before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from embedtune.vocabulary.corpus import TextBlock

_LABEL_END = ": "


@dataclass(slots=True)
class MarkupBlocks:
    """The blocks so far; the place of each is given as the position of its first line, from 0.

    Attributes:
        plain: Strips inline markup.
        prefix: A label or the mark of a list item that waits for its text.
        found: The blocks.
    """

    plain: Callable[[str], str]
    prefix: str = ""
    found: list[TextBlock] = field(default_factory=list)

    def add_heading(self, title: str, start: int, level: int) -> None:
        """Add a title, after the label that waits."""
        words = self.plain(title)
        self.add_label(start)
        if words:
            self.found.append(TextBlock(words, start + 1, level))

    def add_text(self, text: str, start: int) -> None:
        """Add flowing text behind the label or mark that waits."""
        words = self.plain(text)
        if words:
            self.found.append(TextBlock(self.prefix + words, start + 1))
            self.prefix = ""

    def add_preformatted(self, lines: Iterable[str], start: int) -> None:
        """Add lines that stay as they are."""
        text = "\n".join(lines).strip("\n")
        if text.strip():
            self.add_label(start)
            self.found.append(TextBlock(text, start + 1, preformatted=True))

    def add_rows(self, rows: Iterable[Iterable[str]], start: int) -> None:
        """Add the rows of a table, each as a block."""
        self.add_label(start)
        texts = (" | ".join(map(self.plain, row)).rstrip(" |") for row in rows)
        self.found += [TextBlock(text, start + 1) for text in texts if text]

    def set_label(self, words: str, start: int) -> None:
        """Let a label wait for its text, after the one that waits."""
        self.add_label(start)
        self.prefix = f"{self.plain(words)}{_LABEL_END}"

    def add_label(self, start: int) -> None:
        """Add the label of a paragraph that did not come, so that none is lost; the mark of a list is no label."""
        if self.prefix.endswith(_LABEL_END) and self.prefix.strip(_LABEL_END):
            self.found.append(TextBlock(self.prefix.strip(_LABEL_END), start + 1))
        self.prefix = ""
