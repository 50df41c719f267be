from __future__ import annotations

from dataclasses import replace

from embedtune.evaluation.outcome import SliceResult
from embedtune.report.slice_rows import MOST_VALUES, duels, slice_rows
from report_samples import METRIC, QUESTIONS, record, source


def test_slices_of_all_questions_are_dropped():
    rows, left_out = slice_rows(source().record.evaluation, METRIC)
    assert left_out == 0
    assert {row.attribute for row in rows} >= {"domain", "difficulty", "category"}
    assert "origin" not in {row.attribute for row in rows}  # all are human
    assert all(row.n < QUESTIONS for row in rows)


def test_values_of_every_system():
    rows, _ = slice_rows(source().record.evaluation, METRIC)
    kettle = next(row for row in rows if row.value == "kettle")
    assert kettle.n == QUESTIONS // 2
    assert set(kettle.values) == {"base", "tuned"}
    assert kettle.values["tuned"] > kettle.values["base"]


def test_a_small_slice_has_its_reason_and_no_comparison():
    evaluation = source().record.evaluation
    rows, _ = slice_rows(evaluation, METRIC)
    place = next(place for place, row in enumerate(rows) if row.value == "rare")
    assert rows[place].too_few
    assert rows[place].values == {}
    (duel,) = duels(evaluation, METRIC, rows)
    assert duel.by_slice[place] is None


def test_the_largest_of_very_many_slices_are_kept_in_their_order():
    evaluation = source().record.evaluation
    many = tuple(SliceResult("topic", f"t{n:03}", 1 + n % 47, 5, {METRIC: 0.5}) for n in range(100))
    rows, left_out = slice_rows(
        replace(evaluation, systems=tuple(replace(result, slices=many) for result in evaluation.systems)), METRIC
    )
    assert len(rows) == MOST_VALUES
    assert left_out == 100 - MOST_VALUES
    assert [row.value for row in rows] == sorted(row.value for row in rows)
    assert min(row.n for row in rows) >= max(part.n for part in many if part.value not in {r.value for r in rows})


def test_a_duel_holds_the_comparisons_in_the_order_of_the_slices():
    evaluation = source().record.evaluation
    rows, _ = slice_rows(evaluation, METRIC)
    (duel,) = duels(evaluation, METRIC, rows)
    assert (duel.baseline, duel.candidate) == ("base", "tuned")
    assert duel.overall.slice == "all"
    found = [item.slice for item in duel.by_slice if item is not None]
    assert found == [f"{row.attribute}={row.value}" for row in rows if not row.too_few]
    assert all(item.metric == METRIC for item in duel.by_slice if item is not None)


def test_without_comparisons_there_is_no_duel():
    alone = record(source().record.evaluation.runs[:1], pairs=())
    assert duels(alone.evaluation, METRIC, slice_rows(alone.evaluation, METRIC)[0]) == ()
