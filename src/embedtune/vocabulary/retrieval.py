"""What a search is configured with and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """Which components rank: both, the vectors alone, or BM25 alone."""

    HYBRID = "hybrid"
    DENSE = "dense"
    BM25 = "bm25"


class FusionMethod(StrEnum):
    """How two rankings become one."""

    RRF = "rrf"
    CONVEX = "convex"


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """How dense and BM25 scores are combined.

    Attributes:
        method: ``rrf`` (reciprocal rank fusion, k=60) or ``convex`` (weighted sum of min-max
            normalised scores).
        dense_weight: Weight of the dense side of ``convex``, 0 to 1; 1 is "dense only", 0 is
            "BM25 only". RRF ignores it.
    """

    method: FusionMethod = FusionMethod.RRF
    dense_weight: float = 0.5


@dataclass(frozen=True, slots=True)
class PassageSettings:
    """How sections are cut for the dense index.

    Attributes:
        words: Length of a window in words; ``None`` keeps a section whole.
        overlap: Share of a window that the next one repeats, 0 to below 1.
    """

    words: int | None = 64
    overlap: float = 0.5

    @property
    def label(self) -> str:
        """A short name for tables: ``64 words`` or ``whole section``."""
        return "whole section" if self.words is None else f"{self.words} words"


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: a section, shown by its best passage.

    Attributes:
        section_id: The section.
        passage: The text of its best passage, without the heading.
        score: The fused score; comparable within one result list.
        component_ranks: 1-based rank of the section in each component that found it
            (``dense``, ``bm25``).
        component_scores: The components' own scores.
        heading_path: The headings above the passage.
        domain: The section's domain.
        degraded: Why the search fell back to a simpler system, empty if it did not.
    """

    section_id: str
    passage: str
    score: float
    component_ranks: Mapping[str, int]
    component_scores: Mapping[str, float] = field(default_factory=dict)
    heading_path: tuple[str, ...] = ()
    domain: str = ""
    degraded: str = ""

    def __getitem__(self, key: str) -> object:
        """Read a field as ``hit["score"]``; ``content`` is the passage and ``section`` its heading."""
        names = {"content": "passage", "id": "section_id"}
        if key == "section":
            return self.heading_path[-1] if self.heading_path else ""
        name = names.get(key, key)
        if name not in self.__slots__:
            raise KeyError(key)
        value: object = getattr(self, name)
        return value
