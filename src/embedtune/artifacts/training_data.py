"""What a version was trained on, in numbers; text only where its maker asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """Counts over the training pairs; names of domains are the only words of the documents in it.

    Attributes:
        pairs: Number of pairs, those held out included.
        by_domain: Domain to count.
        by_origin: Who wrote the question to count.
        by_split: Part of the corpus to count.
        negatives: Number of negatives of all pairs.
        negatives_by_source: Who found them to count.
        question_words: Quantile to length of a question in words; empty without pairs.
        positive_words: The same of the passages.
    """

    pairs: int
    by_domain: Mapping[str, int]
    by_origin: Mapping[str, int]
    by_split: Mapping[str, int]
    negatives: int
    negatives_by_source: Mapping[str, int]
    question_words: Mapping[str, int]
    positive_words: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PairExample:
    """A question that was trained on, with its passage."""

    question: str
    positive: str
