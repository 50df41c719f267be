"""The leak report: what of the test was trained on, and what the figures are without it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from embedtune.evaluation.compare import COMPARED
from embedtune.evaluation.leaked_questions import TrainedQuestion, trained_questions
from embedtune.evaluation.metrics import Measure, score_run
from embedtune.evaluation.trained_sections import questions_on_trained_sections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.evaluation.outcome import Benchmark
    from embedtune.files import JsonValue
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.evaluation import Run, Scores
    from embedtune.vocabulary.pairs import TrainingPair

_IDS = "ids"
_SECTIONS_NOTE = (
    "Information, not a leak: a model is tuned on the documents it will search, so test questions may be about "
    "sections it learned from. The figures without them say how it does on sections it never saw."
)


class LeftOut(StrEnum):
    """Which test questions are left out to see what they did to the figures."""

    LEAKED = "leaked"
    SIMILAR = "leaked_or_similar"
    SECTIONS = "on_trained_sections"


@dataclass(frozen=True, slots=True)
class MetricChange:
    """A metric of one system over all test questions and over those that stay.

    Attributes:
        system: The system's name.
        metric: The metric's name.
        value: Its mean over all test questions.
        without: Its mean over the questions that stay.
    """

    system: str
    metric: str
    value: float
    without: float

    @property
    def change(self) -> float:
        """What leaving the questions out adds: far below 0 where they flattered the system."""
        return self.without - self.value


@dataclass(frozen=True, slots=True)
class Remainder:
    """The figures without some test questions.

    Attributes:
        left_out: Which questions are left out.
        n: How many stay.
        changes: The metrics of every system; empty where no question goes, or none stays.
    """

    left_out: LeftOut
    n: int
    changes: tuple[MetricChange, ...]


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What of a test was trained on.

    Attributes:
        training_questions: How many different training questions there are.
        test_questions: How many test questions are judged.
        trained: The test questions that were trained on, or that are similar to one that was.
        on_trained_sections: The test questions with an answer that was a training positive.
        remainders: The figures without the leaks, without those and similar ones, and without those on
            trained sections.
    """

    training_questions: int
    test_questions: int
    trained: tuple[TrainedQuestion, ...]
    on_trained_sections: tuple[str, ...]
    remainders: tuple[Remainder, ...] = ()

    @property
    def leaked(self) -> tuple[str, ...]:
        """The test questions that were trained on, in their order."""
        return tuple(question.query_id for question in self.trained if question.closeness.is_leak)

    @property
    def similar(self) -> tuple[str, ...]:
        """The test questions that are like a training question, and are not the same."""
        return tuple(question.query_id for question in self.trained if not question.closeness.is_leak)

    def as_json(self) -> dict[str, JsonValue]:
        """Return the part ``leakage`` of an evaluation result; ids alone, no text of a question."""
        pairs: list[JsonValue] = [
            {"query": question.query_id, "trained": question.trained_id, "closeness": str(question.closeness)}
            for question in self.trained
        ]
        return {
            "training_questions": self.training_questions,
            "test_questions": self.test_questions,
            "test_questions_trained_on": len(self.leaked),
            "test_questions_similar": len(self.similar),
            _IDS: list(self.leaked),
            "pairs": pairs,
            "sections": {"test_questions": len(self.on_trained_sections), "note": _SECTIONS_NOTE},
            "without": {str(remainder.left_out): _as_json(remainder) for remainder in self.remainders},
        }


def leak_report(
    benchmark: Benchmark,
    runs: Sequence[Run],
    pairs: Sequence[TrainingPair],
    sections: Sequence[Section],
    similarity: float,
) -> LeakReport:
    """Compare what was trained on with what is tested, and score the systems without the overlap.

    Args:
        benchmark: The test questions and their judgements; only judged ones are looked at.
        runs: The rankings of each system.
        pairs: All that was trained on.
        sections: The corpus.
        similarity: Share of content words, above 0, at most 1, from which questions are similar.
    """
    judged = benchmark.judged
    report = LeakReport(
        training_questions=len({pair.query.text for pair in pairs}),
        test_questions=len(judged),
        trained=trained_questions(
            judged, [pair.query for pair in pairs], similarity, lambda: (section.full_text for section in sections)
        ),
        on_trained_sections=questions_on_trained_sections(benchmark.qrels, sections, pairs),
    )
    left_out = {
        LeftOut.LEAKED: report.leaked,
        LeftOut.SIMILAR: (*report.leaked, *report.similar),
        LeftOut.SECTIONS: report.on_trained_sections,
    }
    measures = [Measure.parse(name) for name in COMPARED]
    scores = {run.system: score_run(run, benchmark.qrels, measures) for run in runs}
    return replace(report, remainders=tuple(_remainder(what, ids, scores) for what, ids in left_out.items()))


def leaked_ids(leakage: Mapping[str, JsonValue]) -> tuple[str, ...] | None:
    """Return the leaked test questions that the part ``leakage`` of a result names; ``None`` if it was not examined."""
    ids = leakage.get(_IDS)
    return tuple(str(identity) for identity in ids) if isinstance(ids, list) else None


def _remainder(left_out: LeftOut, ids: Sequence[str], scores: Mapping[str, Mapping[str, Scores]]) -> Remainder:
    gone = set(ids)
    everything = next((tuple(of_all.per_query) for metrics in scores.values() for of_all in metrics.values()), ())
    stay = [query for query in everything if query not in gone]
    if not gone or not stay:
        return Remainder(left_out, len(stay), ())
    changes = tuple(
        MetricChange(system, name, of_all.mean, of_all.over(stay).mean)
        for system, metrics in scores.items()
        for name, of_all in metrics.items()
    )
    return Remainder(left_out, len(stay), changes)


def _as_json(remainder: Remainder) -> JsonValue:
    systems: dict[str, JsonValue] = {}
    for name, changes in groupby(remainder.changes, key=lambda change: change.system):
        systems[name] = {
            change.metric: {"all": change.value, "without": change.without, "change": change.change}
            for change in changes
        }
    return {"n": remainder.n, "systems": systems}
