"""What is evaluated and what comes out: the types that comparisons, gates and files share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.evaluation.equal_sections import collapsed_qrels
from embedtune.evaluation.slices import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedtune.config.settings import EvaluationSettings
    from embedtune.vocabulary.evaluation import Comparison, Qrels, Run
    from embedtune.vocabulary.pairs import Query


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The questions that systems are compared on.

    Attributes:
        queries: The questions; those without a relevant section are not asked.
        qrels: The sections that answer them; equal ones are put together.
        corpus_digest: The digest of the sections searched.
        attributes: More labels of queries: attribute name to (query id to label); each becomes slices.
        section_groups: Section id to group, such as the near-duplicate cluster: queries about one
            group count as one piece of evidence. An empty mapping groups by section; ``None`` takes all
            queries as independent.
        equal_sections: Section id to the one that stands for it, of sections whose texts are equal (see
            `equal_sections.equal_sections`).

    Raises:
        InputError: No query is judged, a judged query is not among the queries, or an id appears twice.
    """

    queries: tuple[Query, ...]
    qrels: Qrels
    corpus_digest: str
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    section_groups: Mapping[str, str] | None = None
    equal_sections: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put equal sections together; refuse a benchmark whose mean would not say what it seems to say."""
        object.__setattr__(self, "qrels", collapsed_qrels(self.qrels, self.equal_sections))
        known = {query.id for query in self.queries}
        if len(known) < len(self.queries):
            raise InputError("Two questions have the same id.", "Give every question an id of its own.")
        if not self.qrels.query_ids:
            raise InputError(
                "No question has a relevant section.", "Check the judgements; there is nothing to measure."
            )
        lost = [query for query in self.qrels.query_ids if query not in known]
        if lost:
            raise InputError(
                f"{len(lost)} judged questions are missing from the questions, the first is {lost[0]}.",
                "Use questions and judgements of the same set and split.",
            )

    @property
    def judged(self) -> tuple[Query, ...]:
        """The queries that have a relevant section: those that are asked and scored."""
        wanted = set(self.qrels.query_ids)
        return tuple(query for query in self.queries if query.id in wanted)


@dataclass(frozen=True, slots=True)
class SliceResult:
    """One system on one slice; with too few independent questions it gives a reason instead of values.

    Attributes:
        attribute: What the slice divides by, such as ``domain``.
        value: The label, such as ``hvac``.
        n: Number of queries.
        groups: Number of independent groups among them.
        values: Mean of each metric; empty where there are too few groups.
        too_few: Why there are no values and no comparison; empty where there are.
    """

    attribute: str
    value: str
    n: int
    groups: int
    values: Mapping[str, float]
    too_few: str = ""


@dataclass(frozen=True, slots=True)
class SystemResult:
    """One system on all queries and on every slice.

    Attributes:
        system: The system's name.
        values: Mean of each metric over all judged queries.
        slices: The slices, in order.
        not_asked: Judged queries that are absent from its run; they count as 0.
        found_nothing: Judged queries it answered with nothing; they count as 0.
        avg_similarity: Mean cosine of a question and its right passage; ``None`` for systems without vectors.
        intervals: Ends of the 95 % interval of some means; empty where the questions are too few.
    """

    system: str
    values: Mapping[str, float]
    slices: tuple[SliceResult, ...] = ()
    not_asked: int = 0
    found_nothing: int = 0
    avg_similarity: float | None = None
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Systems beside each other on one benchmark.

    Attributes:
        systems: The systems' values, in the order they were given.
        comparisons: Differences with their uncertainty, for slices large enough to have one.
        n: Number of judged queries.
        groups: Number of independent groups among them.
        corpus_digest: The digest of the sections searched.
        qrels_digest: The digest of the judgements.
        seed: Seed of the resampling.
        settings: The settings it was made with.
        runs: The rankings behind the values; empty when read from a file.
    """

    systems: tuple[SystemResult, ...]
    comparisons: tuple[Comparison, ...]
    n: int
    groups: int
    corpus_digest: str
    qrels_digest: str
    seed: int
    settings: EvaluationSettings
    runs: tuple[Run, ...] = ()

    def system(self, name: str) -> SystemResult | None:
        """Return the values of a system; ``None`` if it was not evaluated."""
        return next((result for result in self.systems if result.system == name), None)

    def comparison(self, metric: str, baseline: str, candidate: str, slice_name: str = ALL) -> Comparison | None:
        """Return one comparison; ``None`` if it was not made, or the slice was too small for it."""
        wanted = (metric, baseline, candidate, slice_name)
        found = (
            item for item in self.comparisons if (item.metric, item.baseline, item.candidate, item.slice) == wanted
        )
        return next(found, None)
