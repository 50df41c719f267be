import numpy as np

from embedtune.encoders.fake import FakeEncoder
from embedtune.pairs.filters.model_ranks import ModelOwnRanks
from embedtune.pairs.filters.round_trip import lost
from embedtune.pairs.split import CorpusSplit
from embedtune.vocabulary.pairs import Split


class Known:
    def __init__(self, ranks):
        self.known = ranks
        self.asked = []

    def ranks(self, queries, owners, limit=None):
        self.asked.append((list(queries), list(owners), limit))
        return np.array([self.known[query] for query in queries], dtype=np.int64)


def test_a_question_must_find_its_section_by_one_of_the_rankers(make_batch):
    batch = make_batch(("one", "a"), ("two", "b"), ("three", "c"))
    first, second = Known({"one": 1, "two": 6, "three": 6}), Known({"two": 5, "three": 6})
    assert lost(batch, [first, second], 5).tolist() == [False, False, True]
    assert first.asked == [(["one", "two", "three"], ["a", "b", "c"], 5)]
    assert second.asked == [(["two", "three"], ["b", "c"], 5)]
    assert lost(batch, [first], 6).tolist() == [False] * 3


def test_ranks_by_a_model_pass_over_the_own_cluster(make_section):
    texts = ["pump hose", "pump hose clamp", "lamp", "pump hose clamp"]
    sections = [make_section("", text, path=f"{n}.md") for n, text in enumerate(texts)]
    ids = [section.id for section in sections]
    split = CorpusSplit(dict(zip(ids, "abca", strict=True)), dict.fromkeys(ids, Split.TRAIN))
    ranker = ModelOwnRanks(FakeEncoder(64), sections, split)
    queries = ["pump hose clamp"] * 3 + ["lamp"]
    assert ranker.ranks(queries, [ids[0], ids[1], ids[2], ids[2]]).tolist() == [2, 1, 4, 1]
    assert ranker.ranks(queries, [ids[0], ids[1], ids[2], ids[2]], 2).tolist() == [2, 1, 3, 1]
    assert ranker.ranks([], []).tolist() == []
