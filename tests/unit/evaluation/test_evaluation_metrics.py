import math

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.evaluation.metrics import (
    Measure,
    MeasureKind,
    in_order,
    ndcg_at,
    recall_at,
    reciprocal_rank,
    score_run,
    success_at,
)
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run

GRADES = {"a": 3, "b": 1, "c": 0, "d": 2}


def run_of(rankings):
    return Run("system", "sha256:0", {q: tuple(Ranked(s, v) for s, v in r) for q, r in rankings.items()})


def scored(rankings, grades, name):
    return score_run(run_of(rankings), Qrels(grades), [Measure.parse(name)])[name]


@pytest.mark.parametrize(("k", "value"), [(1, 0.0), (2, 1 / 3), (3, 1 / 3), (4, 2 / 3), (100, 2 / 3)])
def test_recall_is_the_share_of_the_relevant_found(k, value):
    assert recall_at(["c", "b", "x", "a"], GRADES, k) == pytest.approx(value)


@pytest.mark.parametrize(("k", "value"), [(1, 0.0), (2, 1.0), (9, 1.0)])
def test_success_is_all_or_nothing(k, value):
    assert success_at(["c", "b", "x", "a"], GRADES, k) == value


def test_reciprocal_rank_looks_at_the_whole_ranking():
    assert reciprocal_rank(["x"] * 149 + ["b"], GRADES) == pytest.approx(1 / 150)
    assert reciprocal_rank(["x", "c"], GRADES) == 0.0


def test_ndcg_has_linear_gain():
    # DCG: b (1) at rank 1, a (3) at rank 3 → 1 + 3/2; ideal: 3, 2, 1 → 3 + 2/log2(3) + 1/2.
    assert ndcg_at(["b", "c", "a"], GRADES, 10) == pytest.approx(2.5 / (3.5 + 2 / math.log2(3)))
    # Cut at 2, the ideal is cut as well.
    assert ndcg_at(["b", "c", "a"], GRADES, 2) == pytest.approx(1 / (3 + 2 / math.log2(3)))


def test_without_a_relevant_section_every_metric_is_zero():
    assert recall_at(["c"], {"c": 0}, 5) == success_at(["c"], {"c": 0}, 5) == ndcg_at(["c"], {"c": 0}, 5) == 0.0


def test_a_negative_grade_is_not_a_loss():
    assert ndcg_at(["spam", "a"], {"spam": -2, "a": 1}, 10) == pytest.approx(1 / math.log2(3))


def test_equal_scores_go_by_ascending_id_whatever_the_order_given():
    ranking = [Ranked("b", 1.0), Ranked("c", 2.0), Ranked("a", 1.0)]
    assert [entry.section_id for entry in in_order(ranking)] == ["c", "a", "b"]
    assert scored({"q": [("b", 1.0), ("a", 1.0)]}, {"q": {"a": 1}}, "recall@1").mean == 1.0
    assert scored({"q": [("a", 1.0), ("b", 1.0)]}, {"q": {"b": 1}}, "recall@1").mean == 0.0


def test_silence_counts_as_zero():
    grades = {q: {"a": 1} for q in ("answered", "empty", "absent")}
    scores = scored({"answered": [("a", 1.0)], "empty": []}, grades, "mrr")
    assert scores.per_query == {"absent": 0.0, "answered": 1.0, "empty": 0.0}
    assert scores.mean == pytest.approx(1 / 3)


def test_only_judged_queries_count():
    scores = scored({"q": [("a", 1.0)], "unjudged": []}, {"q": {"a": 1}, "irrelevant": {"a": 0}}, "recall@1")
    assert scores.per_query == {"q": 1.0}


def test_a_section_named_twice_is_refused():
    with pytest.raises(InputError, match="ranks section a twice for query q"):
        scored({"q": [("a", 2.0), ("b", 1.5), ("a", 1.0)]}, {"q": {"a": 1}}, "ndcg@10")


def test_a_score_that_is_not_a_number_is_refused():
    with pytest.raises(InputError, match="not a number for query q"):
        scored({"q": [("a", math.nan)]}, {"q": {"a": 1}}, "mrr")


@pytest.mark.parametrize("name", ["recall@1", "recall@10", "success@5", "ndcg@10", "mrr"])
def test_measure_names_survive_parsing(name):
    assert Measure.parse(name).name == name


@pytest.mark.parametrize("name", ["recall", "recall@0", "recall@-1", "recall@5 ", "mrr@10", "map", "Recall@5", ""])
def test_unknown_measures_are_refused_with_the_known_ones(name):
    with pytest.raises(InputError, match="recall@K, success@K, ndcg@K"):
        Measure.parse(name)


def test_a_misspelt_measure_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean recall@5"):
        Measure.parse("recal@5")


@pytest.mark.parametrize(("kind", "cutoff"), [(MeasureKind.MRR, 5), (MeasureKind.NDCG, None), (MeasureKind.RECALL, 0)])
def test_impossible_measures_cannot_be_built(kind, cutoff):
    with pytest.raises(ValueError, match="is not a measure"):
        Measure(kind, cutoff)


SECTIONS = [f"s{i:02d}" for i in range(15)]
TREC_NAMES = {
    "recall@1": "recall_1",
    "recall@5": "recall_5",
    "recall@10": "recall_10",
    "success@1": "success_1",
    "success@5": "success_5",
    "ndcg@5": "ndcg_cut_5",
    "ndcg@10": "ndcg_cut_10",
    "mrr": "recip_rank",
}
judgements = st.dictionaries(st.sampled_from(SECTIONS), st.integers(0, 3), min_size=1).filter(lambda g: any(g.values()))
# trec_eval breaks ties by another rule and keeps scores as 32-bit floats: small distinct whole numbers.
rankings = st.lists(st.sampled_from(SECTIONS), min_size=1, unique=True).flatmap(
    lambda ids: st.permutations(range(len(ids))).map(lambda scores: list(zip(ids, map(float, scores), strict=True)))
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(judgements, rankings), min_size=1, max_size=3))
def test_figures_equal_those_of_trec_eval(cases):
    grades = {f"q{i}": judged for i, (judged, _) in enumerate(cases)}
    ranked = {f"q{i}": ranking for i, (_, ranking) in enumerate(cases)}
    evaluator = pytrec_eval.RelevanceEvaluator(grades, {"recall.1,5,10", "success.1,5", "ndcg_cut.5,10", "recip_rank"})
    theirs = evaluator.evaluate({query: dict(ranking) for query, ranking in ranked.items()})
    ours = score_run(run_of(ranked), Qrels(grades), [Measure.parse(name) for name in TREC_NAMES])
    for name, trec_name in TREC_NAMES.items():
        assert ours[name].per_query == pytest.approx({query: theirs[query][trec_name] for query in grades}, abs=1e-9)
