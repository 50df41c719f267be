from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.events import Notice, silent
from embedtune.pipeline.questions import JudgedQueries, QuestionSet
from embedtune.pipeline.sampling import sample_questions
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query


def question_set(kinds):
    """A question for each (domain, difficulty, category)."""
    queries = tuple(
        Query(f"q{number:03d}", f"why {number}", Origin.HUMAN, domain=domain, difficulty=difficulty, category=category)
        for number, (domain, difficulty, category) in enumerate(kinds)
    )
    judged = JudgedQueries(queries, Qrels({query.id: {"s": 1} for query in queries}))
    labels = {"part": {query.id: "x" for query in queries}}
    return QuestionSet("set", (), judged, groups={"s": "c"}, attributes=labels)


def asked(sample):
    return [query.id for query in sample.questions.test.queries]


MIXED = question_set([("hvac", "easy", "a")] * 60 + [("hvac", "hard", "b")] * 20 + [("forklift", "", "")] * 20)


def test_every_kind_gives_its_share():
    sample = sample_questions(MIXED, 25, 1, silent)
    counts = Counter((query.domain, query.difficulty) for query in sample.questions.test.queries)
    assert counts == {("hvac", "easy"): 15, ("hvac", "hard"): 5, ("forklift", ""): 5}


def test_the_sample_is_all_that_is_left():
    sample = sample_questions(MIXED, 7, 1, silent)
    kept = set(asked(sample))
    assert len(kept) == 7
    assert asked(sample) == sorted(kept)
    assert set(sample.questions.test.qrels.query_ids) == kept
    assert sample.questions.attributes == {"part": dict.fromkeys(sorted(kept), "x")}
    assert sample.questions.groups == {"s": "c"}


def test_it_is_said():
    told = []
    sample = sample_questions(MIXED, 10, 7, told.append)
    words = "10 of 100 questions"
    assert sample.questions.name == f"set, {words}"
    assert told == [Notice(f"{words} are asked, drawn with seed 7, by domain, difficulty and category.")]
    said = sample.as_json()
    assert (said["asked"], said["of"], said["seed"]) == (10, 100, 7)
    assert {"labels": {"domain": "forklift", "difficulty": "", "category": ""}, "questions": 20, "asked": 2} in said[
        "strata"
    ]


def test_seed_decides():
    draws = [asked(sample_questions(MIXED, 20, seed, silent)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_order_of_the_file_does_not_matter():
    backwards = QuestionSet("set", (), JudgedQueries(MIXED.test.queries[::-1], MIXED.test.qrels))
    assert asked(sample_questions(backwards, 20, 1, silent)) == asked(sample_questions(MIXED, 20, 1, silent))[::-1]


def test_questions_that_nothing_answers_are_not_drawn():
    judged = Qrels({query.id: {"s": int(query.domain == "forklift")} for query in MIXED.test.queries})
    given_set = QuestionSet("set", (), JudgedQueries(MIXED.test.queries, judged))
    sample = sample_questions(given_set, 5, 1, silent)
    assert {query.domain for query in sample.questions.test.queries} == {"forklift"}
    assert sample.of == 20


@pytest.mark.parametrize("count", [None, 100, 101])
def test_limit_that_does_not_limit(count):
    told = []
    sample = sample_questions(MIXED, count, 1, told.append)
    assert sample.questions is MIXED
    assert (sample.as_json(), told) == (None, [])


def test_questions_without_any_label():
    plain = question_set([("", "", "")] * 9)
    sample = sample_questions(plain, 4, 3, silent)
    assert sample.questions.name == "set, 4 of 9 questions"
    assert [(dict(part.labels), part.questions, part.asked) for part in sample.strata] == [({}, 9, 4)]


_KINDS = st.lists(st.tuples(*(st.sampled_from(["", "a", "b", "c"]) for _ in range(3))), min_size=2, max_size=60)


@given(_KINDS, st.integers(1, 60), st.integers(0, 5))
def test_shares_are_as_near_as_whole_numbers_allow(kinds, count, seed):
    given_set = question_set(kinds)
    sample = sample_questions(given_set, count, seed, silent)
    assert len(asked(sample)) == len(set(asked(sample))) == min(count, len(kinds))
    if count >= len(kinds):
        return
    assert sum(part.asked for part in sample.strata) == count
    assert sum(part.questions for part in sample.strata) == len(kinds)
    domains = Counter(query.domain for query in given_set.test.queries)
    drawn = Counter(query.domain for query in sample.questions.test.queries)
    assert all(abs(drawn[domain] - count * size / len(kinds)) < 1 for domain, size in domains.items())
    assert all(0 <= part.asked <= part.questions for part in sample.strata)
