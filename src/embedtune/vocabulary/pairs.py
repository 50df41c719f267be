"""Questions, and the pairs a model is trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Origin(StrEnum):
    """Who wrote a question."""

    HUMAN = "human"
    TEMPLATE = "template"
    EXTRACTIVE = "extractive"
    LLM = "llm"


class Split(StrEnum):
    """The part of the corpus a section belongs to."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Query:
    """A question, with what is known about it; ``difficulty`` and ``category`` may be empty."""

    id: str
    text: str
    origin: Origin
    difficulty: str = ""
    category: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class GeneratedQuery:
    """A question written for one section, before positives and negatives are attached.

    Attributes:
        query: The question.
        section_id: The section that answers it.
        split: The part of the corpus that section belongs to.
        answer_word: Index of the word of the section's body where the answer begins; the positive
            passage is the window around it. ``None``: the heading asked, the section's start answers.
    """

    query: Query
    section_id: str
    split: Split
    answer_word: int | None = None


@dataclass(frozen=True, slots=True)
class Negative:
    """A passage that does not answer the question although a system ranked it high.

    Attributes:
        text: The passage.
        section_id: The section it was cut from, empty if unknown.
        source: Who ranked it: ``bm25``, ``base``, ``current``, ``hybrid``, ``qdrant``, ``cross_domain``, or
            ``given`` in the input.
        score: The source's score; ``None`` if unknown.
    """

    text: str
    section_id: str = ""
    source: str = "given"
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a pair comes from.

    Attributes:
        section_id: The section that answers, empty if the pair was given without one.
        section_heading: Its heading.
        cluster: Pairs of one cluster answer each other's questions and never meet in a batch.
        split: The part of the corpus.
        extras: Fields of an input line that embedtune does not use and writes back unchanged.
    """

    section_id: str = ""
    section_heading: str = ""
    cluster: str = ""
    split: Split = Split.TRAIN
    extras: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question, the passage that answers it, and passages that do not."""

    query: Query
    positive: str
    negatives: tuple[Negative, ...]
    provenance: Provenance
