from __future__ import annotations

import pytest

from embedtune.report.content import Estimate
from embedtune.report.system_rows import setup_text, system_rows
from report_samples import QUESTIONS, SETTINGS, good_ranks, poor_ranks, record, run, source


def test_values_lie_within_their_intervals():
    rows = system_rows(source())
    assert [row.name for row in rows] == ["base", "tuned"]
    for row in rows:
        assert list(row.metrics) == ["recall@1", "recall@5", "mrr", "ndcg@10"]
        for estimate in row.metrics.values():
            assert 0 <= estimate.low < estimate.value < estimate.high <= 1


def test_counts_are_of_questions_with_a_right_section_so_far_up():
    base, tuned = system_rows(source())
    for row, ranks in ((base, poor_ranks()), (tuned, good_ranks())):
        assert row.within == {k: sum(rank is not None and rank <= k for rank in ranks) for k in (1, 5, 10)}
    assert tuned.within[1] > base.within[1]
    assert tuned.within[10] == QUESTIONS


def test_few_questions_have_no_interval():
    few = record([run("base", poor_ranks())], pairs=(), settings=SETTINGS.model_copy(update={"min_slice": 500}))
    (row,) = system_rows(source(record=few))
    assert row.metrics["mrr"] == Estimate(few.evaluation.systems[0].values["mrr"])


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (None, ""),
        ({"mode": "bm25", "model": ""}, "whole sections, by words alone"),
        ({"mode": "dense", "passages": {"words": None}, "tuned_on": 0}, "whole section, not tuned"),
        (
            {"mode": "hybrid", "passages": {"words": 64}, "fusion": {"method": "rrf"}, "tuned_on": 30},
            "64 words, joined by rank, tuned on 30 dev questions",
        ),
        (
            {"mode": "hybrid", "passages": {"words": 32}, "fusion": {"method": "convex", "dense_weight": 0.6}},
            "32 words, 60% vectors, not tuned",
        ),
        ({"mode": "dense", "passages": "odd"}, "whole sections, by words alone"),
    ],
)
def test_setup(made, text):
    assert setup_text(made) == text
