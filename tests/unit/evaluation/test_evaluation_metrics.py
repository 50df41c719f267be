import math

import ir_measures
import numpy as np
import pytest

from embedtune.errors import InputError
from embedtune.evaluation.metrics import (
    Measure,
    MeasureKind,
    accuracy_at,
    average_precision,
    in_order,
    ndcg_at,
    precision_at,
    recall_at,
    reciprocal_rank,
    score_run,
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
def test_accuracy_is_all_or_nothing(k, value):
    assert accuracy_at(["c", "b", "x", "a"], GRADES, k) == value


@pytest.mark.parametrize(("k", "value"), [(1, 0.0), (2, 1 / 2), (4, 2 / 4), (5, 2 / 5), (100, 2 / 100)])
def test_precision_divides_by_the_cut_off_even_if_less_was_found(k, value):
    assert precision_at(["c", "b", "x", "a"], GRADES, k) == pytest.approx(value)


def test_average_precision_counts_what_was_not_found():
    # a, b and d are relevant: b at rank 2, a at rank 4, d nowhere.
    assert average_precision(["c", "b", "x", "a"], GRADES) == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert average_precision(["a", "b", "d"], GRADES) == 1.0
    assert average_precision([], GRADES) == 0.0


def test_reciprocal_rank_looks_at_the_whole_ranking():
    assert reciprocal_rank(["x"] * 149 + ["b"], GRADES) == pytest.approx(1 / 150)
    assert reciprocal_rank(["x", "c"], GRADES) == 0.0


def test_ndcg_has_linear_gain():
    # DCG: b (1) at rank 1, a (3) at rank 3 → 1 + 3/2; ideal: 3, 2, 1 → 3 + 2/log2(3) + 1/2.
    assert ndcg_at(["b", "c", "a"], GRADES, 10) == pytest.approx(2.5 / (3.5 + 2 / math.log2(3)))
    # Cut at 2, the ideal is cut as well.
    assert ndcg_at(["b", "c", "a"], GRADES, 2) == pytest.approx(1 / (3 + 2 / math.log2(3)))


def test_without_a_relevant_section_every_metric_is_zero():
    judged = {"c": 0}
    assert recall_at(["c"], judged, 5) == accuracy_at(["c"], judged, 5) == precision_at(["c"], judged, 5) == 0.0
    assert ndcg_at(["c"], judged, 5) == average_precision(["c"], judged) == 0.0


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


@pytest.mark.parametrize("name", ["recall@1", "recall@10", "accuracy@5", "precision@5", "ndcg@10", "mrr", "map"])
def test_measure_names_survive_parsing(name):
    assert Measure.parse(name).name == name


def test_the_name_of_trec_eval_is_known_too():
    assert Measure.parse("success@5").name == "accuracy@5"


@pytest.mark.parametrize("name", ["recall", "recall@0", "recall@-1", "recall@5 ", "mrr@10", "map@5", "Recall@5", ""])
def test_unknown_measures_are_refused_with_the_known_ones(name):
    with pytest.raises(InputError, match="recall@K, accuracy@K, precision@K, ndcg@K"):
        Measure.parse(name)


def test_a_misspelt_measure_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean recall@5"):
        Measure.parse("recal@5")


@pytest.mark.parametrize(
    ("kind", "cutoff"), [(MeasureKind.MRR, 5), (MeasureKind.MAP, 5), (MeasureKind.NDCG, None), (MeasureKind.RECALL, 0)]
)
def test_impossible_measures_cannot_be_built(kind, cutoff):
    with pytest.raises(ValueError, match="is not a measure"):
        Measure(kind, cutoff)


SECTIONS = [f"s{i:02d}" for i in range(15)]
IR_MEASURES = {
    "recall@1": "R@1",
    "recall@5": "R@5",
    "recall@100": "R@100",
    "accuracy@1": "Success@1",
    "accuracy@5": "Success@5",
    "precision@1": "P@1",
    "precision@5": "P@5",
    "precision@20": "P@20",
    "ndcg@3": "nDCG@3",
    "ndcg@10": "nDCG@10",
    "mrr": "RR",
    "map": "AP",
}


def random_queries(count, seed):
    """Graded judgements and rankings with distinct scores, since ir-measures breaks ties by another rule."""
    rng = np.random.default_rng(seed)
    grades, rankings = {}, {}
    for number in range(count):
        judged = rng.choice(SECTIONS, rng.integers(1, 16), replace=False)
        found = rng.choice(SECTIONS, rng.integers(0, 16), replace=False)
        marks = rng.integers(0, 4, len(judged))
        marks[0] = max(marks[0], 1)
        grades[f"q{number}"] = dict(zip(judged.tolist(), marks.tolist(), strict=True))
        scores = rng.permutation(len(found)).astype(float)
        rankings[f"q{number}"] = list(zip(found.tolist(), scores.tolist(), strict=True))
    return grades, rankings


def test_figures_equal_those_of_ir_measures_on_a_thousand_random_runs():
    grades, rankings = random_queries(1000, 5)
    measures = {ir_measures.parse_measure(theirs): ours for ours, theirs in IR_MEASURES.items()}
    run = {query: dict(ranking) for query, ranking in rankings.items()}
    expected = {ours: dict.fromkeys(grades, 0.0) for ours in IR_MEASURES}
    for value in ir_measures.iter_calc(list(measures), grades, run):
        expected[measures[value.measure]][value.query_id] = value.value
    scores = score_run(run_of(rankings), Qrels(grades), [Measure.parse(name) for name in IR_MEASURES])
    for name, metric in scores.items():
        assert metric.per_query == pytest.approx(expected[name], abs=1e-9)
    assert all(0.05 < metric.mean < 0.95 for metric in scores.values())
