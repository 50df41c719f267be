from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.training.dev.dev_set import DevSet, dev_set
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query

QUERIES = (Query("q1", "one", Origin.HUMAN), Query("q2", "two", Origin.HUMAN), Query("q3", "three", Origin.HUMAN))
QRELS = Qrels({"q1": {"s2": 1}, "q2": {"s5": 2, "s7": 0}, "q3": {"s9": 0}})
PASSAGES = tuple(
    Passage(f"s{section}#{part}", f"s{section}", f"text {section}") for section in range(10) for part in (0, 1)
)


def ids(dev):
    return [passage.id for passage in dev.passages]


def test_keeps_questions_that_have_an_answer_and_their_judgements():
    dev = dev_set(QUERIES, QRELS, PASSAGES, 100)

    assert dev.queries == QUERIES[:2]
    assert dev.qrels == Qrels({"q1": {"s2": 1}, "q2": {"s5": 2, "s7": 0}})


def test_keeps_every_passage_of_answers_and_as_many_others_as_fit():
    dev = dev_set(QUERIES, QRELS, PASSAGES, 8)

    assert len(dev.passages) == 8
    assert {"s2#0", "s2#1", "s5#0", "s5#1"} < set(ids(dev))


def test_others_are_spread_over_the_corpus():
    dev = dev_set(QUERIES, QRELS, PASSAGES, 8)

    assert ids(dev)[4:] == ["s0#0", "s3#0", "s6#0", "s8#0"]  # every fourth of the 16 others


def test_answers_are_kept_even_beyond_the_limit():
    assert ids(dev_set(QUERIES, QRELS, PASSAGES, 1)) == ["s2#0", "s2#1", "s5#0", "s5#1"]


def test_a_large_limit_keeps_all():
    assert sorted(ids(dev_set(QUERIES, QRELS, PASSAGES, 100))) == sorted(passage.id for passage in PASSAGES)


def test_no_question_with_an_answer_makes_an_empty_set():
    dev = dev_set(QUERIES[2:], QRELS, PASSAGES, 3)

    assert dev.queries == ()
    assert len(dev.qrels) == 0


@given(st.integers(0, 60), st.integers(0, 60))
def test_never_more_than_the_limit_and_never_one_twice(others, limit):
    passages = [Passage("s2#0", "s2", ""), *(Passage(f"x{n}#0", f"x{n}", "") for n in range(others))]

    dev = dev_set(QUERIES[:1], QRELS, passages, limit)

    assert len(dev.passages) == max(1, min(limit, 1 + others))
    assert len(set(ids(dev))) == len(dev.passages)


BASE = DevSet(QUERIES[:1], Qrels({"q1": {"s2": 1}}), PASSAGES[4:6])


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, queries=(replace(QUERIES[0], text="another"),)),
        replace(BASE, queries=(replace(QUERIES[0], domain="hvac"),)),
        replace(BASE, qrels=Qrels({"q1": {"s2": 2}})),
        replace(BASE, passages=PASSAGES[4:7]),
        replace(BASE, passages=(replace(PASSAGES[4], text="another"), PASSAGES[5])),
    ],
    ids=["text", "domain", "grade", "passages", "passage text"],
)
def test_digest_changes_with_all_that_is_measured(other):
    assert other.digest != BASE.digest
    assert replace(BASE).digest == BASE.digest
