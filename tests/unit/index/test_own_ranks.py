import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.index import own_ranks
from embedtune.index.bm25 import BM25Index
from embedtune.index.own_ranks import SectionOwnRanks

TEXTS = ["pump hose clamp", "pump hose", "pump pump lamp", "fuse 10W-30", ""]
IDS = ["a", "b", "c", "d", "e"]


def test_ranks():
    ranker = SectionOwnRanks(IDS, TEXTS)
    assert ranker.ranks(["hose clamp", "hose clamp", "pump", "pump", "10w30", "10w30"], list("abcade")).tolist() == [
        1,
        2,
        1,
        3,
        1,
        6,
    ]
    assert len(ranker) == 5


def test_a_word_asked_twice_counts_twice():
    ranker = SectionOwnRanks(["a", "b"], ["pump oil", "hose oil"])
    assert ranker.ranks(["pump hose hose", "pump hose"], ["a", "a"]).tolist() == [2, 1]


def test_beyond_the_limit_there_is_no_rank():
    ranker = SectionOwnRanks(IDS, TEXTS)
    assert ranker.ranks(["pump"] * 3 + ["zebra"], list("cbaa"), 1).tolist() == [1, 2, 2, 2]
    assert ranker.ranks(["pump"] * 3 + ["zebra"], list("cbaa"), 9).tolist() == [1, 2, 3, 10]


def test_sections_of_the_own_cluster_do_not_count():
    ranker = SectionOwnRanks(IDS, TEXTS, clusters=["x", "y", "x", "y", "z"])
    assert ranker.ranks(["pump", "pump", "pump hose"], ["a", "b", "a"]).tolist() == [2, 2, 2]


def test_sections_that_score_the_same_do_not_stand_before():
    ranker = SectionOwnRanks(list("abc"), ["pump hose"] * 3)
    assert ranker.ranks(["pump"] * 3, list("abc")).tolist() == [1, 1, 1]


def test_nothing_to_rank():
    assert SectionOwnRanks([], []).ranks([], []).tolist() == []
    assert SectionOwnRanks(["a"], [""]).ranks(["pump", ""], ["a", "a"]).tolist() == [2, 2]
    assert SectionOwnRanks(["a"], ["pump"]).ranks([], [], 3).tolist() == []


@pytest.mark.parametrize(
    ("ids", "texts", "clusters"), [(["a"], [], None), (["a", "a"], ["", ""], None), (["a"], ["x"], ["x", "y"])]
)
def test_what_cannot_be_indexed(ids, texts, clusters):
    with pytest.raises(InputError):
        SectionOwnRanks(ids, texts, clusters=clusters)


@pytest.mark.parametrize(("queries", "owners", "limit"), [(["x"], [], None), (["x"], ["a"], 0), (["x"], ["q"], None)])
def test_what_cannot_be_asked(queries, owners, limit):
    with pytest.raises(InputError):
        SectionOwnRanks(IDS, TEXTS).ranks(queries, owners, limit)


def plain_rank(index, clusters, query, owner):
    scores = index.scores(query).astype(np.float64)
    foreign = np.array([cluster != clusters[owner] for cluster in clusters])
    if not scores[owner]:
        return len(clusters) + 1
    return 1 + int((foreign & (scores > scores[owner] * (1 + 1e-5))).sum())


words = st.lists(st.sampled_from("pump hose clamp lamp fuse belt seal oil-filter 10W-30 7".split()), max_size=12)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.tuples(words.map(" ".join), st.sampled_from("pqrstuvw")), min_size=1, max_size=25),
    st.lists(st.tuples(words.map(" ".join), st.integers(0, 24)), max_size=8),
    st.sampled_from([None, 1, 2, 5, 40]),
    st.tuples(st.sampled_from([0, 3, 1000]), st.sampled_from([0, 6, 8000]), st.sampled_from([1, 9, 1 << 22])),
    st.sampled_from([(0.9, 0.4), (1.5, 1.0), (0.0, 0.0)]),
)
def test_ranks_are_those_of_the_index(sections, asked, limit, budgets, parameters):
    ids, texts, clusters = [f"s{n}" for n in range(len(sections))], [t for t, _ in sections], [c for _, c in sections]
    index = BM25Index(ids, texts, *parameters)
    ranker = SectionOwnRanks(ids, texts, *parameters, clusters=clusters)
    asked = [(query, place % len(ids)) for query, place in asked]
    wanted = [plain_rank(index, clusters, query, place) for query, place in asked]
    if limit is not None:
        wanted = [min(rank, limit + 1) if rank <= len(ids) else limit + 1 for rank in wanted]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("_CHEAP", "_DEAR", "_POSTINGS"), budgets, strict=True):
            patch.setattr(own_ranks, name, value)
        found = ranker.ranks([query for query, _ in asked], [ids[place] for _, place in asked], limit)
    assert found.tolist() == wanted


def test_more_questions_than_a_chunk(monkeypatch):
    monkeypatch.setattr(own_ranks, "_QUESTIONS", 2)
    ranker = SectionOwnRanks(IDS, TEXTS)
    assert ranker.ranks(["pump", "hose", "lamp", "fuse", "clamp"], list("cbcda")).tolist() == [1] * 5


def test_most_sections_are_never_scored(monkeypatch):
    drawn = np.random.default_rng(1)
    share = 1 / np.arange(1, 2001)
    rows = drawn.choice(2000, size=(3000, 40), p=share / share.sum())
    texts = [" ".join(f"w{word}" for word in row) for row in rows]
    ids = [str(n) for n in range(3000)]
    queries, looked_up = [" ".join(text.split()[5:12]) for text in texts[:300]], []
    weights = own_ranks.TermWeights.of
    monkeypatch.setattr(own_ranks.TermWeights, "of", lambda self, s, t: looked_up.append(len(t)) or weights(self, s, t))
    ranker = SectionOwnRanks(ids, texts)
    found = ranker.ranks(queries, ids[:300], 20)
    assert sum(looked_up) < 300 * 300
    index = BM25Index(ids, texts)
    wanted = [min(plain_rank(index, ids, query, place), 21) for place, query in enumerate(queries)]
    assert found.tolist() == wanted
