"""What a search is configured with and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from embedtune.vocabulary.corpus import Section


class Mode(StrEnum):
    """Which components rank: both, the vectors alone, or BM25 alone."""

    HYBRID = "hybrid"
    DENSE = "dense"
    BM25 = "bm25"


class FusionMethod(StrEnum):
    """How two rankings become one."""

    RRF = "rrf"
    CONVEX = "convex"


class Normalisation(StrEnum):
    """How scores of two kinds are made comparable: by their range, or by their mean and spread."""

    MIN_MAX = "min-max"
    Z_SCORE = "z-score"


@dataclass(frozen=True, slots=True)
class KeywordSettings:
    """How BM25 counts words.

    Attributes:
        k1: Term saturation, 0 or more.
        b: Length normalisation, 0 to 1.
        stemming: Whether words count without plural and tense; numbers and part numbers never change.
    """

    k1: float = 0.9
    b: float = 0.4
    stemming: bool = False

    @property
    def label(self) -> str:
        """A short name for tables: ``k1 0.9, b 0.4, stemmed``."""
        return f"k1 {self.k1:g}, b {self.b:g}{', stemmed' if self.stemming else ''}"


@dataclass(frozen=True, slots=True)
class FusionSettings:
    """How dense and BM25 scores are combined.

    Attributes:
        method: ``rrf`` (reciprocal rank fusion, k=60) or ``convex`` (weighted sum of normalised scores).
        dense_weight: Weight of the dense side of ``convex``, 0 to 1; 1 is "dense only", 0 is
            "BM25 only". RRF ignores it.
        normalisation: How ``convex`` makes the scores comparable. RRF ignores it.
        keywords: How BM25 makes its scores.
    """

    method: FusionMethod = FusionMethod.RRF
    dense_weight: float = 0.5
    normalisation: Normalisation = Normalisation.MIN_MAX
    keywords: KeywordSettings = KeywordSettings()


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
class Where:
    """Which sections a search may return: those that meet every condition.

    Attributes:
        domain: The section's domain; ``None`` for all.
        kind: What the section is for, such as ``procedure``; ``None`` for all.
        metadata: Pairs of name and value that must stand in the section's metadata.
    """

    domain: str | None = None
    kind: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()

    def admits(self, section: Section) -> bool:
        """Tell whether a section meets the conditions."""
        return (
            self.domain in {None, section.domain}
            and self.kind in {None, section.kind.value}
            and set(self.metadata) <= set(section.metadata)
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels (`section_labels`) that a passage must have beside its domain."""
        kinds = () if self.kind is None else (_kind_label(self.kind),)
        return (*kinds, *(_metadata_label(*pair) for pair in self.metadata))


EVERYWHERE = Where()


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of a logistic regression that makes a share from 0 to 1 of a hit's score and the question's evidence.

    Platt 1999, "Probabilistic outputs for support vector machines". No weight of a score is below 0, so
    that within one result list the share falls with the score.

    Attributes:
        intercept: The constant.
        score: Weight of the hit's own score.
        cosine: Weight of the best cosine that the question met anywhere.
        words: Weight of the best BM25 score that it met, as a share from 0 to 1.
        questions: How many dev questions it was fitted on.
    """

    intercept: float
    score: float
    cosine: float
    words: float
    questions: int


@dataclass(frozen=True, slots=True)
class Calibrations:
    """The calibration of each mode; ``None`` where there were too few dev questions."""

    hybrid: Calibration | None = None
    dense: Calibration | None = None
    bm25: Calibration | None = None

    def of(self, mode: Mode) -> Calibration | None:
        """Return the calibration of a mode."""
        found: Calibration | None = getattr(self, mode.value)
        return found


UNCALIBRATED = Calibrations()


def section_labels(section: Section) -> tuple[str, ...]:
    """Return what an index keeps with the passages of a section to filter by, beside the domain."""
    return (_kind_label(section.kind.value), *(_metadata_label(*pair) for pair in section.metadata))


def _kind_label(kind: str) -> str:
    return f"kind={kind}"


def _metadata_label(name: str, value: str) -> str:
    return f"metadata.{name}={value}"


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
        confidence: The calibrated score, 0 to 1; comparable between questions, and what a threshold is for.
        matches: Where words of the question stand in ``passage``: (first character, one past the last),
            in order, none overlapping.
    """

    section_id: str
    passage: str
    score: float
    component_ranks: Mapping[str, int]
    component_scores: Mapping[str, float] = field(default_factory=dict)
    heading_path: tuple[str, ...] = ()
    domain: str = ""
    degraded: str = ""
    confidence: float = 0.0
    matches: tuple[tuple[int, int], ...] = ()

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
