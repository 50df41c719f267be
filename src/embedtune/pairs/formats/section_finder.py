"""Find the sections that a test suite means, by id, by document and heading, or by a text in them."""

from __future__ import annotations

import math
import re
from array import array
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from embedtune.corpus.listing import DEFAULT_DOMAIN
from embedtune.files import digest_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.vocabulary.corpus import Section

_WORD = re.compile(r"\w+")
_SHINGLE = 3
_MIN_CONTAINMENT = 0.6
_NONE: array[int] = array("I")


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
        self._padded_texts: dict[int, str] = {}

    def by_id(self, section_id: str) -> Found:
        """Return the section with an id."""
        return (
            Found((section_id,)) if section_id in self._ids else Found((), f"no section has the id {section_id!r:.60}")
        )

    def by_heading(self, expected: ExpectedSection) -> Found:
        """Return the sections of a document whose own heading is the expected one.

        Case and the width of white space do not matter.
        """
        from rapidfuzz import fuzz, process

        path = expected.document.replace("\\", "/").removeprefix("./")
        domain = path.split("/")[0] if "/" in path else DEFAULT_DOMAIN
        sections = self._by_document.get(digest_value([domain, path]))
        if not sections:
            return Found((), f"the corpus has no document {path!r:.100}")
        wanted = _heading_key(expected.heading)
        found = tuple(section.id for section in sections if _heading_key(section.heading) == wanted)
        if found:
            return Found(found)
        headings = [_heading_key(section.heading) for section in sections]
        near = process.extractOne(wanted, headings, scorer=fuzz.ratio, score_cutoff=60)
        hint = f"; {sections[near[2]].heading!r} is near" if near else ""
        return Found((), f"{path!r:.100} has no section {expected.heading!r:.100}{hint}")

    def by_text(self, text: str) -> Found:
        """Return the sections that hold a text, else those that share most of its three-word shingles.

        Words alone are compared, without case or punctuation. A section counts as similar if it has
        at least 0.6 of the text's shingles; all that have the most are returned. A text of fewer
        than three words must stand in one section only: more would make almost any answer right.
        """
        words = words_of(text)
        if not words:
            return Found((), f"the expected text {text[:60]!r} has no word")
        needle = _padded(words)
        holding = tuple(
            self._sections[number].id for number in self._holding_all(words) if needle in self._padded_text(number)
        )
        if len(words) < _SHINGLE and len(holding) > 1:
            return Found((), f"the expected text {text!r:.60} is too short: {len(holding)} sections hold it")
        return Found(holding) if holding else self._most_similar(words)

    def _most_similar(self, words: Sequence[str]) -> Found:
        shingles = shingles_of(words)
        shared = {
            number: len(shingles & shingles_of(self._padded_text(number).split()))
            for number in self._sharing_enough(shingles)
        }
        best = max(shared.values(), default=0)
        if not shingles or best < _MIN_CONTAINMENT * len(shingles):
            return Found((), f"no section holds the expected text {' '.join(words):.60}")
        return Found(tuple(self._sections[number].id for number in sorted(shared) if shared[number] == best))

    def _holding_all(self, words: Sequence[str]) -> list[int]:
        """Return the sections that hold every one of the words, in order."""
        rarest_first = sorted((self._holders.get(word, _NONE) for word in set(words)), key=len)
        holding = set(rarest_first[0])
        for holders in rarest_first[1:]:
            if not holding:
                break
            holding.intersection_update(holders)
        return sorted(holding)

    def _sharing_enough(self, shingles: frozenset[str]) -> set[int]:
        """Return sections among which are all that have enough of the shingles.

        A section may miss only so many: it has one of any more than these, so the rarest are looked up.
        """
        rarest = [min((self._holders.get(word, _NONE) for word in shingle.split()), key=len) for shingle in shingles]
        may_miss = len(shingles) - math.ceil(_MIN_CONTAINMENT * len(shingles))
        return {number for holders in sorted(rarest, key=len)[: may_miss + 1] for number in holders}

    @cached_property
    def _holders(self) -> Mapping[str, array[int]]:
        """Word to the numbers of the sections that hold it."""
        holders: dict[str, array[int]] = {}
        for number, section in enumerate(self._sections):
            for word in set(words_of(section.full_text)):
                holders.setdefault(word, array("I")).append(number)
        return holders

    def _padded_text(self, number: int) -> str:
        if number not in self._padded_texts:
            self._padded_texts[number] = _padded(words_of(self._sections[number].full_text))
        return self._padded_texts[number]


def _heading_key(heading: str) -> str:
    return " ".join(heading.split()).casefold()


def words_of(text: str) -> list[str]:
    """Return the words of a text in one case, without punctuation: what two texts are compared by."""
    return _WORD.findall(text.casefold())


def _padded(words: Sequence[str]) -> str:
    """Join words so that a search for whole words cannot match parts of words."""
    return f" {' '.join(words)} "


def shingles_of(words: Sequence[str]) -> frozenset[str]:
    """Return all runs of three words."""
    return frozenset(" ".join(words[start : start + _SHINGLE]) for start in range(len(words) - _SHINGLE + 1))
