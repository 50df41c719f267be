from __future__ import annotations

import sys

import httpx
import pytest
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from embedtune.errors import InputError, UnavailableError
from embedtune.index.server_connection import ServerConnection


def status(code):
    return UnexpectedResponse(code, "no", b"{}", httpx.Headers())


PASSING = [
    status(500),
    status(503),
    status(429),
    ResourceExhaustedResponse("busy", 1),
    ResponseHandlingException(httpx.ConnectError("refused")),
    ResponseHandlingException(httpx.ReadTimeout("slow")),
]
LASTING = [status(400), status(401), status(404)]


class Failing:
    def __init__(self, error, times):
        self.error, self.times, self.calls = error, times, 0

    def __call__(self, client):
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return client


def connection(retries=3):
    waits = []
    return ServerConnection("the client", "http://there", retries, waits.append), waits


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_what_may_pass_is_tried_again_with_growing_waits(error):
    made, waits = connection()
    call = Failing(error, 2)
    assert made.ask(call) == "the client"
    assert call.calls == 3
    assert len(waits) == 2
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1.0


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_in_the_end_it_is_told(error):
    made, waits = connection()
    with pytest.raises(InputError, match="The Qdrant server at http://there"):
        made.ask(Failing(error, 9))
    assert len(waits) == 3


@pytest.mark.parametrize("error", LASTING, ids=str)
def test_what_lasts_is_told_at_once(error):
    made, waits = connection()
    call = Failing(error, 9)
    with pytest.raises(InputError):
        made.ask(call, "manuals")
    assert (call.calls, waits) == (1, [])


def test_a_search_waits_for_no_second_try():
    made, waits = connection(retries=0)
    with pytest.raises(InputError):
        made.ask(Failing(status(500), 1))
    assert waits == []


def test_without_the_client_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(UnavailableError, match="needs the package qdrant-client") as caught:
        ServerConnection.open("http://127.0.0.1:6333", "", 5, 0)
    assert "embedtune[qdrant]" in caught.value.remedy
