from __future__ import annotations

import pytest
from huggingface_hub import ModelCard as HubCard

from embedtune.artifacts.card import QuestionOrigin
from embedtune.artifacts.readme import SystemRow, render_readme
from embedtune.artifacts.training_data import DataSummary, PairExample
from embedtune.errors import InputError
from embedtune.vocabulary.evaluation import Comparison, GateResult
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, PassageSettings

COMPARISONS = (
    Comparison("recall@5", "base", "tuned", 0.4, 0.6, 0.1, 0.3, 0.0004, 266),
    Comparison("recall@5", "base", "tuned", 0.5, 0.45, -0.2, 0.1, 0.41, 30, "domain=a|b"),
)


@pytest.fixture
def measured(card):
    def build(origin=QuestionOrigin.HUMAN, **changes):
        return card(question_origin=origin, questions=266, comparisons=COMPARISONS, **changes)

    return build


def test_the_front_matter_is_a_hub_card(measured):
    hub = HubCard(render_readme(measured()))
    assert hub.data.pipeline_tag == "sentence-similarity"
    assert hub.data.library_name == "sentence-transformers"
    assert hub.data.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    assert {"sentence-transformers", "sentence-similarity", "embedtune"} <= set(hub.data.tags)
    assert hub.data.model_name == "embedtune-v1.0"
    (result,) = hub.data.eval_results
    assert result.metric_value == 0.6
    assert result.metric_name == "recall@5 (human questions), tuned"
    assert hub.text.lstrip().startswith("# embedtune v1.0")


def test_comparisons_are_shown_with_interval_and_n(measured):
    lines = render_readme(measured()).splitlines()
    assert (
        "| recall@5 (human questions) | all | 266 | base 0.400 | tuned 0.600 | +0.200 | +0.100 to +0.300 | < 0.001 "
        "| better |"
    ) in lines
    assert (
        "| recall@5 (human questions) | domain=a\\|b | 30 | base 0.500 | tuned 0.450 | -0.050 | -0.200 to +0.100 "
        "| 0.410 | no clear difference |"
    ) in lines


def test_every_system_has_a_row_and_a_gap_stays_empty(measured):
    rows = [SystemRow("base", {"recall@5": 0.4}), SystemRow("bm25", {"recall@5": 0.5, "mrr": 0.3333})]
    lines = render_readme(measured(), rows).splitlines()
    assert "| system | recall@5 (human questions) | mrr (human questions) |" in lines
    assert "| base | 0.400 |  |" in lines
    assert "| bm25 | 0.500 | 0.333 |" in lines


def test_generated_questions_are_named_with_every_figure(measured):
    text = render_readme(measured(QuestionOrigin.GENERATED), [SystemRow("base", {"mrr": 0.5})])
    assert "Measured on 266 generated questions." in text
    assert "mrr (generated questions)" in text
    assert "human" not in text
    assert "expect lower figures" in text
    assert HubCard(text).data.eval_results[0].metric_name == "recall@5 (generated questions), tuned"


def test_what_was_not_measured_is_said(card):
    text = render_readme(card())
    assert "Its quality was not measured." in text
    assert HubCard(text).data.eval_results is None


def test_a_publication_without_gain_is_said(measured):
    gates = (
        GateResult("gain", passed=False, reason="the interval holds 0"),
        GateResult("leaks", passed=True, reason="x"),
    )
    text = render_readme(measured(published_without_gain="a pilot", gates=gates))
    assert "- Published without proof of a gain: a pilot" in text
    assert "- Condition not met: gain: the interval holds 0" in text
    assert "leaks" not in text


def test_a_local_base_model_does_not_show_its_path(measured):
    text = render_readme(measured(base_model="/home/someone/secret project/model"))
    assert "secret" not in text
    assert HubCard(text).data.base_model is None


def test_use_and_loading_follow_the_settings(measured):
    text = render_readme(
        measured(
            passages=PassageSettings(32, 0.25),
            fusion=FusionSettings(FusionMethod.CONVEX, 0.7),
            notes="Be careful.",
            adversarial_tests_passed=3,
            adversarial_tests_total=4,
            adversarial_tests_passed_baseline=2,
        )
    )
    assert "Index passages of 32 words with their heading in front, overlapping by 25%" in text
    assert "0.7 of the weight on the vectors" in text
    assert 'SentenceTransformer("embedtune-v1.0/model")' in text
    assert "Robustness tests passed: 3 of 4; the base model passes 2." in text
    assert text.endswith("## Notes\n\nBe careful.\n")
    assert "reciprocal rank fusion" in render_readme(measured())


def test_the_text_is_the_same_each_time(measured):
    assert render_readme(measured()) == render_readme(measured())


DATA = DataSummary(
    pairs=1789,
    by_domain={"winch": 900, "radar": 889},
    by_origin={"extractive": 1789},
    by_split={"dev": 89, "train": 1700},
    negatives=4000,
    negatives_by_source={"bm25": 4000},
    question_words={"median": 8, "p95": 12, "maximum": 15},
    positive_words={},
)


def test_the_training_data_is_told_in_numbers(card):
    lines = render_readme(card(data=DATA)).splitlines()
    assert "| pairs | 1789 |" in lines
    assert "| by domain | winch 900, radar 889 |" in lines
    assert "| hard negatives | 4000 (bm25 4000) |" in lines
    assert "| words of a question | median 8, 95 % up to 12, longest 15 |" in lines
    assert not [line for line in lines if line.startswith("| words of a passage")]
    assert "## Training data" not in render_readme(card())


def test_texts_stand_there_only_where_they_were_asked_for(card):
    assert "Examples of the training data" not in render_readme(card(data=DATA))
    shown = render_readme(card(examples=(PairExample("how do I\ntension the winch|drum", "Turn the lever."),)))
    assert "| how do I tension the winch\\|drum | Turn the lever. |" in shown.splitlines()


def test_what_the_training_changed_elsewhere_is_said(measured):
    change = Comparison("ndcg@10", "base", "tuned", 0.5, 0.49, -0.03, 0.01, 0.4, 300)
    text = render_readme(
        measured(
            base_share=0.25,
            general=change,
            adversarial_tests_passed=134,
            adversarial_tests_passed_baseline=130,
            adversarial_tests_total=152,
        )
    )
    assert "25% of the weights' average are the base model's." in text
    assert "ndcg@10 changed by -0.010 (-0.030 to +0.010): no clear difference." in text
    assert "Robustness tests passed: 134 of 152; the base model passes 130." in text


def test_unknown_documents_are_called_unknown(card):
    text = render_readme(card(training_corpus_hash="", training_split_hash="sha256:" + "5" * 64))
    assert "| documents | unknown: the run does not tell what its pairs were written from |" in text
    assert "| split | sha256:5555" in text


@pytest.mark.parametrize("name", ["a: b", "#x", "- y", "'", '"', "{a}", "yes", "1.0", "a\nb: c", "---"])
def test_whatever_is_in_a_name_the_hub_reads_it_back(measured, name):
    hub = HubCard(render_readme(measured(name=name)))
    assert hub.data.model_name == f"{name}-v1.0"


def test_a_card_that_the_hub_cannot_read_is_refused(measured, monkeypatch):
    def fail(text):
        raise ValueError("no mapping")

    monkeypatch.setattr("huggingface_hub.ModelCard", fail)
    with pytest.raises(InputError, match="could not read the model card: no mapping"):
        render_readme(measured())
