"""Count what a set of training pairs consists of."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embedtune.vocabulary.corpus import SectionKind
    from embedtune.vocabulary.pairs import TrainingPair

CORPUS_DIGEST = "corpus_digest"
PAIRS_DIGEST = "pairs_digest"

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WordLengths:
    """Quantiles of text lengths in words (separated by white space); each is the length of one of the texts."""

    minimum: int
    p5: int
    p25: int
    median: int
    p75: int
    p95: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Rejections:
    """What did not become a pair.

    Attributes:
        duplicates: How many of them because an equal or nearly equal question was kept.
        by_filter: Filter (or reason) to count; a filter that ran and rejected nothing has 0.
        examples: Filter to a few of the texts it rejected.
    """

    duplicates: int = 0
    by_filter: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __add__(self, other: Rejections) -> Rejections:
        """Return the rejections of two steps; where both name a filter, the examples of the first stay."""
        counts = Counter(self.by_filter)
        counts.update(other.by_filter)
        return Rejections(self.duplicates + other.duplicates, dict(counts), {**other.examples, **self.examples})


@dataclass(slots=True)
class RejectionCounts:
    """Counts what is not kept, by reason, with the first few examples each."""

    examples_kept: int = 5
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reason: str, text: str) -> None:
        """Count a rejected text."""
        self.counts[reason] += 1
        if len(self.examples[reason]) < self.examples_kept:
            self.examples[reason].append(text)

    @property
    def rejections(self) -> Rejections:
        """What was counted."""
        return Rejections(0, dict(self.counts), {name: tuple(texts) for name, texts in self.examples.items()})


@dataclass(frozen=True, slots=True)
class PairStatistics:
    """What a set of training pairs consists of.

    Attributes:
        total: Number of pairs.
        by_domain: Domain to count.
        by_kind: Kind of the answering section to count; ``unknown`` where a pair names none.
        by_origin: Who wrote the question to count.
        by_split: Part of the corpus to count.
        negatives: Number of negatives of all pairs.
        negatives_by_source: Who found them to count.
        query_words: Lengths of the questions; ``None`` without pairs.
        positive_words: Lengths of the positives; ``None`` without pairs.
        rejections: What did not become a pair.
        corpus_digest: Digest of the corpus, empty if unknown.
        pairs_digest: Digest of the file that the pairs are in, empty before they are written.
    """

    total: int
    by_domain: Mapping[str, int]
    by_kind: Mapping[str, int]
    by_origin: Mapping[str, int]
    by_split: Mapping[str, int]
    negatives: int
    negatives_by_source: Mapping[str, int]
    query_words: WordLengths | None
    positive_words: WordLengths | None
    rejections: Rejections
    corpus_digest: str
    pairs_digest: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the statistics as a JSON object, for ``data/stats.json``."""
        return {
            "total_pairs": self.total,
            "by_domain": dict(self.by_domain),
            "by_section_kind": dict(self.by_kind),
            "by_origin": dict(self.by_origin),
            "by_split": dict(self.by_split),
            "negatives": self.negatives,
            "negatives_by_source": dict(self.negatives_by_source),
            "query_words": asdict(self.query_words) if self.query_words else None,
            "positive_words": asdict(self.positive_words) if self.positive_words else None,
            "duplicates_removed": self.rejections.duplicates,
            "rejected": {
                name: {"count": count, "examples": list(self.rejections.examples.get(name, ()))}
                for name, count in sorted(self.rejections.by_filter.items())
            },
            CORPUS_DIGEST: self.corpus_digest,
            PAIRS_DIGEST: self.pairs_digest,
        }


def pair_statistics(
    pairs: Sequence[TrainingPair],
    kinds: Mapping[str, SectionKind],
    rejections: Rejections | None = None,
    corpus_digest: str = "",
) -> PairStatistics:
    """Count what a set of training pairs consists of.

    Args:
        pairs: The pairs.
        kinds: Section id to kind.
        rejections: What did not become a pair.
        corpus_digest: Digest of the corpus.
    """
    kind_names = {identity: kind.value for identity, kind in kinds.items()}
    return PairStatistics(
        total=len(pairs),
        by_domain=_counts(pair.query.domain or _UNKNOWN for pair in pairs),
        by_kind=_counts(kind_names.get(pair.provenance.section_id, _UNKNOWN) for pair in pairs),
        by_origin=_counts(pair.query.origin.value for pair in pairs),
        by_split=_counts(pair.provenance.split.value for pair in pairs),
        negatives=sum(len(pair.negatives) for pair in pairs),
        negatives_by_source=_counts(negative.source for pair in pairs for negative in pair.negatives),
        query_words=word_lengths([pair.query.text for pair in pairs]),
        positive_words=word_lengths([pair.positive for pair in pairs]),
        rejections=rejections or Rejections(),
        corpus_digest=corpus_digest,
    )


def word_lengths(texts: Sequence[str]) -> WordLengths | None:
    """Return quantiles of the lengths of texts in words; ``None`` without texts."""
    if not texts:
        return None
    lengths = np.array([len(text.split()) for text in texts])
    shares = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    return WordLengths(*(int(value) for value in np.quantile(lengths, shares, method="inverted_cdf")))


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
