import pytest

from embedtune.evaluation.question_traits import length_label, overlap_labels
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query


def asked(**texts):
    return [Query(name, text, Origin.HUMAN) for name, text in texts.items()]


@pytest.mark.parametrize(
    ("words", "label"), [(0, ""), (1, "short"), (6, "short"), (7, "medium"), (12, "medium"), (13, "long")]
)
def test_length_goes_by_words(words, label):
    assert length_label(" ".join(["pump"] * words)) == label


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("How do I bleed the brakes?", "high"),
        ("How do I bleed the radiator?", "medium"),
        ("Does bleeding squeak loudly?", "low"),
        ("Why does it squeak?", "low"),
    ],
)
def test_overlap_is_the_share_of_content_words_that_the_answer_has(question, label):
    labels = overlap_labels(asked(q=question), Qrels({"q": {"s": 1}}), {"s": "Brakes\nBleed each brake in turn."})
    assert labels == {"q": label}


def test_of_several_answers_the_nearest_counts_and_irrelevant_ones_do_not():
    texts = {"far": "Wipe the lens.", "near": "Bleed the brakes.", "wrong": "Drain the tank."}
    qrels = Qrels({"q": {"far": 1, "near": 2, "wrong": 0}, "r": {"far": 1, "wrong": 0}})
    queries = asked(q="How to bleed brakes?", r="How to drain the tank?")
    assert overlap_labels(queries, qrels, texts) == {"q": "high", "r": "low"}


def test_what_cannot_be_said_is_not_said():
    qrels = Qrels({"q": {"s": 1}, "unknown": {"gone": 1}})
    queries = asked(q="What is it?", unknown="bleed the brakes", unjudged="bleed the brakes")
    assert overlap_labels(queries, qrels, {"s": "Bleed the brakes."}) == {}
    assert overlap_labels([], qrels, {}) == {}
