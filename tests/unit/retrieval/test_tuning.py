from __future__ import annotations

import numpy as np
import pytest

from embedtune.errors import InputError
from embedtune.retrieval.fusion import convex
from embedtune.retrieval.tuning import MIN_QUESTIONS, FusionGrid, tune_dense, tune_hybrid
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, PassageSettings

SHORT, LONG, WHOLE = PassageSettings(32), PassageSettings(128), PassageSettings(None)
WEIGHTS = FusionGrid((0.0, 0.25, 0.5, 0.75, 1.0))


def reciprocal_rank(ranking, grades):
    return next((1 / rank for rank, id_ in enumerate(ranking, start=1) if grades.get(id_, 0) > 0), 0.0)


def questions(count):
    return Qrels({f"q{number:03d}": {"right": 1} for number in range(count)})


def every(qrels, candidates):
    return dict.fromkeys(qrels.query_ids, candidates)


FOUND = [("right", 0.9), ("wrong", 0.5), ("other", 0.1)]
LOST = [("wrong", 0.9), ("other", 0.6), ("right", 0.5)]


def test_dense_only_is_chosen_where_bm25_misleads():
    qrels = questions(30)
    misled = every(qrels, [("wrong", 9.0), ("other", 8.9)])
    result = tune_hybrid(
        qrels, misled, {SHORT: every(qrels, [("right", 0.9), ("wrong", 0.89)])}, WEIGHTS, reciprocal_rank
    )
    assert result.fusion == FusionSettings(FusionMethod.CONVEX, 1.0)
    assert result.dev_value == 1.0
    assert result.n == 30


def test_bm25_only_is_chosen_where_vectors_mislead():
    qrels = questions(30)
    dense = {WHOLE: every(qrels, [("wrong", 0.9), ("other", 0.1)]), SHORT: every(qrels, LOST)}
    result = tune_hybrid(
        qrels, every(qrels, [("right", 3.0), ("wrong", 2.9)]), dense, FusionGrid((0.5, 0.9)), reciprocal_rank
    )
    assert result.fusion == FusionSettings(FusionMethod.CONVEX, 0.0)
    assert result.passages == SHORT
    assert result.dev_value == 1.0


def test_both_are_chosen_where_each_knows_half():
    qrels = questions(40)
    dense = {q: FOUND if n % 2 else [("wrong", 0.9), ("right", 0.8), ("x", 0.0)] for n, q in enumerate(qrels.query_ids)}
    bm25 = {q: [("wrong", 5.0), ("right", 4.0)] if n % 2 else [("right", 5.0)] for n, q in enumerate(qrels.query_ids)}
    result = tune_hybrid(qrels, bm25, {SHORT: dense}, WEIGHTS, reciprocal_rank)
    assert 0 < result.fusion.dense_weight < 1
    assert result.dev_value == 1.0


def test_the_better_passages_are_chosen():
    qrels = questions(30)
    dense = {WHOLE: every(qrels, LOST), SHORT: every(qrels, FOUND), LONG: every(qrels, LOST)}
    bm25 = every(qrels, [("other", 1.0)])
    assert tune_hybrid(qrels, bm25, dense, WEIGHTS, reciprocal_rank).passages == SHORT
    result = tune_dense(qrels, dense, reciprocal_rank)
    assert result.passages == SHORT
    assert result.fusion == FusionSettings(FusionMethod.CONVEX, 1.0)
    assert [(trial.passages, trial.value) for trial in result.trials] == [
        (WHOLE, pytest.approx(1 / 3)),
        (SHORT, 1.0),
        (LONG, pytest.approx(1 / 3)),
    ]


def test_among_equals_a_hybrid_takes_one_component_and_the_longest_windows():
    qrels = questions(30)
    dense = {SHORT: every(qrels, FOUND), WHOLE: every(qrels, FOUND), LONG: every(qrels, FOUND)}
    agreeing = every(qrels, [("right", 2.0), ("wrong", 1.0)])
    result = tune_hybrid(qrels, agreeing, dense, WEIGHTS, reciprocal_rank)
    assert result.fusion.dense_weight in {0.0, 1.0}
    assert result.passages == WHOLE


@pytest.mark.parametrize(("better", "chosen"), [(0, SHORT), (3, SHORT), (30, WHOLE)])
def test_dense_takes_the_shortest_windows_that_are_as_good(better, chosen):
    """The whole sections find more of the questions: none, a few more than the windows do, or nearly all."""
    qrels = questions(40)
    short = {q: LOST if n < better else FOUND for n, q in enumerate(qrels.query_ids)}
    whole = {q: LOST if 30 <= n < 32 else FOUND for n, q in enumerate(qrels.query_ids)}
    result = tune_dense(qrels, {WHOLE: whole, SHORT: short}, reciprocal_rank)
    assert result.passages == chosen
    assert result.reason.startswith(
        "best of" if better in {0, 30} else "the shortest windows within one standard error"
    )


def noisy(seed, count=40, size=20):
    """Candidate lists on which both sides help, with noise, so that several weights do about as well."""
    generator = np.random.default_rng(seed)
    qrels = questions(count)
    dense, bm25 = {}, {}
    for query_id in qrels.query_ids:
        ids = ["right", *(f"s{number:02d}" for number in range(size))]
        cosines = generator.normal(0, 1, size + 1) + np.eye(1, size + 1)[0] * 2
        words = generator.normal(4, 1, size + 1) + np.eye(1, size + 1)[0] * 2
        dense[query_id] = sorted(zip(ids, cosines.tolist(), strict=True), key=lambda c: -c[1])
        bm25[query_id] = sorted(zip(ids, np.maximum(words, 0.1).tolist(), strict=True), key=lambda c: -c[1])
    return qrels, bm25, {SHORT: dense}


@pytest.mark.parametrize("seed", range(6))
def test_the_middle_of_the_weights_as_good_as_the_best_is_chosen(seed):
    qrels, bm25, dense = noisy(seed)
    grid = [number / 10 for number in range(11)]
    result = tune_hybrid(qrels, bm25, dense, FusionGrid(tuple(grid)), reciprocal_rank)

    def scored(weight):
        return np.array(
            [
                reciprocal_rank([id_ for id_, _ in convex(dense[SHORT][q], bm25[q], weight)], {"right": 1})
                for q in qrels.query_ids
            ]
        )

    scores = {weight: scored(weight) for weight in grid}
    best = max(grid, key=lambda weight: scores[weight].mean())
    assert 0 < best < 1
    plateau = []
    for weight in grid:
        difference = scores[best] - scores[weight]
        if difference.mean() <= difference.std(ddof=1) / np.sqrt(len(difference)):
            plateau.append(weight)
    middles = plateau[(len(plateau) - 1) // 2 : len(plateau) // 2 + 1]
    assert result.fusion.dense_weight == max(middles, key=lambda weight: scores[weight].mean())
    assert result.dev_value == pytest.approx(scores[result.fusion.dense_weight].mean())
    assert len(plateau) > 1


def test_trials_hold_the_paired_error():
    qrels = questions(20)
    right = qrels.query_ids[:15]
    short = every(qrels, FOUND)
    long = {q: FOUND if q in right else LOST for q in qrels.query_ids}
    result = tune_dense(qrels, {SHORT: short, LONG: long}, reciprocal_rank)
    short_trial, long_trial = result.trials
    assert (short_trial.behind, short_trial.error) == (0.0, 0.0)
    differences = np.array([0.0] * 15 + [2 / 3] * 5)
    assert long_trial.behind == pytest.approx(differences.mean())
    assert long_trial.error == pytest.approx(differences.std(ddof=1) / np.sqrt(20))
    assert not long_trial.as_good_as_best
    assert short_trial.as_good_as_best


def test_both_single_components_are_always_tried_and_bm25_once():
    qrels = questions(25)
    result = tune_hybrid(
        qrels,
        every(qrels, FOUND),
        {SHORT: every(qrels, LOST), LONG: every(qrels, LOST)},
        FusionGrid((0.5,)),
        reciprocal_rank,
    )
    tried = [(trial.passages.words, trial.fusion.dense_weight) for trial in result.trials]
    assert tried == [(32, 0.5), (32, 1.0), (128, 0.5), (128, 1.0), (128, 0.0)]
    assert [trial.components for trial in result.trials] == [2, 1, 2, 1, 1]


def test_tuning_twice_gives_the_same():
    qrels, bm25, dense = noisy(3)
    assert tune_hybrid(qrels, bm25, dense, WEIGHTS, reciprocal_rank) == tune_hybrid(
        qrels, bm25, dense, WEIGHTS, reciprocal_rank
    )


def test_few_questions_are_not_tuned_on():
    qrels = questions(MIN_QUESTIONS - 1)
    dense = {SHORT: every(qrels, FOUND)}
    hybrid = tune_hybrid(qrels, every(qrels, FOUND), dense, WEIGHTS, reciprocal_rank)
    assert hybrid.passages == PassageSettings(64)
    assert hybrid.fusion == FusionSettings(FusionMethod.RRF)
    assert (hybrid.dev_value, hybrid.trials, hybrid.n) == (None, (), 19)
    assert "19 dev questions are fewer than 20" in hybrid.reason
    alone = tune_dense(qrels, dense, reciprocal_rank)
    assert alone.passages == PassageSettings(64)
    assert alone.fusion == FusionSettings(FusionMethod.CONVEX, 1.0)
    assert "not tuned" in alone.reason


def test_the_reason_says_what_was_tuned_on_what():
    qrels = questions(30)
    result = tune_hybrid(qrels, every(qrels, LOST), {SHORT: every(qrels, FOUND)}, WEIGHTS, reciprocal_rank)
    assert result.reason == "best of 5 settings on 30 dev questions"


def test_a_metric_sees_the_ranking_and_the_grades():
    qrels = Qrels({f"q{n}": {"right": 2, "other": 0} for n in range(20)})
    seen = []

    def metric(ranking, grades):
        seen.append((tuple(ranking), dict(grades)))
        return 0.0

    tune_dense(qrels, {SHORT: every(qrels, FOUND)}, metric)
    assert seen == [(("right", "wrong", "other"), {"right": 2, "other": 0})] * 20


def test_a_question_that_was_not_asked_is_reported():
    qrels = questions(25)
    asked = every(qrels, FOUND)
    missing = {query_id: found for query_id, found in asked.items() if query_id != "q007"}
    with pytest.raises(InputError, match="q007"):
        tune_hybrid(qrels, missing, {SHORT: asked}, WEIGHTS, reciprocal_rank)
    with pytest.raises(InputError, match="q007"):
        tune_dense(qrels, {SHORT: asked, LONG: missing}, reciprocal_rank)


def test_nothing_to_try_and_impossible_weights_are_refused():
    qrels = questions(25)
    with pytest.raises(InputError, match="no passage sizes"):
        tune_dense(qrels, {}, reciprocal_rank)
    with pytest.raises(InputError, match="dense weight"):
        tune_hybrid(qrels, every(qrels, FOUND), {SHORT: every(qrels, FOUND)}, FusionGrid((1.5,)), reciprocal_rank)
