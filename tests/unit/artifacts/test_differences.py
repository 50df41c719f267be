from __future__ import annotations

from dataclasses import replace

from embedtune.artifacts.differences import difference
from embedtune.artifacts.training_data import DataSummary
from embedtune.vocabulary.evaluation import Comparison
from embedtune.vocabulary.versions import Lineage, Manifest
from version_samples import model_card

SETTINGS = {"passages": {"words": 64, "overlap": 0.5}, "fusion": {"method": "rrf"}}
GAIN = Comparison("ndcg@10", "base", "tuned", 0.4, 0.6, 0.1, 0.3, 0.0004, 266)
LEFT = Manifest(
    "m", "v1.0", "now", (), Lineage("base", "sha256:b", corpus="sha256:d"), SETTINGS, {"torch": "2"}, (GAIN,)
)
DATA = DataSummary(
    pairs=9,
    by_domain={"winch": 9},
    by_origin={},
    by_split={},
    negatives=0,
    negatives_by_source={},
    question_words={},
    positive_words={},
)


def rows(found, group):
    return {row.name: (row.left, row.right) for row in found.rows if row.group == group and row.differs}


def measured(**changes):
    return model_card(question_origin="human", questions=266, **changes)


def test_equal_versions_differ_in_nothing():
    found = difference(LEFT, measured(), LEFT, measured())
    assert found.comparable
    assert [row for row in found.rows if row.differs] == []
    assert {row.group for row in found.rows} == {"metrics", "settings", "data"}


def test_what_differs_stands_side_by_side():
    better = replace(GAIN, candidate_value=0.7)
    right = replace(
        LEFT,
        version="v1.1",
        lineage=replace(LEFT.lineage, corpus="sha256:e"),
        settings=SETTINGS | {"passages": {"words": 32, "overlap": 0.5}},
        packages={"torch": "3"},
        metrics=(better,),
    )
    found = difference(LEFT, measured(), right, measured(data=DATA, base_share=0.25))
    assert (found.left, found.right) == ("m-v1.0", "m-v1.1")
    assert rows(found, "metrics") == {
        "ndcg@10, tuned": ("0.600", "0.700"),
        "ndcg@10, tuned minus base": ("+0.200 [+0.100, +0.300]", "+0.300 [+0.100, +0.300]"),
    }
    assert rows(found, "settings") == {"passages.words": ("64", "32"), "package torch": ("2", "3")}
    data = rows(found, "data")
    assert data["documents"] == ("sha256:d", "sha256:e")
    assert data["share of the base"] == ("", "0.25")
    assert data["pairs of winch"] == ("", "9")
    assert data["manifest"][0] != data["manifest"][1]


def test_figures_of_different_questions_are_not_comparable():
    assert not difference(LEFT, measured(), LEFT, model_card(question_origin="generated", questions=266)).comparable
    assert not difference(LEFT, model_card(), LEFT, model_card()).comparable
