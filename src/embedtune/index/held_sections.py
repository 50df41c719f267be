"""A section as an index holds it: with its content's digest, by which its passages are named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedtune.corpus.passages import cut_passages
from embedtune.corpus.storage import section_of_row, section_row
from embedtune.files import short_digest
from embedtune.vocabulary.corpus import Passage, Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedtune.vocabulary.retrieval import PassageSettings

_DIGEST = "content"


@dataclass(frozen=True, slots=True)
class HeldSection:
    """A section with its passages, named ``<section id>@<digest>#<number>``.

    A changed section has new passages beside its old ones, so that either can be held whole: whichever
    the records name is in force, and the others' vectors are nobody's.

    Attributes:
        section: The section.
        digest: Digest of all of it, and of how it was cut.
        passages: Its passages.
    """

    section: Section
    digest: str
    passages: tuple[Passage, ...]

    @property
    def id(self) -> str:
        """The section's id."""
        return self.section.id

    def row(self) -> dict[str, object]:
        """Return the section as a JSON object."""
        return {**section_row(self.section), _DIGEST: self.digest}


def hold(section: Section, cut: PassageSettings) -> HeldSection:
    """Return a section as an index holds it.

    Args:
        section: The section.
        cut: How it is cut into passages.
    """
    passages = cut_passages([section], cut)
    digest = short_digest([section_row(section), [passage.text for passage in passages]])
    named = tuple(replace(passage, id=f"{section.id}@{digest}#{number}") for number, passage in enumerate(passages))
    return HeldSection(section, digest, named)


def hold_all(sections: Iterable[Section], cut: PassageSettings) -> tuple[HeldSection, ...]:
    """Return sections as an index holds them."""
    return tuple(hold(section, cut) for section in sections)


def held_of_row(row: object, cut: PassageSettings) -> HeldSection:
    """Return the section of a JSON object made by `HeldSection.row`.

    Raises:
        KeyError: A field is missing.
        TypeError: A field is of another kind.
        ValueError: A field has an impossible value, or the section is not the one that was written.
    """
    held = hold(section_of_row(row), cut)
    if not isinstance(row, dict) or held.digest != row[_DIGEST]:
        raise ValueError(f"the section {held.id} was changed")
    return held
