from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.encoders.fake import FakeEncoder
from embedtune.pairs.negatives import sources
from embedtune.pairs.negatives.judges import EncodedPool
from embedtune.pairs.negatives.pool import PassagePool, PoolRows
from embedtune.pairs.negatives.sources import Candidate, DenseSource, FusedSource, Question, RankedSource
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair

TEXTS = ["open valve", "close valve", "open pump", "drain hose", "drain pump", "grease fan"]
DOMAINS = ["a", "a", "a", "b", "b", ""]


def pool_rows():
    passages = tuple(Passage(f"s{n}#0", f"s{n}", text) for n, text in enumerate(TEXTS))
    sections = [passage.section_id for passage in passages]
    return PoolRows(PassagePool(passages, dict(zip(sections, DOMAINS, strict=True)), {name: name for name in sections}))


ROWS = pool_rows()


def questions_of(*asked):
    queries = [Query(f"q{n}", text, Origin.HUMAN, domain=domain) for n, (text, domain, _) in enumerate(asked)]
    return [Question(n, query, frozenset(asked[n][2])) for n, query in enumerate(queries)]


def dense(questions, *, away=False):
    pairs = [TrainingPair(question.query, "x", (), Provenance()) for question in questions]
    return DenseSource("base", EncodedPool(FakeEncoder(16), ROWS, pairs), ROWS, away)


class Everything:
    """Ranks all passages in their order and counts how many it was asked for."""

    def __init__(self):
        self.limits = []

    def search(self, query, limit):
        self.limits.append(limit)
        return [(f"s{n}#0", 10.0 - n) for n in range(len(TEXTS))][:limit]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["open the valve", "drain", "fan"]),
            st.sampled_from(["", "a", "b", "z"]),
            st.sets(st.integers(0, 5)),
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 7),
    st.booleans(),
)
def test_a_model_ranks_as_sorting_all_cosines_does(asked, limit, away):
    questions = questions_of(*asked)
    source = dense(questions, away=away)
    for question, found in zip(questions, source.candidates(questions, limit), strict=True):
        cosines = source.encoded.similarities(question.number, np.arange(len(TEXTS)))
        home = [not question.query.domain or name == question.query.domain for name in DOMAINS]
        rows = [n for n in range(len(TEXTS)) if home[n] != away and n not in question.answering]
        assert [candidate.row for candidate in found] == sorted(rows, key=lambda n: (-cosines[n], n))[:limit]
        np.testing.assert_allclose([candidate.score for candidate in found], [cosines[c.row] for c in found], atol=1e-6)


def test_blocks_change_nothing(monkeypatch):
    questions = questions_of(*[(text, "", ()) for text in TEXTS])
    whole = dense(questions).candidates(questions, 3)
    monkeypatch.setattr(sources, "_SCORES_AT_ONCE", 7)
    blocks = dense(questions).candidates(questions, 3)
    assert [[c.row for c in found] for found in blocks] == [[c.row for c in found] for found in whole]


@pytest.mark.parametrize(
    ("answering", "rows", "limits"), [((), [0, 1], [2]), ({0}, [1, 2], [3]), ({0, 1, 2, 3}, [4, 5], [4, 6])]
)
def test_a_ranker_is_asked_for_as_many_as_its_answers_hide(answering, rows, limits):
    ranker = Everything()
    (found,) = RankedSource("bm25", ranker, ROWS).candidates(questions_of(("open", "", answering)), 2)
    assert [candidate.row for candidate in found] == rows
    assert ranker.limits == limits


def test_fused_sources_rank_together():
    asked = questions_of(("open", "", {0}))
    part = RankedSource("bm25", Everything(), ROWS)
    source = FusedSource("hybrid", (part, part), lambda rankings: [(rankings[0][1], 2.0), (rankings[1][0], 1.0)], ROWS)
    assert source.candidates(asked, 2) == [[Candidate(2, 2.0), Candidate(1, 1.0)]]
    assert source.candidates(asked, 2)[0][:1] == [Candidate(2, 2.0)]
