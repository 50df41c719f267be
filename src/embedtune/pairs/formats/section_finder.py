"""Find the sections that a test suite means, by id, by document and heading, or by a text in them."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from embedtune.corpus.folder import DEFAULT_DOMAIN
from embedtune.files import digest_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.corpus import Section

_WORD = re.compile(r"\w+")
_SHINGLE = 3
_MIN_CONTAINMENT = 0.6


@dataclass(frozen=True, slots=True)
class ExpectedSection:
    """A section by its document's path within the corpus (with ``/``) and its own heading."""

    document: str
    heading: str


@dataclass(frozen=True, slots=True)
class Found:
    """The sections that were meant, in the order of the corpus; if there are none, why."""

    section_ids: tuple[str, ...]
    reason: str = ""


class SectionFinder:
    """Looks up sections of one corpus.

    Args:
        sections: All sections of the corpus.
    """

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = tuple(sections)
        self._ids = frozenset(section.id for section in sections)
        self._by_document: dict[str, list[Section]] = defaultdict(list)
        for section in sections:
            self._by_document[section.document_id].append(section)

    def by_id(self, section_id: str) -> Found:
        """Return the section with an id."""
        return Found((section_id,)) if section_id in self._ids else Found((), f"no section has the id {section_id!r}")

    def by_heading(self, expected: ExpectedSection) -> Found:
        """Return the sections of a document whose own heading is the expected one.

        Case and the width of white space do not matter.
        """
        path = expected.document.replace("\\", "/").removeprefix("./")
        domain = path.split("/")[0] if "/" in path else DEFAULT_DOMAIN
        sections = self._by_document.get(digest_value([domain, path]))
        if not sections:
            return Found((), f"the corpus has no document {path!r}")
        wanted = _heading_key(expected.heading)
        found = tuple(section.id for section in sections if _heading_key(section.heading) == wanted)
        if found:
            return Found(found)
        near = difflib.get_close_matches(wanted, {_heading_key(s.heading): s.heading for s in sections}, n=1)
        hint = next((f"; {s.heading!r} is near" for s in sections if [_heading_key(s.heading)] == near), "")
        return Found((), f"{path!r} has no section {expected.heading!r}{hint}")

    def by_text(self, text: str) -> Found:
        """Return the sections that hold a text, else those that share most of its three-word shingles.

        Words alone are compared, without case or punctuation. A section counts as similar if it has
        at least 0.6 of the text's shingles; all that have the most are returned. A text of fewer
        than three words must stand in one section only: more would make almost any answer right.
        """
        words = _words(text)
        if not words:
            return Found((), f"the expected text {text[:60]!r} has no word")
        needle = _padded(words)
        holding = tuple(
            section.id for section, body in zip(self._sections, self._padded_texts, strict=True) if needle in body
        )
        if len(words) < _SHINGLE and len(holding) > 1:
            return Found((), f"the expected text {text!r} is too short: {len(holding)} sections hold it")
        if holding:
            return Found(holding)
        shingles = _shingles(words)
        shared = Counter({number: len(shingles & own) for number, own in enumerate(self._section_shingles)})
        best = max(shared.values(), default=0)
        if not shingles or best < _MIN_CONTAINMENT * len(shingles):
            return Found((), f"no section holds the expected text {' '.join(text.split()):.60}")
        return Found(tuple(self._sections[number].id for number in sorted(shared) if shared[number] == best))

    @cached_property
    def _padded_texts(self) -> list[str]:
        return [_padded(_words(section.full_text)) for section in self._sections]

    @cached_property
    def _section_shingles(self) -> list[frozenset[str]]:
        return [_shingles(text.split()) for text in self._padded_texts]


def _heading_key(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _padded(words: Sequence[str]) -> str:
    """Join words so that a search for whole words cannot match parts of words."""
    return f" {' '.join(words)} "


def _shingles(words: Sequence[str]) -> frozenset[str]:
    return frozenset(" ".join(words[start : start + _SHINGLE]) for start in range(len(words) - _SHINGLE + 1))
