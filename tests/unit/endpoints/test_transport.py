from __future__ import annotations

import json

import pytest

from embedtune.endpoints.transport import UnreadableError, read_body, said_in


def test_body_is_put_together():
    assert read_body([b"ab", b"", b"c"], 3, 60) == b"abc"


def test_body_without_end():
    def endless():
        while True:
            yield b"x" * 100

    with pytest.raises(UnreadableError) as caught:
        read_body(endless(), 1000, 60)
    assert caught.value.reason == "an answer without end"


def test_body_that_drips():
    with pytest.raises(UnreadableError) as caught:
        read_body([b"x"], 1000, -1)
    assert caught.value.reason == "no answer in time"


@pytest.mark.parametrize(
    ("error", "reason"), [(ConnectionResetError(), "the connection broke"), (TimeoutError(), "no answer in time")]
)
def test_body_that_breaks_off(error, reason):
    def broken():
        yield b"x"
        raise error

    with pytest.raises(UnreadableError) as caught:
        read_body(broken(), 1000, 60)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "no such model", "code": "model_not_found"}}, "model_not_found: no such model"),
        ({"error": "no such model"}, "no such model"),
        ({"detail": "not found"}, "not found"),
        ({"error": {"code": 404}}, '{"error": {"code": 404}}'),
        ("a text", "a text"),
    ],
)
def test_what_a_server_says(body, said):
    assert said_in(json.dumps(body)) == said


def test_what_a_server_says_is_one_short_line():
    assert said_in("bad\r\n\x1b[31mgateway") == "bad [31mgateway"
    assert len(said_in("x" * 1000)) == 201
    assert said_in("[" * 100_000).startswith("[[[")
