from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_server import embeddings
from embedtune.encoders.remote_reply import BrokenReplyError, WrongReplyError, reply_vectors


def body(vectors, **options):
    return embeddings(vectors, **options).body


def test_vectors_come_back_at_length_1():
    assert np.allclose(reply_vectors(body([[3, 4], [0, -2.0]]), 2), [[0.6, 0.8], [0, -1]])


def test_index_gives_the_order():
    assert np.allclose(reply_vectors(body([[0, 1], [1, 0]], indexes=[1, 0]), 2), [[1, 0], [0, 1]])


def test_without_an_index_the_list_gives_it():
    assert np.allclose(reply_vectors(body([[0, 1], [1, 0]], indexes=[]), 2), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("vectors", "indexes", "reason"),
    [
        ([[1, 0]], None, "1 vectors for 2 texts"),
        ([[1, 0]] * 3, None, "3 vectors for 2 texts"),
        ([], None, "0 vectors for 2 texts"),
        ([[1, 0], [1, 0, 0]], None, "different lengths"),
        ([[1, 0], [float("nan"), 1]], None, "not finite"),
        ([[1, 0], [float("-inf"), 1]], None, "not finite"),
        ([[1, 0], [None, 1]], None, "other than lists of numbers"),
        ([[1, 0], ["1", "0"]], None, "other than lists of numbers"),
        ([[True, False], [True, True]], None, "other than lists of numbers"),
        ([1, 2], None, "other than lists of numbers"),
        ([[], []], None, "other than lists of numbers"),
        ([[[1]], [[2]]], None, "other than lists of numbers"),
        (["AAAA", "AAAA"], None, "other than lists of numbers"),
        ([[1, 0], [0, 0]], None, "zeros"),
        ([[1, 0], [1e300, 1e300]], None, "zeros, or of numbers too large"),
        ([[1, 0], [0, 1]], [0, 0], "numbered"),
        ([[1, 0], [0, 1]], [1, 2], "numbered"),
        ([[1, 0], [0, 1]], [0], "numbered"),
    ],
)
def test_vectors_that_cannot_be_used(vectors, indexes, reason):
    with pytest.raises(WrongReplyError) as caught:
        reply_vectors(body(vectors, indexes=indexes), 2)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "sent", [b"", b"<html>welcome</html>", b"[]", b"{}", b'{"data": {}}', b'{"data": [1, 2]}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_answer_of_the_protocol(sent):
    with pytest.raises(BrokenReplyError):
        reply_vectors(sent, 2)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["index", "embedding"]), inner),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=3))
def test_whatever_is_sent_is_unit_vectors_or_an_error(data):
    try:
        vectors = reply_vectors(json.dumps({"data": data}).encode(), 2)
    except (BrokenReplyError, WrongReplyError):
        return
    assert vectors.shape[0] == 2
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
