from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.retrieval.fusion import best_first, convex, fuse, rrf
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings

IDS = [f"s{number:02d}" for number in range(12)]
cosines = st.floats(-1, 1)
bm25_scores = st.floats(1e-6, 100)


def candidates(scores):
    return st.dictionaries(st.sampled_from(IDS), scores, max_size=10).map(best_first)


dense_lists, bm25_lists = candidates(cosines), candidates(bm25_scores)
weights = st.floats(0, 1)
fusions = st.one_of(st.just(FusionSettings()), weights.map(lambda weight: FusionSettings(FusionMethod.CONVEX, weight)))


def ids(ranking):
    return [id_ for id_, _ in ranking]


def test_rrf_golden_values():
    fused = rrf([["a", "b", "c"], ["c", "a", "d"]])
    assert fused == [
        ("a", pytest.approx(1 / 61 + 1 / 62)),
        ("c", pytest.approx(1 / 63 + 1 / 61)),
        ("b", pytest.approx(1 / 62)),
        ("d", pytest.approx(1 / 63)),
    ]


def test_rrf_with_another_k():
    assert rrf([["a"], ["b", "a"]], k=0) == [("a", 1.5), ("b", 1.0)]


def test_rrf_of_nothing():
    assert rrf([]) == []
    assert rrf([[], []]) == []


@given(st.lists(st.permutations(IDS).map(lambda order: order[:7]), max_size=4), st.integers(0, 100))
def test_rrf_agrees_with_a_naive_one(rankings, k):
    everything = {id_ for ranking in rankings for id_ in ranking}
    naive = {id_: sum(1 / (k + r.index(id_) + 1) for r in rankings if id_ in r) for id_ in everything}
    fused = rrf(rankings, k)
    assert dict(fused) == pytest.approx(naive)
    assert len(fused) == len(everything)
    assert fused == sorted(fused, key=lambda item: (-item[1], item[0]))


@given(st.lists(st.permutations(IDS).map(lambda order: order[:5]), min_size=2, max_size=5), st.randoms())
def test_rrf_does_not_depend_on_which_ranking_comes_first(rankings, random):
    shuffled = list(rankings)
    random.shuffle(shuffled)
    assert rrf(shuffled) == rrf(rankings)


def test_convex_golden_values():
    dense = [("a", 0.9), ("b", 0.7), ("c", 0.5)]
    bm25 = [("c", 8.0), ("d", 6.0), ("a", 2.0)]
    # dense shares: a 1, b .5, c 0; BM25 shares (minimum 0): c 1, d .75, a .25
    assert convex(dense, bm25, 0.75) == [
        ("a", pytest.approx(0.75 + 0.25 * 0.25)),
        ("b", pytest.approx(0.375)),
        ("c", pytest.approx(0.25)),
        ("d", pytest.approx(0.25 * 0.75)),
    ]


def test_convex_ties_go_by_id():
    assert ids(convex([("b", 0.5), ("a", 0.5)], [], 0.5)) == ["a", "b"]
    assert ids(convex([("z", 0.9), ("y", 0.1)], [("a", 4.0)], 0.5)) == ["a", "z", "y"]


def test_a_lone_candidate_counts_as_the_best_of_its_side():
    assert convex([("a", -0.3)], [("b", 2.0)], 0.75) == [("a", 0.75), ("b", 0.25)]


def test_convex_with_one_side_empty():
    assert convex([], [("a", 3.0), ("b", 1.5)], 0.5) == [("a", 0.5), ("b", 0.25)]
    assert convex([], [], 0.5) == []


@given(dense_lists, bm25_lists)
def test_weight_one_is_the_dense_ranking_and_weight_zero_that_of_bm25(dense, bm25):
    assert ids(convex(dense, bm25, 1.0)) == ids(dense)
    assert ids(convex(dense, bm25, 0.0)) == ids(bm25)


def test_scores_too_near_to_tell_apart_when_normalised_keep_their_order():
    dense = [("z", 1e-300), ("a", 0.0), ("b", -1.0)]
    assert ids(convex(dense, [], 1.0)) == ["z", "a", "b"]


@given(dense_lists, bm25_lists, st.floats(0.01, 0.99))
def test_every_candidate_is_kept_once(dense, bm25, weight):
    for settings in (FusionSettings(), FusionSettings(FusionMethod.CONVEX, weight)):
        fused = ids(fuse(dense, bm25, settings))
        assert sorted(fused) == sorted({*ids(dense), *ids(bm25)})


@given(dense_lists, bm25_lists, fusions)
def test_scores_lie_between_zero_and_one_and_fall(dense, bm25, settings):
    fused = fuse(dense, bm25, settings)
    scores = [score for _, score in fused]
    assert all(0 <= score <= 1 + 1e-12 for score in scores)
    assert scores == sorted(scores, reverse=True)


@given(dense_lists, bm25_lists, fusions, st.randoms())
def test_the_order_of_the_candidates_does_not_matter(dense, bm25, settings, random):
    fused = fuse(dense, bm25, settings)
    random.shuffle(dense)
    random.shuffle(bm25)
    assert fuse(dense, bm25, settings) == fused


@given(dense_lists, bm25_lists, fusions, st.data())
def test_a_better_dense_score_never_lowers_a_section(dense, bm25, settings, data):
    assume(len(dense) > 2)
    assume(settings.method is FusionMethod.RRF or settings.dense_weight > 0)
    inner = data.draw(st.integers(1, len(dense) - 2))
    id_, score = dense[inner]
    raised = dict(dense) | {id_: data.draw(st.floats(score, dense[0][1]))}
    before = ids(fuse(dense, bm25, settings)).index(id_)
    assert ids(fuse(list(raised.items()), bm25, settings)).index(id_) <= before


@given(dense_lists, bm25_lists, st.floats(0.01, 0.99))
def test_a_section_better_on_both_sides_is_ahead(dense, bm25, weight):
    dense, bm25 = [*dense, ("best", 1.0)], [*bm25, ("best", 100.0)]
    for settings in (FusionSettings(), FusionSettings(FusionMethod.CONVEX, weight)):
        assert fuse(dense, bm25, settings)[0][1] == pytest.approx(dict(fuse(dense, bm25, settings))["best"])


@given(dense_lists, bm25_lists, st.floats(0.01, 0.99), st.sampled_from([0.5, 2.0, 4.0]), st.sampled_from([-0.5, 0.25]))
def test_convex_does_not_depend_on_the_scale_of_either_side(dense, bm25, weight, factor, shift):
    moved = [(id_, score * factor + shift) for id_, score in dense]
    scaled = [(id_, score * factor) for id_, score in bm25]
    # Shifting may round two near scores to one: compare shares where the spread is larger than that.
    assume(not dense or dense[0][1] - dense[-1][1] > 1e-3)
    assert dict(convex(moved, scaled, weight)) == pytest.approx(dict(convex(dense, bm25, weight)), abs=1e-9)


def test_fuse_takes_the_method_of_the_settings():
    dense, bm25 = [("a", 0.9), ("b", 0.8)], [("b", 3.0), ("a", 1.0)]
    assert fuse(dense, bm25, FusionSettings(FusionMethod.CONVEX, 1.0)) == [("a", 1.0), ("b", 0.0)]
    best = (1 / 61 + 1 / 62) / (2 / 61)
    assert fuse(dense, bm25, FusionSettings(FusionMethod.RRF, 1.0)) == [
        ("a", pytest.approx(best)),
        ("b", pytest.approx(best)),
    ]
    assert fuse([("a", 0.1)], [("a", 1.0)], FusionSettings()) == [("a", 1.0)]


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_outside_zero_to_one_is_refused(weight):
    with pytest.raises(InputError, match="dense weight"):
        fuse([("a", 1.0)], [("a", 1.0)], FusionSettings(FusionMethod.CONVEX, weight))
