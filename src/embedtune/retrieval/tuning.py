"""Choose passage size and fusion weight on dev questions.

Every setting of the grid is scored on cached candidate lists, so that trying one more weight costs
no encoding. The rule:

1. The *best* setting has the highest mean; among equals the fewest components (dense only or BM25
   only before both), then the longest windows, then the weight nearest to one half.
2. If the best is a single component, it is chosen: no second one without a gain.
3. Otherwise the weights *as good as the best*, with the same passages, are those whose mean lies
   below the best mean by no more than one standard error of the mean per-question difference. The
   middle one of them is chosen (of two middle ones the one with the higher mean): the centre of the
   plateau carries over to new questions better than the luckiest point on it.

The paired error is that of the one-standard-error rule (Breiman et al. 1984, "Classification and
regression trees"). On two corpora of people's questions, with 25 to 200 of them as dev, step 3 did as
well as the plain maximum or better on the rest; preferring the simplest setting within one error lost
up to .02 nDCG@10.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import InputError
from embedtune.retrieval.fusion import fuse
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, PassageSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embedtune.vocabulary.evaluation import Qrels

_DENSE_ONLY = FusionSettings(FusionMethod.CONVEX, 1.0)
_BM25_ONLY = FusionSettings(FusionMethod.CONVEX, 0.0)

MIN_QUESTIONS = 20
"""With fewer dev questions nothing is tuned: chance would choose."""

Metric = Callable[[Sequence[str], Mapping[str, int]], float]
"""Scores a ranking of section ids by the grades of its question, 0 to 1."""

Candidates = Mapping[str, Sequence[tuple[str, float]]]
"""For each question's id the (section id, score) that a component found, best first."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting and how it did on the dev questions.

    Attributes:
        passages: How the sections were cut.
        fusion: How the rankings were combined.
        value: The mean metric.
        behind: By how much the best mean is higher, 0 or more.
        error: Standard error of that difference.
    """

    passages: PassageSettings
    fusion: FusionSettings
    value: float
    behind: float
    error: float

    @property
    def as_good_as_best(self) -> bool:
        """Whether the difference to the best is within one standard error."""
        return self.behind <= self.error

    @property
    def components(self) -> int:
        """How many components rank: 1 for dense only or BM25 only, else 2."""
        return _components(self.fusion)


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What to search with, and why.

    Attributes:
        passages: The chosen passages.
        fusion: The chosen fusion.
        dev_value: The mean metric of the choice on dev; ``None`` if nothing was tuned.
        trials: All settings tried, in the order of the grid.
        n: Number of dev questions.
        reason: Why this choice, in one sentence.
    """

    passages: PassageSettings
    fusion: FusionSettings
    dev_value: float | None
    trials: tuple[Trial, ...]
    n: int
    reason: str


def tune_hybrid(
    qrels: Qrels,
    bm25: Candidates,
    dense: Mapping[PassageSettings, Candidates],
    dense_weights: Sequence[float],
    metric: Metric,
) -> TuningResult:
    """Choose the passages and the dense weight of a hybrid system.

    Dense only (weight 1) and BM25 only (weight 0) are always tried. BM25 does not depend on passages:
    it is tried once, and if it wins the passages are those of the best dense system.

    Args:
        qrels: Judgements of the dev questions.
        bm25: What BM25 found, at the depth that searches will use.
        dense: What the vectors found, for each way to cut passages.
        dense_weights: Weights to try, 0 to 1.
        metric: What to maximise.

    Raises:
        InputError: A question was not asked of a component, there are no passages to try, or a weight
            is not from 0 to 1.
    """
    if len(qrels) < MIN_QUESTIONS:
        return _untuned(len(qrels), FusionSettings())
    _check_asked(qrels, dense, bm25)
    fusions = [FusionSettings(FusionMethod.CONVEX, weight) for weight in sorted({*dense_weights, 1.0} - {0.0})]
    scores = {
        (passages, fusion): _per_question(qrels, candidates, bm25, fusion, metric)
        for passages, candidates in dense.items()
        for fusion in fusions
    }
    best_cut = min(dense, key=lambda passages: _preference((passages, _DENSE_ONLY), scores[passages, _DENSE_ONLY]))
    scores[best_cut, _BM25_ONLY] = _per_question(qrels, {}, bm25, _BM25_ONLY, metric)
    return _chosen(scores)


def tune_dense(qrels: Qrels, dense: Mapping[PassageSettings, Candidates], metric: Metric) -> TuningResult:
    """Choose the passages of a system that ranks by vectors alone: its fusion is "dense only".

    Of the windows that are as good as the best (within one standard error), the shortest are taken: a
    few dozen dev questions about few sections cannot tell neighbouring sizes apart, and a long window
    hides a short answer among other words.

    Args:
        qrels: Judgements of the dev questions.
        dense: What the vectors found, for each way to cut passages.
        metric: What to maximise.

    Raises:
        InputError: A question was not asked, or there are no passages to try.
    """
    if len(qrels) < MIN_QUESTIONS:
        return _untuned(len(qrels), _DENSE_ONLY)
    _check_asked(qrels, dense, None)
    best = _chosen(
        {
            (passages, _DENSE_ONLY): _per_question(qrels, candidates, {}, _DENSE_ONLY, metric)
            for passages, candidates in dense.items()
        }
    )
    choice = min(
        (trial for trial in best.trials if trial.as_good_as_best),
        key=lambda trial: (trial.passages.words or math.inf, trial.behind),
    )
    if choice.passages == best.passages:
        return best
    reason = (
        f"the shortest windows within one standard error of the {best.reason}, "
        f"{choice.behind:.4f} behind it (error {choice.error:.4f})"
    )
    return TuningResult(choice.passages, choice.fusion, choice.value, best.trials, best.n, reason)


def _untuned(n: int, fusion: FusionSettings) -> TuningResult:
    reason = f"not tuned: {n} dev questions are fewer than {MIN_QUESTIONS}, so the defaults stand"
    return TuningResult(PassageSettings(), fusion, None, (), n, reason)


def _check_asked(qrels: Qrels, dense: Mapping[PassageSettings, Candidates], bm25: Candidates | None) -> None:
    if not dense:
        raise InputError("There are no passage sizes to try.", "Name at least one.")
    components = [*dense.values()] if bm25 is None else [*dense.values(), bm25]
    for query_id in qrels.query_ids:
        if not all(query_id in candidates for candidates in components):
            raise InputError(
                f"The dev question {query_id} was not asked of every component.", "Ask each one all dev questions."
            )


def _per_question(
    qrels: Qrels, dense: Candidates, bm25: Candidates, fusion: FusionSettings, metric: Metric
) -> NDArray[np.float64]:
    """Return the metric of each dev question, in the order of `Qrels.query_ids`: shape (n,)."""
    values: list[float] = []
    for query_id in qrels.query_ids:
        ranking = [id_ for id_, _ in fuse(dense.get(query_id, ()), bm25.get(query_id, ()), fusion)]
        values.append(metric(ranking, qrels.grades(query_id)))
    return np.array(values, dtype=np.float64)


def _chosen(scores: Mapping[tuple[PassageSettings, FusionSettings], NDArray[np.float64]]) -> TuningResult:
    best_values = scores[min(scores, key=lambda setting: _preference(setting, scores[setting]))]
    trials = tuple(
        Trial(
            passages,
            fusion,
            value=float(values.mean()),
            behind=float((best_values - values).mean()),
            error=float((best_values - values).std(ddof=1)) / math.sqrt(len(values)),
        )
        for (passages, fusion), values in scores.items()
    )
    best = next(trial for trial, values in zip(trials, scores.values(), strict=True) if values is best_values)
    choice = best if best.components == 1 else _middle(best, trials)
    reason = f"best of {len(trials)} settings on {len(best_values)} dev questions"
    if choice is not best:
        reason = (
            f"the middle of the weights within one standard error of the {reason}, "
            f"{choice.behind:.4f} behind it (error {choice.error:.4f})"
        )
    return TuningResult(choice.passages, choice.fusion, choice.value, trials, len(best_values), reason)


def _middle(best: Trial, trials: Sequence[Trial]) -> Trial:
    plateau = sorted(
        (trial for trial in trials if trial.passages == best.passages and trial.as_good_as_best),
        key=lambda trial: trial.fusion.dense_weight,
    )
    last = len(plateau) - 1
    return max(plateau[last // 2], plateau[last - last // 2], key=lambda trial: trial.value)


def _preference(setting: tuple[PassageSettings, FusionSettings], values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the sort key of rule 1: the smallest is the best."""
    passages, fusion = setting
    words = math.inf if passages.words is None else passages.words
    return (
        -float(values.mean()),
        _components(fusion),
        -words,
        passages.overlap,
        abs(fusion.dense_weight - 0.5),
    )


def _components(fusion: FusionSettings) -> int:
    return 1 if fusion.dense_weight in {0.0, 1.0} else 2
