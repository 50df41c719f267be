from __future__ import annotations

import os
import uuid

import numpy as np
import pytest
from qdrant_client import QdrantClient

from embedtune.errors import InputError, ModelError
from embedtune.index.exact import ExactIndex
from embedtune.index.exact_files import KeptExactIndex
from embedtune.index.qdrant_embedded import EmbeddedQdrantIndex
from embedtune.index.server_connection import ServerConnection
from embedtune.index.server_index import ServerIndex
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.ports import PassageIndex

DIMENSION = 4


class Exact:
    """In memory alone."""

    def __init__(self, folder):
        pass

    def new(self):
        return ExactIndex(DIMENSION)

    reopened = None


class Kept:
    kind = KeptExactIndex

    def __init__(self, folder):
        self.folder = folder
        self.made = 0

    def new(self):
        self.made += 1
        return self.opened()

    def opened(self):
        return self.kind.open(self.folder / f"index-{self.made}", DIMENSION, "sha256:model")

    def reopened(self, index):
        index.close()
        return self.opened()


class Qdrant(Kept):
    kind = EmbeddedQdrantIndex


class Server:
    """A client of the server's library: its own engine in memory, which speaks the same calls."""

    def __init__(self, folder):
        self.client = self.connected()
        self.names = []

    def connected(self):
        return QdrantClient(":memory:")

    def new(self):
        self.names.append(f"embedtune-test-{uuid.uuid4().hex}")
        return self.opened()

    def opened(self):
        return ServerIndex.open(ServerConnection(self.client, "a server"), self.names[-1], DIMENSION)

    def reopened(self, index):
        index.close()
        return self.opened()

    def close(self):
        for name in self.names:
            self.client.delete_collection(name)
        self.client.close()


class RealServer(Server):
    def connected(self):
        return QdrantClient(url=os.environ["QDRANT_URL"], api_key=os.environ.get("QDRANT_API_KEY"))


QUIET = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact"),
]
BACKENDS = [
    pytest.param(Exact, id="exact"),
    pytest.param(Kept, id="kept"),
    pytest.param(Qdrant, id="qdrant"),
    pytest.param(Server, id="client", marks=QUIET),
    pytest.param(
        RealServer,
        id="server",
        marks=[
            pytest.mark.enable_socket,
            pytest.mark.skipif(not os.environ.get("QDRANT_URL"), reason="set QDRANT_URL to a Qdrant server"),
        ],
    ),
]


@pytest.fixture(params=BACKENDS)
def backend(request, tmp_path):
    made = request.param(tmp_path)
    yield made
    if isinstance(made, Server):
        made.close()


@pytest.fixture
def index(backend):
    made = backend.new()
    yield made
    made.close()


def passages(*ids):
    return [Passage(id_, id_.split("#")[0], f"text of {id_}") for id_ in ids]


def vectors(*rows):
    return np.array(rows, dtype=np.float32)


EAST, NORTH, UP = [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]
NORTH_EAST = [1, 1, 0, 0]


def fill(index):
    index.upsert(passages("a#0", "b#0", "c#0"), vectors(EAST, NORTH, NORTH_EAST), ["x", "y", "x"])


def test_is_a_passage_index(index):
    assert isinstance(index, PassageIndex)


def test_finds_the_nearest_first_with_their_cosines(index):
    fill(index)
    found = index.search(vectors(EAST)[0], 10)
    assert [id_ for id_, _ in found] == ["a#0", "c#0", "b#0"]
    assert [score for _, score in found] == pytest.approx([1.0, 0.5**0.5, 0.0], abs=1e-6)


def test_length_of_a_vector_does_not_matter(index):
    fill(index)
    index.upsert(passages("long#0"), vectors([50, 1, 0, 0]), ["x"])
    found = index.search(7 * vectors(EAST)[0], 2)
    assert [id_ for id_, _ in found] == ["a#0", "long#0"]
    assert found[1][1] == pytest.approx(50 / np.sqrt(2501), abs=1e-6)


def test_opposite_vectors_score_minus_one(index):
    index.upsert(passages("a#0"), vectors(EAST), ["x"])
    assert index.search(-vectors(EAST)[0], 1) == [("a#0", pytest.approx(-1.0, abs=1e-6))]


def test_limit_cuts(index):
    fill(index)
    assert [id_ for id_, _ in index.search(vectors(EAST)[0], 1)] == ["a#0"]


def test_domain_filters(index):
    fill(index)
    assert [id_ for id_, _ in index.search(vectors(NORTH)[0], 10, domain="x")] == ["c#0", "a#0"]
    assert [id_ for id_, _ in index.search(vectors(EAST)[0], 10, domain="y")] == ["b#0"]
    assert index.search(vectors(EAST)[0], 10, domain="z") == []


def test_upsert_replaces_vector_and_domain_by_id(index):
    fill(index)
    index.upsert(passages("a#0"), vectors(UP), ["a longer domain"])
    assert len(index) == 3
    assert index.search(vectors(UP)[0], 1) == [("a#0", pytest.approx(1.0))]
    assert [id_ for id_, _ in index.search(vectors(UP)[0], 9, domain="x")] == ["c#0"]
    assert [id_ for id_, _ in index.search(vectors(UP)[0], 9, domain="a longer domain")] == ["a#0"]


def test_of_two_with_one_id_in_a_batch_the_last_stays(index):
    index.upsert(passages("a#0", "a#0"), vectors(EAST, NORTH), ["x", "y"])
    assert len(index) == 1
    assert index.search(vectors(NORTH)[0], 5, domain="y") == [("a#0", pytest.approx(1.0))]


def test_an_empty_index_finds_nothing(index):
    assert len(index) == 0
    assert index.search(vectors(EAST)[0], 5) == []


def test_upsert_of_nothing_changes_nothing(index):
    index.upsert([], np.zeros((0, DIMENSION), dtype=np.float32), [])
    assert len(index) == 0


def test_ties_go_by_id_whatever_the_limit_cuts(index):
    ids = [f"s{number:02d}#0" for number in range(60)]
    shuffled = list(np.random.default_rng(5).permutation(ids))
    rows = np.tile(vectors([0.3, -0.2, 0.9, 0.11]), (60, 1))
    index.upsert(passages(*shuffled), rows, ["x"] * 60)
    index.upsert(passages("zz#0"), rows[:1] + vectors([0, 0.01, 0, 0]), ["x"])
    for limit in (1, 3, 16, 17, 40, 60):
        found = index.search(rows[0], limit)
        assert [id_ for id_, _ in found] == ids[:limit]
        assert len({score for _, score in found}) == 1


def test_a_vector_of_zeros_has_cosine_zero(index):
    index.upsert(passages("a#0", "b#0"), vectors([0, 0, 0, 0], EAST), ["x", "x"])
    assert index.search(vectors(EAST)[0], 2) == [("b#0", pytest.approx(1.0)), ("a#0", 0.0)]
    assert index.search(np.zeros(DIMENSION, dtype=np.float32), 2) == [("a#0", 0.0), ("b#0", 0.0)]


def test_contents_survive_reopening(backend):
    kept_alone(backend)
    index = backend.new()
    fill(index)
    before = index.search(vectors([3, 1, 2, 0])[0], 10)
    index = backend.reopened(index)
    assert len(index) == 3
    assert index.search(vectors([3, 1, 2, 0])[0], 10) == before
    index.remove(["b#0"])
    index.upsert(passages("d#0"), vectors(UP), ["x"])
    index = backend.reopened(index)
    assert [id_ for id_, _ in index.search(vectors(UP)[0], 1, domain="x")] == ["d#0"]
    assert index.ids() == {"a#0", "c#0", "d#0"}
    index.close()


def test_removes_by_id(index):
    fill(index)
    index.remove(["b#0", "never held"])
    index.remove([])
    assert (len(index), index.ids()) == (2, {"a#0", "c#0"})
    assert [id_ for id_, _ in index.search(vectors(NORTH)[0], 10)] == ["c#0", "a#0"]
    assert index.search(vectors(NORTH)[0], 10, domain="y") == []
    index.upsert(passages("b#0"), vectors(UP), ["y"])
    assert index.search(vectors(UP)[0], 1) == [("b#0", pytest.approx(1.0))]


def test_gives_back_the_vectors_in_the_order_asked_for(index):
    fill(index)
    held = index.vectors(["c#0", "a#0"])
    assert held.dtype == np.float32
    assert held == pytest.approx(vectors([0.5**0.5, 0.5**0.5, 0, 0], EAST), abs=1e-6)
    assert index.vectors([]).shape == (0, DIMENSION)
    with pytest.raises(KeyError):
        index.vectors(["never held"])


def test_labels_filter_and_all_of_them_must_be_there(index):
    index.upsert(
        passages("a#0", "b#0", "c#0"),
        vectors(EAST, NORTH, NORTH_EAST),
        ["x", "y", "x"],
        [["kind=parts", "metadata.path=a/b.md"], ["kind=parts"], ["kind=safety"]],
    )

    def found(labels, domain=None):
        return [id_ for id_, _ in index.filtered(labels).search(vectors(NORTH)[0], 10, domain)]

    assert found([]) == ["b#0", "c#0", "a#0"]
    assert found(["kind=parts"]) == ["b#0", "a#0"]
    assert found(["kind=parts"], "x") == ["a#0"]
    assert found(["metadata.path=a/b.md", "kind=parts"]) == ["a#0"]
    assert found(["metadata.path=a/b.md", "kind=safety"]) == []
    index.upsert(passages("a#0"), vectors(EAST), ["x"], [["kind=safety"]])
    assert found(["kind=parts"]) == ["b#0"]
    assert [id_ for id_, _ in index.search(vectors(NORTH)[0], 10)] == ["b#0", "c#0", "a#0"]


def test_labels_that_do_not_pair_up_are_refused(index):
    with pytest.raises(InputError, match="1 sets of labels"):
        index.upsert(passages("a#0", "b#0"), vectors(EAST, UP), ["x", "x"], [["kind=parts"]])
    assert len(index) == 0


def kept_alone(backend):
    if backend.reopened is None:
        pytest.skip("it is in memory alone")


def test_an_empty_index_survives_reopening(backend):
    kept_alone(backend)
    index = backend.reopened(backend.new())
    assert len(index) == 0
    index.close()


def test_a_limit_below_one_is_refused(index):
    fill(index)
    for limit in (0, -1):
        with pytest.raises(InputError, match="at least 1"):
            index.search(vectors(EAST)[0], limit)


def test_another_dimension_is_refused(index):
    with pytest.raises(ModelError, match="4 dimensions"):
        index.upsert(passages("a#0"), np.ones((1, 5), dtype=np.float32), ["x"])
    fill(index)
    with pytest.raises(ModelError, match="4 dimensions"):
        index.search(np.ones(3, dtype=np.float32), 1)


def test_numbers_that_are_not_finite_are_refused(index):
    for bad in (np.nan, np.inf):
        with pytest.raises(InputError, match="not finite"):
            index.upsert(passages("a#0"), vectors([bad, 0, 0, 0]), ["x"])
        assert len(index) == 0
        with pytest.raises(InputError, match="not finite"):
            index.search(vectors([bad, 0, 0, 0])[0], 1)


def test_a_batch_that_does_not_pair_up_is_refused(index):
    with pytest.raises(InputError, match="2 passages came with 1 vectors and 2 domains"):
        index.upsert(passages("a#0", "b#0"), vectors(EAST), ["x", "x"])
    with pytest.raises(InputError, match="1 domains"):
        index.upsert(passages("a#0", "b#0"), vectors(EAST, UP), ["x"])
    assert len(index) == 0


def test_a_closed_index_cannot_be_used(backend):
    index = backend.new()
    index.close()
    index.close()
    with pytest.raises(ValueError, match="closed"):
        index.search(vectors(EAST)[0], 1)
    with pytest.raises(ValueError, match="closed"):
        fill(index)


def test_agrees_with_a_plain_sort(index):
    generator = np.random.default_rng(11)
    rows = generator.integers(-3, 4, size=(40, DIMENSION)).astype(np.float32)
    domains = [str(domain) for domain in generator.choice(["x", "y"], size=40)]
    ids = [f"s{number}#0" for number in range(40)]
    index.upsert(passages(*ids), rows, domains)
    for limit, domain in [(1, None), (7, None), (39, "x"), (45, None), (3, "y"), (10, "x")] * 5:
        query = generator.integers(-3, 4, size=DIMENSION).astype(np.float32)
        lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
        cosines = np.divide(rows @ query, lengths, out=np.zeros(40, dtype=np.float32), where=lengths > 0)
        of_domain = {ids[row]: float(cosines[row]) for row in range(40) if domain in (None, domains[row])}
        found = index.search(query, limit, domain)
        assert [score for _, score in found] == pytest.approx(
            sorted(of_domain.values(), reverse=True)[:limit], abs=1e-6
        )
        assert all(score == pytest.approx(of_domain[id_], abs=1e-6) for id_, score in found)
        assert len({id_ for id_, _ in found}) == len(found)
        assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))
