from __future__ import annotations

import socket

import numpy as np
import pytest

from embedtune.errors import InputError, ModelError, UnavailableError
from embedtune.index.qdrant_server import CollectionAddress, ServerCollection
from qdrant_stand_in import StandInServer, started

ROWS = [
    ([1.0, 0.0], {"text": "north", "title": "N"}),
    ([0.0, 1.0], {"text": "east", "title": "E"}),
    ([0.8, 0.6], {"text": "between", "title": "B"}),
    ([0.8, 0.6], {"text": "among", "title": "A"}),
]


@pytest.fixture
def server():
    held = StandInServer({"manuals": ROWS})
    stop = started(held)
    yield held
    stop()


def opened(server, dimension=2, seconds=5, **changes):
    given = {"url": server.url, "collection": "manuals", **changes}
    return ServerCollection.open(CollectionAddress(**given), dimension, seconds=seconds)


def test_texts_come_best_first_and_ties_by_text(server):
    collection = opened(server)
    found = collection.search_many(np.array([[1, 0], [0, 1]], dtype=np.float32), 3)
    collection.close()
    assert [text for text, _ in found[0]] == ["north", "among", "between"]
    assert found[1][0] == ("east", 1.0)
    assert found[0][1][1] == pytest.approx(0.8)


def test_nothing_is_ever_written(server):
    collection = opened(server)
    collection.search_many(np.ones((1, 2), dtype=np.float32), 3)
    assert server.requests == [
        ("GET", "/collections/manuals"),
        ("POST", "/collections/manuals/points/scroll"),
        ("POST", "/collections/manuals/points/query/batch"),
    ]


def test_many_questions_are_asked_in_batches(server):
    found = opened(server).search_many(np.ones((130, 2), dtype=np.float32), 1)
    assert len(found) == 130
    assert len(server.requests) == 2 + 3


def test_the_field_with_the_text_can_be_named(server):
    (found,) = opened(server, text_field="title").search_many(np.array([[1, 0]], dtype=np.float32), 1)
    assert found == [("N", 1.0)]


def test_points_without_text_are_left_out(server):
    server.collections["manuals"] = [*ROWS, ([5.0, 0.0], {"text": 7}), ([4.0, 0.0], {}), ([3.0, 0.0], {"text": "  "})]
    (found,) = opened(server).search_many(np.array([[1, 0]], dtype=np.float32), 4)
    assert found == [("north", 1.0)]


def test_a_vector_with_a_name(server):
    server.vectors = {"dense": {"size": 2, "distance": "Cosine"}}
    assert opened(server).search_many(np.array([[1, 0]], dtype=np.float32), 1) == [[("north", 1.0)]]


def test_several_vectors_are_refused(server):
    server.vectors = {name: {"size": 2, "distance": "Cosine"} for name in ("title", "body")}
    with pytest.raises(InputError, match="has 2 dense vectors a point"):
        opened(server)


def test_another_models_collection_is_refused(server):
    with pytest.raises(ModelError, match="holds vectors of 2 dimensions, the model makes 384") as caught:
        opened(server, dimension=384)
    assert "qdrant_model" in caught.value.remedy
    with pytest.raises(ModelError, match="do not fit a collection of 2"):
        opened(server).search_many(np.ones((1, 3), dtype=np.float32), 1)


def test_an_unknown_collection(server):
    with pytest.raises(InputError, match="has no collection other"):
        opened(server, collection="other")


def test_an_unknown_field_is_answered_with_those_there_are(server):
    with pytest.raises(InputError, match="no text in the field 'body'") as caught:
        opened(server, text_field="body")
    assert "text, title" in caught.value.remedy


def test_an_empty_collection_answers_nothing(server):
    server.collections["manuals"] = []
    server.vectors = {"size": 2, "distance": "Cosine"}
    assert opened(server).search_many(np.zeros((0, 2), dtype=np.float32), 1) == []


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
def test_a_key(server):
    server.key = "secret-key"
    assert opened(server, api_key="secret-key")
    with pytest.raises(InputError, match="refuses the request") as caught:
        opened(server, api_key="wrong-key")
    assert "QDRANT_API_KEY" in caught.value.remedy
    assert "wrong-key" not in str(caught.value)
    assert "secret" not in repr(CollectionAddress(server.url, "manuals", api_key="secret-key"))


@pytest.mark.parametrize(("status", "message"), [(403, "refuses"), (500, "answered with the status 500")])
def test_errors_of_the_server(server, status, message):
    server.status = status
    with pytest.raises(InputError, match=message):
        opened(server)


@pytest.mark.parametrize("body", [b"[1]", b"<html>not Qdrant</html>", b'{"result": {"status": 3}}'])
def test_a_server_that_is_not_qdrant(server, body):
    server.body = body
    with pytest.raises(InputError, match=r"127\.0\.0\.1"):
        opened(server)


def test_a_server_that_does_not_answer_in_time(server):
    server.wait = 3
    with pytest.raises(InputError, match="does not answer in time"):
        opened(server, seconds=1)


def test_no_server():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(InputError, match="cannot be reached"):
        ServerCollection.open(CollectionAddress(f"http://127.0.0.1:{port}", "manuals"), 2, seconds=2)


def test_no_address():
    with pytest.raises(InputError, match="is not the address of a server"):
        ServerCollection.open(CollectionAddress("ftp://127.0.0.1/x", "manuals"), 2, seconds=2)


def test_without_the_client_library(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "qdrant_client", None)
    with pytest.raises(UnavailableError, match="qdrant-client") as caught:
        ServerCollection.open(CollectionAddress("http://127.0.0.1:1", "manuals"), 2)
    assert "embedtune[qdrant]" in caught.value.remedy
