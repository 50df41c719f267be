from __future__ import annotations

import json

import pytest

from embedtune.artifacts.card import ModelCard, QuestionOrigin
from embedtune.artifacts.training_data import DataSummary, PairExample
from embedtune.errors import VerificationError
from embedtune.vocabulary.evaluation import Comparison, GateResult
from embedtune.vocabulary.pairs import Origin
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, PassageSettings

COMPARISON = Comparison("recall@5", "base", "tuned", 0.4, 0.6, 0.1, 0.3, 0.0004, 266)
REQUIRED = {
    "name",
    "version",
    "base_model",
    "base_model_hash",
    "training_corpus_hash",
    "training_date",
    "training_commit",
    "recall_at_5_baseline",
    "recall_at_5_finetuned",
    "mean_reciprocal_rank",
    "embedding_dimension",
    "total_params",
    "trainable_params",
    "weights_hash",
    "config_hash",
    "adversarial_tests_passed",
    "adversarial_tests_total",
    "notes",
}


def measured(card, origin=QuestionOrigin.HUMAN, **changes):
    return card(
        question_origin=origin,
        questions=266,
        recall_at_5_baseline=0.4,
        recall_at_5_finetuned=0.6,
        mean_reciprocal_rank=0.5,
        comparisons=(COMPARISON,),
        gates=(GateResult("gain", passed=True, reason="the interval excludes 0"),),
        passages=PassageSettings(None, 0.25),
        fusion=FusionSettings(FusionMethod.CONVEX, 0.7),
        adversarial_tests_passed=3,
        adversarial_tests_total=4,
        adversarial_tests_passed_baseline=2,
        **changes,
    )


def test_the_json_has_every_promised_key(card):
    assert card().to_json().keys() >= REQUIRED


def test_json_gives_back_the_card(card):
    for one in (card(), measured(card, notes='quotes " and ümlauts | pipes')):
        text = json.dumps(one.to_json())
        assert ModelCard.from_json(text, "here") == one


def test_comparisons_carry_their_intervals_and_derived_values(card):
    comparison = measured(card, QuestionOrigin.GENERATED).to_json()["comparisons"][0]
    assert comparison["delta"] == pytest.approx(0.2)
    assert comparison["relative"] == pytest.approx(0.5)
    assert (comparison["ci_low"], comparison["ci_high"], comparison["n"]) == (0.1, 0.3, 266)
    assert comparison["verdict"] == "better"
    assert comparison["label"] == "recall@5 (generated questions)"


def test_figures_name_the_origin_of_their_questions(card):
    assert measured(card).label("mrr") == "mrr (human questions)"
    assert measured(card).measured_on == "266 human questions"
    assert measured(card, QuestionOrigin.GENERATED).to_json()["measured_on"] == "266 generated questions"
    assert card().measured_on == "no questions"


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ([], QuestionOrigin.NONE),
        ([Origin.HUMAN, Origin.HUMAN], QuestionOrigin.HUMAN),
        ([Origin.TEMPLATE, Origin.EXTRACTIVE, Origin.LLM], QuestionOrigin.GENERATED),
        ([Origin.HUMAN, Origin.TEMPLATE], QuestionOrigin.MIXED),
    ],
)
def test_the_origin_of_a_set_of_questions(origins, expected):
    assert QuestionOrigin.of(origins) is expected


@pytest.mark.parametrize(
    "change",
    [
        {"weights_hash": "123"},
        {"base_model_hash": "sha256:12"},
        {"recall_at_5_baseline": 1.2},
        {"adversarial_tests_passed": 2, "adversarial_tests_total": 1},
        {"trainable_params": 99_999_999},
        {"embedding_dimension": 0},
        {"questions": 3},
        {"question_origin": QuestionOrigin.HUMAN},
    ],
)
def test_impossible_cards_are_refused(card, change):
    with pytest.raises(ValueError, match=r"must|cannot|without"):
        card(**change)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-5],
        lambda text: "[]",
        lambda text: text.replace('"embedding_dimension": 4', '"embedding_dimension": "4"'),
        lambda text: text.replace('"weights_hash": "sha256:3', '"weights_hash": "sha256:g'),
        lambda text: text.replace('"version"', '"wersion"'),
    ],
)
def test_damaged_cards_are_refused_with_their_place(card, damage):
    with pytest.raises(VerificationError, match=r"^here/model_card\.json is not a model card"):
        ModelCard.from_json(damage(json.dumps(card().to_json())), "here/model_card.json")


def test_unknown_keys_are_passed_over(card):
    assert ModelCard.from_json(json.dumps(card().to_json() | {"future": 1}), "here") == card()


def test_what_was_trained_on_survives_writing_and_reading(card):
    data = DataSummary(
        pairs=3,
        by_domain={"winch": 3},
        by_origin={"template": 3},
        by_split={"train": 3},
        negatives=0,
        negatives_by_source={},
        question_words={"median": 4},
        positive_words={"median": 40},
    )
    made = card(data=data, examples=(PairExample("how?", "so."),), general=COMPARISON, base_share=0.25)
    text = json.dumps(made.to_json())
    assert ModelCard.from_json(text, "here") == made
    assert json.loads(text)["general"]["delta"] == COMPARISON.delta


@pytest.mark.parametrize(
    "changes",
    [
        {"base_share": 1.1},
        {"training_split_hash": "sha256:12"},
        {"adversarial_tests_total": 2, "adversarial_tests_passed_baseline": 3},
    ],
)
def test_what_cannot_be_is_refused(card, changes):
    with pytest.raises(ValueError, match=next(iter(changes)).removesuffix("_total")):
        card(**changes)
