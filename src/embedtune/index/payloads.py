"""What stands beside a vector in Qdrant, embedded or on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.corpus import Passage

PASSAGE, SECTION, DOMAIN, LABELS = "passage_id", "section_id", "domain", "labels"


def passage_payload(passage: Passage, domain: str, labels: Sequence[str]) -> dict[str, object]:
    """Return the payload of a passage's point."""
    return {PASSAGE: passage.id, SECTION: passage.section_id, DOMAIN: domain, LABELS: list(labels)}


def label_conditions(domain: str | None, labels: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of payload field and value that a filtered search asks for."""
    of_domain = [] if domain is None else [(DOMAIN, domain)]
    return [*of_domain, *((LABELS, label) for label in labels)]
