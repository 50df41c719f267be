"""Fusion by z-score, the choice between normalisations, and part numbers in fused rankings."""

from __future__ import annotations

from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.index.near_misses import NearMiss, near_misses_last
from embedtune.retrieval.fusion import convex, convex_many
from embedtune.retrieval.tuning import FusionGrid, tune_hybrid
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, KeywordSettings, Normalisation, PassageSettings

Z, MIN_MAX = Normalisation.Z_SCORE, Normalisation.MIN_MAX
IDS = st.sampled_from([f"s{number}" for number in range(8)])
DENSE = st.dictionaries(IDS, st.floats(-1, 1, width=32)).map(lambda d: list(d.items()))
WORDS = st.dictionaries(IDS, st.floats(0.125, 30, width=32)).map(lambda d: list(d.items()))
WEIGHTS = st.floats(0, 1)


def test_golden_z_scores():
    dense, bm25 = [("a", 0.9), ("b", 0.5), ("c", 0.1)], [("b", 8.0), ("d", 2.0)]
    spread = pstdev([0.9, 0.5, 0.1])
    a, c = 0.4 / spread, -0.4 / spread
    low, high = 0.7 * c + 0.3 * -1, 0.7 * a + 0.3 * 1
    expected = {"a": 0.7 * a - 0.3, "b": 0.3, "c": 0.7 * c - 0.3, "d": 0.7 * c - 0.3}

    found = dict(convex(dense, bm25, 0.7, Z))

    assert fmean([0.9, 0.5, 0.1]) == pytest.approx(0.5)
    assert found == pytest.approx({id_: (score - low) / (high - low) for id_, score in expected.items()})


@given(DENSE, WORDS, WEIGHTS, st.sampled_from([Z, MIN_MAX]))
def test_scores_lie_between_0_and_1_and_all_that_was_found_is_ranked(dense, bm25, weight, normalisation):
    found = convex(dense, bm25, weight, normalisation)
    assert all(-1e-9 <= score <= 1 + 1e-9 for _, score in found)
    sides = [side for side, share in ((dense, weight), (bm25, 1 - weight)) if share]
    assert {id_ for id_, _ in found} == {id_ for side in sides for id_, _ in side}


@given(DENSE, WORDS, st.lists(WEIGHTS, max_size=4), st.sampled_from([Z, MIN_MAX]))
def test_many_weights_give_what_each_gives_alone(dense, bm25, weights, normalisation):
    assert convex_many(dense, bm25, weights, normalisation) == [
        convex(dense, bm25, weight, normalisation) for weight in weights
    ]


@pytest.mark.parametrize(("scale", "shift"), [(0.5, 0.0), (2.0, 0.25)])
def test_z_scores_do_not_depend_on_scale_and_place(scale, shift):
    dense, bm25 = [("a", 0.75), ("b", 0.5), ("c", 0.0)], [("b", 8.0), ("d", 2.0)]
    moved = [(id_, score * scale + shift) for id_, score in dense]
    assert dict(convex(dense, bm25, 0.5, Z)) == pytest.approx(dict(convex(moved, bm25, 0.5, Z)))


RANKING = st.dictionaries(IDS, st.floats(0, 1)).map(lambda d: sorted(d.items(), key=lambda hit: (-hit[1], hit[0])))


@given(RANKING, st.sets(IDS), st.sets(IDS))
def test_near_misses_stand_behind_and_nothing_else_moves(ranking, exact, near):
    near -= exact
    found = near_misses_last(ranking, [NearMiss(frozenset(exact), frozenset(near))])
    order = [id_ for id_, _ in found]
    assert sorted(order) == sorted(id_ for id_, _ in ranking)
    assert [id_ for id_ in order if id_ not in near] == [id_ for id_, _ in ranking if id_ not in near]
    assert [id_ for id_ in order if id_ in near] == [id_ for id_, _ in ranking if id_ in near]
    places = {kind: [order.index(id_) for id_ in ids if id_ in order] for kind, ids in (("e", exact), ("n", near))}
    assert not places["e"] or not places["n"] or max(places["e"]) < min(places["n"])
    assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))


def reciprocal_rank(ranking, grades):
    return next((1 / rank for rank, id_ in enumerate(ranking, start=1) if grades.get(id_, 0) > 0), 0.0)


def crowded(count):
    """Questions on which one lucky BM25 score crowds all others out of min-max, and not of z-scores."""
    qrels = Qrels({f"q{number:02d}": {"right": 1} for number in range(count)})
    others = [(f"n{number:02d}", 0.5 - number / 1000) for number in range(30)]
    dense = {query: [("right", 0.53), ("wrong", 0.51), *others] for query in qrels.query_ids}
    bm25 = {query: [("wrong", 10.0), ("right", 9.0)] for query in qrels.query_ids}
    return qrels, bm25, {PassageSettings(32): dense}


def test_rank_fusion_and_both_normalisations_are_tried_and_the_keywords_are_kept():
    qrels, bm25, dense = crowded(30)
    keywords = KeywordSettings(1.2, 0.75, stemming=True)
    grid = FusionGrid((0.0, 0.5, 1.0), (MIN_MAX, Z), rrf=True, keywords=keywords)

    result = tune_hybrid(qrels, bm25, dense, grid, reciprocal_rank)

    tried = [(trial.fusion.method, trial.fusion.dense_weight, trial.fusion.normalisation) for trial in result.trials]
    convex_ = FusionMethod.CONVEX
    assert tried == [
        (convex_, 0.5, MIN_MAX),
        (convex_, 1.0, MIN_MAX),
        (convex_, 0.5, Z),
        (FusionMethod.RRF, 0.5, MIN_MAX),
        (convex_, 0.0, MIN_MAX),
    ]
    assert {trial.fusion.keywords for trial in result.trials} == {keywords}
    assert result.fusion == FusionSettings(convex_, 1.0, keywords=keywords)


def mixed(count, by_spread):
    """Questions of which so many are answered by z-scores alone; the others by any fusion."""
    qrels = Qrels({f"q{number:02d}": {"right": 1} for number in range(count)})
    # Far behind lies one section: by range the first two are alike on the dense side, by spread they are not.
    tail = [(f"n{number:02d}", 0.50) for number in range(40)]
    hard = [("right", 0.62), ("wrong", 0.58), *tail, ("far", -0.9)]
    easy = [("right", 0.9), ("wrong", 0.2)]
    words = [("wrong", 10.0), ("right", 9.5), *[(f"w{number:02d}", 9.0) for number in range(40)], ("last", 0.1)]
    dense = {q: hard if number < by_spread else easy for number, q in enumerate(qrels.query_ids)}
    plain = [("wrong", 1.0), ("x", 0.9)]
    bm25 = {q: words if number < by_spread else plain for number, q in enumerate(qrels.query_ids)}
    return qrels, bm25, {PassageSettings(32): dense}


@pytest.mark.parametrize("by_spread", [0, 1, 40])
def test_z_scores_must_be_clearly_better_to_be_taken(by_spread):
    qrels, bm25, dense = mixed(40, by_spread)
    grid = FusionGrid((0.3,), (MIN_MAX, Z))
    result = tune_hybrid(qrels, bm25, dense, grid, reciprocal_rank)
    values = {(t.fusion.dense_weight, t.fusion.normalisation): t.value for t in result.trials}
    gain = values[0.3, Z] - max(value for (_, kind), value in values.items() if kind is MIN_MAX)
    assert result.fusion.normalisation is (Z if gain > 0.1 else MIN_MAX)
