"""Score a section by its best passage (MaxP).

Dai and Callan 2019, "Deeper text understanding for IR with contextual neural language modeling".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from embedtune.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.vocabulary.ports import PassageSearch


class SectionHit(NamedTuple):
    """A section found by its best passage, with that passage's cosine; there are hundreds of a question."""

    section_id: str
    score: float
    passage_id: str


def best_passages(hits: Iterable[tuple[str, float]], section_of: Mapping[str, str]) -> list[SectionHit]:
    """Return each section once, with its best passage, best first, ties by section id.

    Args:
        hits: (passage id, cosine), best first.
        section_of: The section of each passage.

    Raises:
        FormatError: A passage is not in ``section_of``.
    """
    best: dict[str, tuple[float, str, str]] = {}
    for passage_id, score in hits:
        section_id = section_of.get(passage_id)
        if section_id is None:
            raise FormatError(
                f"The index holds the passage {passage_id}, which the corpus does not.", "Index the corpus again."
            )
        if section_id not in best:
            best[section_id] = (-score, section_id, passage_id)
    return [SectionHit(section_id, -lowered, passage_id) for lowered, section_id, passage_id in sorted(best.values())]


def search_sections(
    index: PassageSearch,
    vector: NDArray[np.float32],
    depth: int,
    section_of: Mapping[str, str],
    domain: str | None = None,
    *,
    single: bool = False,
) -> list[SectionHit]:
    """Return the best ``depth`` sections for a question, best first, ties by section id.

    One section may fill the first places with its passages, so ever more passages are fetched until
    they hold enough sections, or there are no more.

    Args:
        index: The passages' vectors.
        vector: The question's vector, shape (dimension,).
        depth: At most so many sections, at least 1.
        section_of: The section of each passage.
        domain: Sections of this domain alone; ``None`` for all.
        single: Whether every section has one passage.

    Raises:
        FormatError: The index holds a passage that is not in ``section_of``.
    """
    limit = first_limit(depth, single=single)
    while True:
        hits = index.search(vector, limit, domain)
        sections = best_passages(hits, section_of)
        # The last hit must lie below the last section kept, or an unseen one could tie with it.
        enough = len(sections) >= depth and hits[-1][1] < sections[depth - 1].score
        if enough or len(hits) < limit:
            return sections[:depth]
        limit *= 4


def first_limit(depth: int, *, single: bool) -> int:
    """Return how many passages to ask for first; one more than wanted shows whether the last one ties."""
    return depth + 1 if single else 2 * depth
