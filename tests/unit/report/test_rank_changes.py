from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.evaluation.metrics import Measure, score_run
from embedtune.report.rank_changes import first_rank, rank_changes, recall_curve
from embedtune.vocabulary.evaluation import Qrels, Ranked
from report_samples import DEPTH, QUESTIONS, qrels, run

RANKS = st.lists(st.one_of(st.none(), st.integers(1, DEPTH)), min_size=QUESTIONS, max_size=QUESTIONS)


def test_first_rank():
    ranking = (Ranked("a", 3.0), Ranked("b", 2.0), Ranked("c", 1.0))
    assert first_rank(ranking, frozenset("cb")) == 2
    assert first_rank(ranking, frozenset("x")) is None
    assert first_rank((), frozenset("a")) is None


def test_changes_by_hand():
    before = [1, 1, 2, 10, 11, None] + [1] * (QUESTIONS - 6)
    after = [1, 3, 1, 4, None, None] + [1] * (QUESTIONS - 6)
    changes = rank_changes(run("base", before), run("tuned", after), qrels(), DEPTH)
    assert changes.labels == ("1", "2-3", "4-5", "6-10", "11-20", "not found")
    assert (changes.better, changes.worse) == (2, 2)
    expected = [[0] * 6 for _ in range(6)]
    for row, column in ((0, 1), (1, 0), (3, 2), (4, 5), (5, 5)):
        expected[row][column] = 1
    expected[0][0] = QUESTIONS - 5
    assert [list(row) for row in changes.counts] == expected


def test_a_shallow_depth_has_fewer_ranges():
    shallow = rank_changes(run("a", [1] * QUESTIONS), run("b", [2] * QUESTIONS), qrels(), 3)
    assert shallow.labels == ("1", "2-3", "not found")
    assert rank_changes(run("a", [1] * QUESTIONS), run("b", [2] * QUESTIONS), qrels(), 1).labels == ("1", "not found")


@settings(max_examples=25)
@given(RANKS, RANKS)
def test_turning_the_comparison_round_turns_the_counts_round(before, after):
    there = rank_changes(run("a", before), run("b", after), qrels(), DEPTH)
    back = rank_changes(run("b", after), run("a", before), qrels(), DEPTH)
    assert sum(map(sum, there.counts)) == QUESTIONS
    assert there.counts == tuple(zip(*back.counts, strict=True))
    assert (there.better, there.worse) == (back.worse, back.better)


@settings(max_examples=25)
@given(RANKS)
def test_the_curve_is_recall_at_each_k(ranks):
    judged = Qrels({f"q{n:02}": {f"s{n:02}": 1, f"s{(n + 1) % QUESTIONS:02}": 2} for n in range(QUESTIONS)})
    made = run("a", ranks)
    curve = recall_curve(made, judged, DEPTH)
    assert [step for step, _ in curve.points] == list(range(1, DEPTH + 1))
    for step, value in curve.points:
        name = f"recall@{int(step)}"
        assert value == pytest.approx(score_run(made, judged, [Measure.parse(name)])[name].mean)


def test_a_deep_curve_is_thinned():
    steps = [step for step, _ in recall_curve(run("a", [1] * QUESTIONS), qrels(), 5000).points]
    assert steps[0] == 1
    assert steps[-1] == 5000
    assert len(steps) <= 60
