"""What a report says, apart from how it looks: the page shows it and ``--json`` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import cast

from embedtune.files import JsonValue
from embedtune.vocabulary.evaluation import Comparison, GateResult

Point = tuple[float, float]


class Tone(StrEnum):
    """What a verdict means for its candidate."""

    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion, for someone who reads nothing else.

    Attributes:
        tone: Good news, bad news, or neither.
        headline: A few words.
        sentence: The whole of it with its figures.
        basis: What it was measured on.
        detectable: How small a difference the questions could show; empty where that is not known.
    """

    tone: Tone
    headline: str
    sentence: str
    basis: str
    detectable: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval; without one where the questions are too few."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SystemRow:
    """One system over all questions.

    Attributes:
        name: The system.
        metrics: Metric to mean and interval.
        within: k to the number of questions with a right section among the first k.
        similarity: Mean cosine of a question and its right passage; ``None`` without vectors.
        setup: How it cuts and fuses, and what that was tuned on.
        not_asked: Questions that it was not asked.
        found_nothing: Questions that it answered with nothing.
    """

    name: str
    metrics: Mapping[str, Estimate]
    within: Mapping[int, int]
    similarity: float | None
    setup: str
    not_asked: int
    found_nothing: int


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A part of the questions.

    Attributes:
        attribute: What it divides by, such as ``domain``.
        value: The label.
        n: Number of questions.
        groups: Number of independent groups among them.
        values: System to its mean of the report's metric; empty where the questions are too few.
        too_few: Why there are no values; empty where there are.
    """

    attribute: str
    value: str
    n: int
    groups: int
    values: Mapping[str, float]
    too_few: str = ""


@dataclass(frozen=True, slots=True)
class Duel:
    """Two systems against each other.

    Attributes:
        baseline: The one compared against.
        candidate: The one of interest.
        overall: The difference over all questions; ``None`` where they are too few.
        by_slice: One entry a slice, in the order of `ReportContent.slices`; ``None`` where it is too small.
    """

    baseline: str
    candidate: str
    overall: Comparison | None
    by_slice: tuple[Comparison | None, ...]


@dataclass(frozen=True, slots=True)
class RecallCurve:
    """Mean recall of a system among its first k results: points (k, recall)."""

    system: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class RankChanges:
    """Where the first right section stood for two systems.

    Attributes:
        baseline: The system of the rows.
        candidate: The system of the columns.
        labels: The ranges of ranks, best first; the last is "not found".
        counts: Number of questions, by range with the baseline, then by range with the candidate.
        better: Questions whose first right section stands higher with the candidate.
        worse: Questions where it stands lower.
    """

    baseline: str
    candidate: str
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    better: int
    worse: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A section as a result; without its texts the heading and the excerpt are empty."""

    section_id: str
    heading: str
    excerpt: str
    relevant: bool


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """What a system returned for a question.

    Attributes:
        system: The system.
        rank: Rank of the first right section; ``None`` if it is not among the results.
        first: Its first results.
    """

    system: str
    rank: int | None
    first: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class MovedQuestion:
    """A question that the candidate answers better or worse than the baseline.

    Attributes:
        query_id: The question's id.
        text: The question; empty without texts.
        labels: What is known about it and tells it from others, such as its domain.
        before: The baseline's value of the report's metric.
        after: The candidate's.
        right: The sections that answer it.
        answers: What each system returned.
    """

    query_id: str
    text: str
    labels: tuple[str, ...]
    before: float
    after: float
    right: tuple[Shown, ...]
    answers: tuple[SystemAnswer, ...]


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What was measured while a model trained.

    Attributes:
        system: The system that uses the model.
        lines: What was measured (``loss``, ``recall@5``, ``mrr``) to points (step, value), steps ascending.
    """

    system: str
    lines: Mapping[str, tuple[Point, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts and figures; a title of its own where the section has several."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what it stands for."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How to make the evaluation again: the command, and what has to be the same."""

    command: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything in a report; what is empty is not shown.

    Attributes:
        title: What was asked.
        date: When, ISO 8601; may be empty.
        asked: Number of questions.
        metric: The metric of slices, differences and moved questions.
        verdict: The conclusion.
        headline: (baseline, candidate) that it is about; ``None`` with a single system.
        gates: Conditions for publishing, with their reasons.
        systems: The systems, in the order they were given.
        slices: The parts of the questions.
        slices_left_out: Slices beyond the number shown of one attribute.
        duels: The comparisons that were made.
        curves: Recall over the number of results.
        rank_changes: Where the right sections went, of the headline's systems.
        improved: The questions that gained most.
        worsened: The questions that lost most.
        trainings: How the models trained.
        statistics: What the training data consists of.
        leakage: Whether training questions are among the test questions.
        robustness: How the systems stand changed questions.
        lineage: What was made from what.
        reproduction: How to make it again.
        with_texts: Whether questions, headings and excerpts are in it.
    """

    title: str
    date: str
    asked: int
    metric: str
    verdict: Verdict
    headline: tuple[str, str] | None
    gates: tuple[GateResult, ...]
    systems: tuple[SystemRow, ...]
    slices: tuple[SliceRow, ...]
    slices_left_out: int
    duels: tuple[Duel, ...]
    curves: tuple[RecallCurve, ...]
    rank_changes: RankChanges | None
    improved: tuple[MovedQuestion, ...]
    worsened: tuple[MovedQuestion, ...]
    trainings: tuple[TrainingLog, ...]
    statistics: tuple[Table, ...]
    leakage: tuple[Table, ...]
    robustness: tuple[Table, ...]
    lineage: tuple[Fact, ...]
    reproduction: Reproduction
    with_texts: bool


def content_as_json(content: ReportContent) -> dict[str, JsonValue]:
    """Return a report's content as a JSON object."""
    return cast("dict[str, JsonValue]", asdict(content))
