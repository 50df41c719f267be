"""The best passages of sections for many questions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from embedtune.retrieval.maxp import SectionHit, best_passages, first_limit, search_sections

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.vocabulary.ports import PassageSearch

_QUESTIONS_AT_ONCE = 256


@runtime_checkable
class BatchIndex(Protocol):
    """A passage index that answers many questions faster together than one by one."""

    def search_many(
        self, vectors: NDArray[np.float32], limit: int, domain: str | None = None
    ) -> list[list[tuple[str, float]]]:
        """Return for each vector (shape (n, dimension)) what `PassageSearch.search` returns."""
        ...


def search_sections_many(
    index: PassageSearch,
    vectors: NDArray[np.float32],
    depth: int,
    section_of: Mapping[str, str],
    domain: str | None = None,
    *,
    single: bool = False,
) -> list[list[SectionHit]]:
    """Return for each question what `search_sections` returns, asking the index for many at once where it can.

    Args:
        index: The passages' vectors.
        vectors: The questions' vectors, shape (n, dimension).
        depth: At most so many sections a question, at least 1.
        section_of: The section of each passage.
        domain: Sections of this domain alone; ``None`` for all.
        single: Whether every section has one passage.

    Raises:
        FormatError: The index holds a passage that is not in ``section_of``.
    """
    if not isinstance(index, BatchIndex):
        return [search_sections(index, vector, depth, section_of, domain, single=single) for vector in vectors]
    limit = first_limit(depth, single=single)
    found: list[list[SectionHit]] = []
    for start in range(0, len(vectors), _QUESTIONS_AT_ONCE):
        block = vectors[start : start + _QUESTIONS_AT_ONCE]
        found.extend(_block(index, block, depth, limit, section_of, domain))
    return found


def _block(
    index: BatchIndex,
    vectors: NDArray[np.float32],
    depth: int,
    limit: int,
    section_of: Mapping[str, str],
    domain: str | None,
) -> list[list[SectionHit]]:
    """Search for a block of questions; those whose passages fill too few sections are asked again for more."""
    found: list[list[SectionHit]] = [[] for _ in vectors]
    open_ = list(range(len(vectors)))
    while open_:
        short: list[int] = []
        for number, hits in zip(open_, index.search_many(vectors[open_], limit, domain), strict=True):
            sections = best_passages(hits, section_of)
            # As in `search_sections`: an unseen passage must not be able to tie with the last section kept.
            enough = len(sections) >= depth and hits[-1][1] < sections[depth - 1].score
            if enough or len(hits) < limit:
                found[number] = sections[:depth]
            else:
                short.append(number)
        open_ = short
        limit *= 4
    return found
