"""The questions that gained or lost most between two systems, with what each system returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.evaluation.metrics import Measure, score_run
from embedtune.report.content import MovedQuestion, Shown, SystemAnswer
from embedtune.report.rank_changes import first_rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.report.source import ReportSource
    from embedtune.vocabulary.evaluation import Run
    from embedtune.vocabulary.pairs import Query

QUESTIONS = 10
RESULTS = 3
_RIGHT = 3
_EXCERPT = 180
_BETWEEN = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "


def moved_questions(
    source: ReportSource, baseline: Run, candidate: Run
) -> tuple[tuple[MovedQuestion, ...], tuple[MovedQuestion, ...]]:
    """Return the questions that gained most and those that lost most, the largest change first.

    Questions that moved alike are in order of their ids.
    """
    measure = Measure.parse(source.metric)
    before, after = (score_run(run, source.qrels, [measure])[source.metric].per_query for run in (baseline, candidate))
    moved = sorted((after[query_id] - before[query_id], query_id) for query_id in before)
    worst = [query_id for change, query_id in moved if change < 0][:QUESTIONS]
    best = [query_id for change, query_id in sorted(moved, key=lambda item: (-item[0], item[1])) if change > 0]
    texts = _Texts(source)
    return (
        tuple(texts.question(query_id, before[query_id], after[query_id]) for query_id in best[:QUESTIONS]),
        tuple(texts.question(query_id, before[query_id], after[query_id]) for query_id in worst),
    )


def shortened(text: str, length: int = _EXCERPT) -> str:
    """Return a text on one line, cut between words with an ellipsis if it is longer than ``length`` characters."""
    line = " ".join(text[: 4 * length].split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0] + " …"


def _labels(query: Query) -> tuple[str, ...]:
    return query.domain, query.difficulty, query.category, str(query.origin)


class _Texts:
    """Looks up what questions and sections say."""

    def __init__(self, source: ReportSource) -> None:
        self._source = source
        self._queries = {query.id: query for query in source.queries}
        known = zip(*(_labels(query) for query in source.queries), strict=True)
        self._telling = [len(set(labels)) > 1 for labels in known]

    def question(self, query_id: str, before: float, after: float) -> MovedQuestion:
        query = self._queries[query_id]
        relevant = self._source.qrels.relevant(query_id)
        labels = [label for label, telling in zip(_labels(query), self._telling, strict=True) if telling]
        return MovedQuestion(
            query_id=query_id,
            text=shortened(query.text, 2 * _EXCERPT) if self._source.with_texts else "",
            labels=tuple(label for label in labels if label),
            before=before,
            after=after,
            right=tuple(self._shown(section_id, relevant) for section_id in sorted(relevant)[:_RIGHT]),
            answers=tuple(self._answer(run, query_id) for run in self._source.record.evaluation.runs),
        )

    def _answer(self, run: Run, query_id: str) -> SystemAnswer:
        ranking = run.rankings.get(query_id, ())
        relevant = self._source.qrels.relevant(query_id)
        first: Sequence[str] = [entry.section_id for entry in ranking[:RESULTS]]
        return SystemAnswer(
            run.system,
            first_rank(ranking, relevant),
            tuple(self._shown(section_id, relevant) for section_id in first),
        )

    def _shown(self, section_id: str, relevant: frozenset[str]) -> Shown:
        section = self._source.sections.get(section_id)
        right = section_id in relevant
        if section is None or not self._source.with_texts:
            return Shown(section_id, "", "", right)
        return Shown(section_id, shortened(_BETWEEN.join(section.heading_path[-2:])), shortened(section.text), right)
