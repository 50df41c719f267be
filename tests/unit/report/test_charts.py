from __future__ import annotations

from lxml import etree

from embedtune.report.charts import line_style, rank_chart, recall_chart, training_chart
from embedtune.report.content import RankChanges, RecallCurve, TrainingLog


def words(markup):
    return [text.strip() for text in etree.fromstring(markup).itertext() if text.strip()]


def test_recall_has_a_line_for_every_system():
    curves = [RecallCurve(f"system {n}", ((1.0, 0.1), (10.0, 0.2 + n / 100))) for n in range(10)]
    chart = recall_chart(curves)
    for markup in (chart.wide, chart.narrow):
        assert markup.count("var(--series-0)") == markup.count("var(--series-1)") == 2  # eight colours for ten systems
        assert markup.count("var(--series-7)") == 1
        assert "stroke-dasharray" in markup
        assert "system" not in markup  # names stand in the page
    assert chart.wide != chart.narrow


def test_recall_of_a_single_result():
    assert "1" in words(recall_chart([RecallCurve("a", ((1.0, 0.5),))]).wide)


def test_ranks_are_counted_in_their_circles():
    changes = RankChanges("a", "b", ("1", "2-3", "not found"), ((30, 2, 0), (9, 5, 1), (4, 0, 7)), 13, 3)
    chart = rank_chart(changes)
    shown = words(chart.wide)
    assert {"30", "2", "9", "5", "1", "4", "7"} <= set(shown)
    assert {"2\N{EN DASH}3", "none", "better", "worse"} <= set(shown)
    assert "0" not in shown
    for colour, circles in (("good", 2), ("bad", 2)):
        assert chart.wide.count(f"stroke: var(--{colour})") == circles


def test_training_shows_what_was_logged():
    loss, mrr = ((10.0, 2.0), (20.0, 1.0)), ((0.0, 0.3), (20.0, 0.6))
    both = words(training_chart(TrainingLog("a", {"loss": loss, "mrr": mrr})).wide)
    assert {"training loss", "dev questions", "MRR", "steps"} <= set(both)
    assert "Recall@5" not in both
    assert "training loss" not in words(training_chart(TrainingLog("a", {"mrr": mrr})).wide)
    assert "dev questions" not in words(training_chart(TrainingLog("a", {"loss": loss[:1]})).wide)


def test_lines_of_one_colour_differ_in_their_dashes():
    assert [line_style(number) for number in (0, 7, 8, 16, 24, 32)] == ["-", "-", "--", ":", "-.", "-"]
