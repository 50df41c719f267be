"""Judgements, runs, scores and comparisons: what a claim about a model is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from types import MappingProxyType

from embedtune.files import digest_value

SIGNIFICANT = 0.05


class Qrels:
    """Which sections answer which query, with grades; immutable.

    Args:
        grades: ``{query id: {section id: grade}}``; a grade of 0 means judged and not relevant.
    """

    __slots__ = ("_grades",)

    def __init__(self, grades: Mapping[str, Mapping[str, int]]) -> None:
        self._grades = MappingProxyType(
            {query: MappingProxyType(dict(judged)) for query, judged in sorted(grades.items())}
        )

    @property
    def query_ids(self) -> tuple[str, ...]:
        """The judged queries that have at least one relevant section, in order of id."""
        return tuple(query for query, judged in self._grades.items() if any(g > 0 for g in judged.values()))

    @property
    def judged(self) -> tuple[str, ...]:
        """All judged queries, those without a relevant section too, in order of id."""
        return tuple(self._grades)

    def grades(self, query_id: str) -> Mapping[str, int]:
        """Return the judged sections of a query; empty if it was never judged."""
        return self._grades.get(query_id, MappingProxyType({}))

    def relevant(self, query_id: str) -> frozenset[str]:
        """Return the sections with a grade above 0."""
        return frozenset(section for section, grade in self.grades(query_id).items() if grade > 0)

    def restricted_to(self, query_ids: Sequence[str]) -> Qrels:
        """Return the judgements of the given queries alone."""
        wanted = set(query_ids)
        return Qrels({query: judged for query, judged in self._grades.items() if query in wanted})

    @property
    def digest(self) -> str:
        """The digest of all judgements."""
        return digest_value({query: dict(judged) for query, judged in self._grades.items()})

    def __len__(self) -> int:
        """Return how many queries have a relevant section."""
        return len(self.query_ids)

    def __eq__(self, other: object) -> bool:
        """Two sets of judgements are equal when they say the same of the same queries."""
        return isinstance(other, Qrels) and self.digest == other.digest

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.digest)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry of a ranking."""

    section_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Run:
    """What one system returned for a set of queries.

    A query that maps to an empty ranking was asked and found nothing; a query that is absent was
    not asked. Metrics give both 0 and `missing` tells them apart.

    Attributes:
        system: The system's name as the user wrote it (``base``, ``hybrid:base`` …).
        corpus_digest: The digest of the sections it searched.
        rankings: For each query the sections found, best first.
    """

    system: str
    corpus_digest: str
    rankings: Mapping[str, tuple[Ranked, ...]]

    def missing(self, qrels: Qrels) -> tuple[str, ...]:
        """Return the judged queries that this system was never asked."""
        return tuple(query for query in qrels.query_ids if query not in self.rankings)


@dataclass(frozen=True, slots=True)
class Scores:
    """One metric of one system, per query."""

    metric: str
    per_query: Mapping[str, float]

    @property
    def mean(self) -> float:
        """The mean over all queries; 0 if there are none."""
        return fmean(self.per_query.values()) if self.per_query else 0.0

    def over(self, query_ids: Sequence[str]) -> Scores:
        """Return the scores of the given queries alone."""
        return Scores(self.metric, {query: self.per_query[query] for query in query_ids})


@dataclass(frozen=True, slots=True)
class Comparison:
    """A difference between two systems with its uncertainty; a bare delta cannot be built.

    Attributes:
        metric: The metric compared.
        baseline: Name of the system compared against.
        candidate: Name of the system of interest.
        baseline_value: Mean of the baseline over the slice.
        candidate_value: Mean of the candidate over the slice.
        ci_low: Lower end of the 95 % interval of the difference.
        ci_high: Upper end.
        p_value: Two-sided p-value of "no difference".
        n: Number of queries.
        slice: ``all``, or a part such as ``domain=hvac``.
        p_adjusted: Of a slice, the p-value corrected for the number of slices looked at; ``None`` where it
            is not one of several.
        detectable: The smallest true difference that so many queries would show as significant four times
            in five; ``None`` where no two groups of queries differ, so that nothing is known of the spread.
    """

    metric: str
    baseline: str
    candidate: str
    baseline_value: float
    candidate_value: float
    ci_low: float
    ci_high: float
    p_value: float
    n: int
    slice: str = "all"
    p_adjusted: float | None = None
    detectable: float | None = None

    def __post_init__(self) -> None:
        """Refuse a comparison over nothing or with an interval the wrong way round."""
        if self.n < 1:
            raise ValueError("a comparison needs at least one query")
        if not self.ci_low <= self.ci_high:
            raise ValueError("the interval is the wrong way round, or none")
        if not 0 <= self.p_value <= 1:
            raise ValueError("a p-value lies between 0 and 1")
        if self.p_adjusted is not None and not self.p_value <= self.p_adjusted <= 1:
            raise ValueError("a corrected p-value lies between the p-value and 1")
        if self.detectable is not None and not self.detectable > 0:
            raise ValueError("a detectable difference is above 0")

    @property
    def delta(self) -> float:
        """Candidate minus baseline."""
        return self.candidate_value - self.baseline_value

    @property
    def relative(self) -> float | None:
        """The difference as a share of the baseline; ``None`` where the baseline is 0."""
        return self.delta / self.baseline_value if self.baseline_value else None

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` where the interval excludes 0, else ``no clear difference``.

        One of several slices needs a corrected p-value of at most .05 as well: of twenty slices without any
        difference, one interval excludes 0 by chance.
        """
        if self.p_adjusted is not None and self.p_adjusted > SIGNIFICANT:
            return "no clear difference"
        if self.ci_low > 0:
            return "better"
        return "worse" if self.ci_high < 0 else "no clear difference"


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether a condition for publishing holds, and why.

    Attributes:
        gate: The condition, in words.
        passed: Whether it holds; one that was not measured does not fail.
        reason: Why, with the figures.
        value: The figure that decides; ``None`` where it was not measured.
        bound: What it may just reach.
    """

    gate: str
    passed: bool
    reason: str
    value: float | None = None
    bound: float | None = None
