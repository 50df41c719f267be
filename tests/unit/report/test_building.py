from __future__ import annotations

import json
from dataclasses import replace

from embedtune.report.building import build_content
from embedtune.report.content import content_as_json
from report_samples import METRIC, NASTY, QUESTIONS, full_source, good_ranks, record, run, source


def test_everything_is_there(content):
    assert content.asked == QUESTIONS
    assert content.headline == ("base", "tuned")
    assert len(content.systems) == len(content.curves) == 2
    assert content.duels[0].overall.metric == METRIC
    assert len(content.duels[0].by_slice) == len(content.slices)
    assert content.rank_changes.better > content.rank_changes.worse > 0
    assert content.improved
    assert content.worsened
    for part in (content.gates, content.trainings, content.statistics, content.leakage, content.lineage):
        assert part


def test_a_lone_system_has_nothing_to_compare():
    content = build_content(source(record=record([run("base", good_ranks())], pairs=()), headline=None))
    assert content.duels == ()
    assert content.rank_changes is None
    assert content.improved == content.worsened == ()
    assert content.slices


def test_the_same_evaluation_gives_the_same_content(content):
    assert build_content(full_source()) == content


def test_as_json_it_says_the_same(content):
    value = json.loads(json.dumps(content_as_json(content), allow_nan=False))
    assert value["verdict"]["sentence"] == content.verdict.sentence
    assert value["systems"][1]["metrics"][METRIC]["low"] == content.systems[1].metrics[METRIC].low
    assert value["improved"][0]["answers"][0]["first"][0]["heading"] == content.improved[0].answers[0].first[0].heading
    assert value["headline"] == ["base", "tuned"]


def test_without_texts_no_text_of_question_or_document_is_in_it():
    content = build_content(replace(full_source(), with_texts=False))
    whole = json.dumps(content_as_json(content), ensure_ascii=False)
    assert "descale" not in whole
    assert "Text " + NASTY not in whole
