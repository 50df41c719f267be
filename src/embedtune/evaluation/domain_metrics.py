"""The short evaluation on dev questions while a model trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.evaluation.metrics import Measure, score_run
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.files import JsonValue

_RECALL, _MRR = Measure.parse("recall@5"), Measure.parse("mrr")


@dataclass(frozen=True, slots=True)
class Quality:
    """Mean recall@5 and mrr over ``n`` questions."""

    recall_at_5: float
    mrr: float
    n: int


@dataclass(frozen=True, slots=True)
class DevMetrics:
    """Quality over all dev questions and in each domain (by name; questions without one are in none)."""

    overall: Quality
    by_domain: Mapping[str, Quality]

    def as_json(self) -> dict[str, JsonValue]:
        """Return ``{"recall@5", "mrr", "by_domain": {domain: {"recall@5", "mrr", "n"}}}``."""
        return {
            "recall@5": self.overall.recall_at_5,
            "mrr": self.overall.mrr,
            "by_domain": {
                domain: {"recall@5": quality.recall_at_5, "mrr": quality.mrr, "n": quality.n}
                for domain, quality in self.by_domain.items()
            },
        }


def dev_metrics(rankings: Mapping[str, Sequence[Ranked]], qrels: Qrels, domain_of: Mapping[str, str]) -> DevMetrics:
    """Score rankings of dev questions, overall and by domain.

    Args:
        rankings: Query id to its sections, each by its best passage; a judged query that is absent counts as 0.
        qrels: The judgements.
        domain_of: Query id to domain; absent or empty puts the query into no domain.
    """
    run = Run("dev", "", {query: tuple(ranking) for query, ranking in rankings.items()})
    scores = score_run(run, qrels, (_RECALL, _MRR))
    members: dict[str, list[str]] = {}
    for query in qrels.query_ids:
        if domain_of.get(query):
            members.setdefault(domain_of[query], []).append(query)
    return DevMetrics(
        overall=_quality(scores, qrels.query_ids),
        by_domain={domain: _quality(scores, members[domain]) for domain in sorted(members)},
    )


def _quality(scores: Mapping[str, Scores], query_ids: Sequence[str]) -> Quality:
    recall, mrr = (scores[measure.name].over(query_ids).mean for measure in (_RECALL, _MRR))
    return Quality(recall, mrr, len(query_ids))
