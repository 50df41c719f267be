"""Rank metrics per query, with the figures of trec_eval.

Definitions follow trec_eval (``recall_k``, ``success_k``, ``P_k``, ``recip_rank``, ``map``, ``ndcg_cut_k`` with
linear gain), so the values equal those of pytrec_eval, ir-measures and BEIR. One thing differs: sections with equal
scores are ordered by id ascending here (the order every embedtune index uses) and by id descending in
trec_eval.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from embedtune.errors import InputError
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KNOWN = "recall@K, accuracy@K, precision@K, ndcg@K (K = 1, 2, …), mrr and map"
_EXAMPLES = ("recall@1", "recall@5", "recall@10", "accuracy@1", "accuracy@5", "precision@5", "ndcg@10", "mrr", "map")
_OTHER_NAMES = {"success": "accuracy"}


class MeasureKind(StrEnum):
    """What is measured on a ranking."""

    RECALL = "recall"
    ACCURACY = "accuracy"
    PRECISION = "precision"
    NDCG = "ndcg"
    MRR = "mrr"
    MAP = "map"


_WHOLE_RANKING = (MeasureKind.MRR, MeasureKind.MAP)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric with its cut-off.

    Attributes:
        kind: What is measured.
        cutoff: How many results are looked at; ``None`` for ``mrr`` and ``map``, which look at all.
    """

    kind: MeasureKind
    cutoff: int | None = None

    def __post_init__(self) -> None:
        """Refuse a cut-off where none belongs, a missing one, and one below 1."""
        if (self.cutoff is None) != (self.kind in _WHOLE_RANKING) or (self.cutoff is not None and self.cutoff < 1):
            raise ValueError(f"{self.kind} with the cut-off {self.cutoff} is not a measure")

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a name such as ``recall@5``, ``ndcg@10`` or ``mrr``; ``success@5`` is trec_eval's for ``accuracy@5``.

        Raises:
            InputError: There is no such measure; the remedy lists the known ones.
        """
        found = re.fullmatch(r"(recall|accuracy|success|precision|ndcg)@([1-9][0-9]{0,5})", name)
        if found:
            return cls(MeasureKind(_OTHER_NAMES.get(found[1], found[1])), int(found[2]))
        if name in _WHOLE_RANKING:
            return cls(MeasureKind(name))
        near = difflib.get_close_matches(name, _EXAMPLES, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise InputError(f"There is no measure {name!r}.", f"{hint}Known are {_KNOWN}.")

    @property
    def name(self) -> str:
        """The name as `parse` reads it."""
        return str(self.kind) if self.cutoff is None else f"{self.kind}@{self.cutoff}"

    def of(self, ranking: Sequence[str], grades: Mapping[str, int]) -> float:
        """Return the value, 0 to 1, for one query.

        Args:
            ranking: Section ids, best first.
            grades: Judged sections; a grade above 0 is relevant.
        """
        cutoff = len(ranking) if self.cutoff is None else self.cutoff
        match self.kind:
            case MeasureKind.RECALL:
                return recall_at(ranking, grades, cutoff)
            case MeasureKind.ACCURACY:
                return accuracy_at(ranking, grades, cutoff)
            case MeasureKind.PRECISION:
                return precision_at(ranking, grades, cutoff)
            case MeasureKind.NDCG:
                return ndcg_at(ranking, grades, cutoff)
            case MeasureKind.MRR:
                return reciprocal_rank(ranking, grades)
            case MeasureKind.MAP:
                return average_precision(ranking, grades)


def recall_at(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return the share of the relevant sections that are among the first ``k``; 0 if none is relevant."""
    relevant = sum(grade > 0 for grade in grades.values())
    found = sum(grades.get(section, 0) > 0 for section in ranking[:k])
    return found / relevant if relevant else 0.0


def accuracy_at(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return 1 if any of the first ``k`` sections is relevant, else 0 (trec_eval's ``success_k``)."""
    return float(any(grades.get(section, 0) > 0 for section in ranking[:k]))


def precision_at(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return how many of the first ``k`` sections are relevant, over ``k``, though fewer were found."""
    return sum(grades.get(section, 0) > 0 for section in ranking[:k]) / k


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """Return one over the rank of the first relevant section, over the whole ranking; 0 if there is none."""
    return next((1.0 / rank for rank, section in enumerate(ranking, start=1) if grades.get(section, 0) > 0), 0.0)


def average_precision(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """Return the precision at the rank of each relevant section, averaged over all relevant ones.

    One that was not found adds nothing. The mean over queries is MAP (Buckley & Voorhees, "Evaluating
    Evaluation Measure Stability", SIGIR 2000).
    """
    relevant = sum(grade > 0 for grade in grades.values())
    ranks = [rank for rank, section in enumerate(ranking, start=1) if grades.get(section, 0) > 0]
    return sum(found / rank for found, rank in enumerate(ranks, start=1)) / relevant if relevant else 0.0


def ndcg_at(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Return the normalised discounted cumulative gain of the first ``k`` sections.

    The gain of a section is its grade (linear, as in trec_eval's ``ndcg_cut``; not ``2**grade - 1``),
    discounted by ``log2(rank + 1)`` (Järvelin & Kekäläinen, TOIS 2002, in the form of Burges et al. 2005).
    """
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    return _dcg([grades.get(section, 0) for section in ranking[:k]]) / ideal if ideal else 0.0


def _dcg(grades: Sequence[int]) -> float:
    return sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def in_order(ranking: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """Return a ranking by descending score, sections with equal scores by ascending id."""
    return tuple(sorted(ranking, key=lambda entry: (-entry.score, entry.section_id)))


def score_run(run: Run, qrels: Qrels, measures: Sequence[Measure]) -> dict[str, Scores]:
    """Score a run with several measures.

    Every judged query counts: one that the run lacks or answers with nothing scores 0, so that silence
    cannot raise a mean. Queries without a relevant section are not scored. Scores decide the order,
    not the position in the run, as in trec_eval.

    Returns:
        For each measure's name its scores, over `Qrels.query_ids` in their order.

    Raises:
        InputError: A ranking names a section twice or holds a score that is not a number.
    """
    values: dict[str, dict[str, float]] = {measure.name: {} for measure in measures}
    for query in qrels.query_ids:
        ranking = _section_ids(run, query)
        grades = qrels.grades(query)
        for measure in measures:
            values[measure.name][query] = measure.of(ranking, grades)
    return {name: Scores(name, per_query) for name, per_query in values.items()}


def _section_ids(run: Run, query: str) -> list[str]:
    ranking = run.rankings.get(query, ())
    if any(math.isnan(entry.score) for entry in ranking):
        raise InputError(
            f"System {run.system} gave a score that is not a number for query {query}.",
            "Check the model or the run file it came from.",
        )
    # Counted twice, a relevant section would lift recall and nDCG above what was found.
    names = sorted(entry.section_id for entry in ranking)
    twice = next((left for left, right in pairwise(names) if left == right), None)
    if twice is not None:
        raise InputError(
            f"System {run.system} ranks section {twice} twice for query {query}.",
            "A ranking names each section once: keep its best passage only.",
        )
    return [entry.section_id for entry in in_order(ranking)]
