import pytest

from embedtune.evaluation.slices import section_splits, slice_queries
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query, Split

QUERIES = [
    Query("q1", "?", Origin.HUMAN, difficulty="hard", category="safety", domain="hvac"),
    Query("q2", "?", Origin.TEMPLATE, difficulty="easy", domain="avionics"),
    Query("q3", "?", Origin.HUMAN, difficulty="medium", domain="hvac"),
    Query("q4", "?", Origin.HUMAN, difficulty="expert"),
]


def test_slices_come_in_a_fixed_order_and_empty_labels_in_none():
    assert [(part.name, part.query_ids) for part in slice_queries(QUERIES)] == [
        ("domain=avionics", ("q2",)),
        ("domain=hvac", ("q1", "q3")),
        ("difficulty=easy", ("q2",)),
        ("difficulty=medium", ("q3",)),
        ("difficulty=hard", ("q1",)),
        ("difficulty=expert", ("q4",)),
        ("category=safety", ("q1",)),
        ("origin=human", ("q1", "q3", "q4")),
        ("origin=template", ("q2",)),
        ("length=short", ("q1", "q2", "q3", "q4")),
    ]


def test_the_order_does_not_hang_on_that_of_the_queries():
    backwards = [(part.name, sorted(part.query_ids)) for part in slice_queries(QUERIES[::-1])]
    assert backwards == [(part.name, sorted(part.query_ids)) for part in slice_queries(QUERIES)]


def test_more_attributes_follow_the_known_ones():
    bands = {"q1": "high", "q2": "low", "q3": "medium"}
    attributes = {
        "overlap": bands,
        "zone": {"q1": "b"},
        "author": {"q2": "x", "q3": ""},
        "section_split": {"q3": "test", "q1": "train"},
    }
    names = [part.name for part in slice_queries(QUERIES, attributes)]
    assert names[-8:] == [
        "section_split=train",
        "section_split=test",
        "length=short",
        "overlap=low",
        "overlap=medium",
        "overlap=high",
        "author=x",
        "zone=b",
    ]


def test_questions_are_sliced_by_length():
    texts = ["pump " * words for words in (20, 3, 8)]
    queries = [Query(f"q{place}", text, Origin.HUMAN) for place, text in enumerate(texts)]
    names = [part.name for part in slice_queries(queries)]
    assert names == ["origin=human", "length=short", "length=medium", "length=long"]


@pytest.mark.parametrize(
    ("relevant", "label"),
    [
        (["in_train"], "train"),
        (["in_test"], "test"),
        (["in_test", "in_dev"], "dev"),
        (["in_test", "in_train"], "train"),
        (["in_test", "unknown"], "test"),
    ],
)
def test_a_query_belongs_to_the_most_exposed_part_of_its_answers(relevant, label):
    split_of = {"in_train": Split.TRAIN, "in_dev": Split.DEV, "in_test": Split.TEST}
    assert section_splits(Qrels({"q": dict.fromkeys(relevant, 1)}), split_of) == {"q": label}


def test_irrelevant_and_unknown_sections_say_nothing():
    assert section_splits(Qrels({"q": {"unknown": 1, "in_train": 0}}), {"in_train": Split.TRAIN}) == {}
