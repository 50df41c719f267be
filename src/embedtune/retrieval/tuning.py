"""Choose passage size and fusion on dev questions.

Every setting of the grid is scored on cached candidate lists, so that trying one more weight costs
no encoding. `embedtune.retrieval.choosing` says which of them is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import InputError
from embedtune.retrieval.choosing import Setting, TuningResult, chosen, preference
from embedtune.retrieval.fusion import convex_many, fuse
from embedtune.vocabulary.retrieval import (
    FusionMethod,
    FusionSettings,
    KeywordSettings,
    Normalisation,
    PassageSettings,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embedtune.vocabulary.evaluation import Qrels

_DENSE_ONLY = FusionSettings(FusionMethod.CONVEX, 1.0)

MIN_QUESTIONS = 20
"""With fewer dev questions nothing is tuned: chance would choose."""

Metric = Callable[[Sequence[str], Mapping[str, int]], float]
"""Scores a ranking of section ids by the grades of its question, 0 to 1."""

Candidates = Mapping[str, Sequence[tuple[str, float]]]
"""For each question's id the (section id, score) that a component found, best first."""


@dataclass(frozen=True, slots=True)
class FusionGrid:
    """The ways to combine rankings that are tried.

    Attributes:
        dense_weights: Weights of the dense side, 0 to 1; "dense only" and "BM25 only" are always tried.
        normalisations: How scores are made comparable.
        rrf: Whether the fusion of ranks is tried as well.
        keywords: How BM25 made its scores; it becomes part of the choice.
    """

    dense_weights: tuple[float, ...]
    normalisations: tuple[Normalisation, ...] = (Normalisation.MIN_MAX,)
    rrf: bool = False
    keywords: KeywordSettings = field(default_factory=KeywordSettings)


def tune_hybrid(
    qrels: Qrels, bm25: Candidates, dense: Mapping[PassageSettings, Candidates], grid: FusionGrid, metric: Metric
) -> TuningResult:
    """Choose the passages and the fusion of a hybrid system.

    Dense only (weight 1) and BM25 only (weight 0) are always tried. BM25 does not depend on passages:
    it is tried once, and if it wins the passages are those of the best dense system.

    Args:
        qrels: Judgements of the dev questions.
        bm25: What BM25 found, at the depth that searches will use.
        dense: What the vectors found, for each way to cut passages.
        grid: The ways to combine them.
        metric: What to maximise.

    Raises:
        InputError: A question was not asked of a component, there are no passages to try, or a weight
            is not from 0 to 1.
    """
    if len(qrels) < MIN_QUESTIONS:
        return _untuned(len(qrels), FusionSettings(keywords=grid.keywords))
    _check_asked(qrels, dense, bm25)
    dense_only = replace(_DENSE_ONLY, keywords=grid.keywords)
    scores: dict[Setting, NDArray[np.float64]] = {}
    for passages, candidates in dense.items():
        for fusion, values in _fused(qrels, candidates, bm25, grid, metric).items():
            scores[passages, fusion] = values
    best_cut = min(dense, key=lambda passages: preference((passages, dense_only), scores[passages, dense_only]))
    bm25_only = replace(dense_only, dense_weight=0.0)
    scores[best_cut, bm25_only] = per_question(qrels, bm25, metric)
    return chosen(scores)


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
    best = chosen(
        {(passages, _DENSE_ONLY): per_question(qrels, candidates, metric) for passages, candidates in dense.items()}
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


def per_question(qrels: Qrels, candidates: Candidates, metric: Metric) -> NDArray[np.float64]:
    """Return the metric of one component for each dev question, in the order of `Qrels.query_ids`: shape (n,)."""
    return np.array(
        [
            metric([id_ for id_, _ in fuse(candidates[query], (), _DENSE_ONLY)], qrels.grades(query))
            for query in qrels.query_ids
        ],
        dtype=np.float64,
    )


def _fused(
    qrels: Qrels, dense: Candidates, bm25: Candidates, grid: FusionGrid, metric: Metric
) -> dict[FusionSettings, NDArray[np.float64]]:
    """Return the metric of each question, shape (n,), for each way to combine two components but BM25 only."""
    weights = sorted({*grid.dense_weights, 1.0} - {0.0})
    mixed = [weight for weight in weights if weight != 1]
    scores: dict[FusionSettings, NDArray[np.float64]] = {}
    for number, normalisation in enumerate(grid.normalisations):
        tried = mixed if number else weights  # without BM25 there is nothing to make comparable
        found = np.empty((len(tried), len(qrels)), dtype=np.float64)
        for column, query in enumerate(qrels.query_ids):
            grades = qrels.grades(query)
            for row, ranking in enumerate(convex_many(dense[query], bm25[query], tried, normalisation)):
                found[row, column] = metric([id_ for id_, _ in ranking], grades)
        for weight, values in zip(tried, found, strict=True):
            made_by = Normalisation.MIN_MAX if weight == 1 else normalisation
            scores[FusionSettings(FusionMethod.CONVEX, weight, made_by, grid.keywords)] = values
    if grid.rrf:
        ranks = FusionSettings(keywords=grid.keywords)
        scores[ranks] = np.array(
            [
                metric([id_ for id_, _ in fuse(dense[query], bm25[query], ranks)], qrels.grades(query))
                for query in qrels.query_ids
            ],
            dtype=np.float64,
        )
    return scores


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
