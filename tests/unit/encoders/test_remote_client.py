"""Requests over a real socket, and everything that can come of them."""

from __future__ import annotations

import builtins
import logging

import numpy as np
import pytest

from embedding_server import MODEL, EmbeddingServer, by_words, embeddings
from embedtune.config.settings import RemoteSettings
from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.remote_client import EmbeddingsClient, RefusedBatchError
from embedtune.endpoints.address import Endpoint
from embedtune.errors import ModelError, UnavailableError
from llm_server import complaint
from quiet_server import Response

KEY = "sk-norvex-4711"
TEXTS = ["oil level of the Norvex pump", "brake fluid"]


class Asked:
    """A client of a server, and how long it waited."""

    def __init__(self, url, key=KEY, **settings):
        self.waits = []
        self._client = EmbeddingsClient(
            Endpoint.with_key(url, MODEL, key), RemoteSettings(**{"max_retries": 3, **settings}), self.waits.append
        )

    def embed(self, texts=TEXTS):
        return self._client.embed(texts)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._client.close()


def outcome(*responses, texts=TEXTS, **settings):
    """Ask a server that answers one after the other and then as it should; returns vectors, waits and requests."""

    def script(request):
        return responses[request.number] if request.number < len(responses) else by_words()(request)

    with EmbeddingServer(script) as server, Asked(server.url, **settings) as asked:
        return asked.embed(texts), asked.waits, server.log


def failure(response, texts=TEXTS, **settings):
    with EmbeddingServer(lambda request: response) as server, Asked(server.url, **settings) as asked:
        with pytest.raises(ModelError) as caught:
            asked.embed(texts)
        assert KEY not in str(caught.value)
        assert server.url in caught.value.message
        return str(caught.value), len(server.log)


def test_vectors_come_back():
    vectors, waits, log = outcome()
    assert np.allclose(vectors, FakeEncoder(32).encode(TEXTS), atol=1e-6)
    assert (waits, len(log)) == ([], 1)


def test_request_says_what_it_should(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another-service")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: of another service")
    _, _, (request,) = outcome()
    assert request.path == "/v1/embeddings"
    assert request.body == {"model": MODEL, "input": TEXTS, "encoding_format": "float"}
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert {name for name in request.headers if name.startswith(("x-", "openai"))} <= {"x-stainless-raw-response"}


def test_key_of_another_service_is_not_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    _, _, (request,) = outcome(key="")
    assert request.headers["authorization"] == "Bearer none"


def test_loopback_is_reached_past_the_proxy_of_the_environment(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert outcome()[0].shape == (2, 32)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 202])
def test_passing_trouble_is_waited_out(status):
    vectors, waits, log = outcome(complaint(status), complaint(status))
    assert vectors.shape == (2, 32)
    assert len(log) == 3
    assert len(waits) == 2
    assert waits[0] < waits[1]


@pytest.mark.parametrize("broken", [Response(b"<html>bad gateway</html>"), Response(b""), Response(stall=True)])
def test_answer_that_is_none_is_asked_for_again(broken):
    vectors, waits, _ = outcome(broken, timeout_seconds=0.5)
    assert vectors.shape == (2, 32)
    assert len(waits) == 1


def test_server_says_when_to_come_back():
    assert outcome(complaint(429, headers={"Retry-After": "7"}))[1] == [7.0]


def test_long_wait_is_left_to_the_user():
    said, asked = failure(complaint(429, headers={"Retry-After": "3600"}))
    assert "asks to wait for 3600 seconds" in said
    assert asked == 1


def test_patience_ends():
    said, asked = failure(complaint(503, "loading model"), max_retries=2)
    assert "gave no vectors in 3 attempts: HTTP 503, loading model" in said
    assert asked == 3


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (complaint(404, f'model "{MODEL}" not found, try pulling it first'), "try pulling it first. Check the model's"),
        (complaint(401, f"wrong key {KEY}"), "`remote.api_key_env`"),
        (complaint(402), "no credit"),
        (complaint(403), "must not use this model"),
        (complaint(405, f"no {KEY} here"), "no … here"),
        (complaint(429, "pay", code="insufficient_quota"), "insufficient_quota: pay"),
        (Response(status=307, headers={"Location": "http://127.0.0.1:9/v1/embeddings"}), "give the final one"),
        (embeddings([[1.0, 0.0]]), "returned 1 vectors for 2 texts"),
        (embeddings([[1.0, float("nan")], [1.0, 0.0]]), "NaN"),
    ],
)
def test_what_cannot_succeed_is_told_at_once(response, words):
    said, asked = failure(response)
    assert words in said
    assert asked == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_batch_that_is_too_much_is_handed_back(status):
    with (
        EmbeddingServer(lambda request: complaint(status)) as server,
        Asked(server.url) as asked,
        pytest.raises(RefusedBatchError),
    ):
        asked.embed()


def test_text_that_is_refused_is_shown_by_its_beginning():
    long = "oil " * 900
    said, _ = failure(complaint(400, "context length exceeded"), texts=[long])
    assert "a text of 900 words that begins 'oil oil" in said
    assert "context length exceeded" in said
    assert len(said) < 600


def test_absent_server_is_told_at_once(unused_url):
    with Asked(unused_url) as asked, pytest.raises(ModelError, match="No server answers at http") as caught:
        asked.embed()
    assert "Start it (LM Studio, Ollama, vLLM" in caught.value.remedy
    assert asked.waits == []


def test_server_that_goes_away_is_waited_for():
    with EmbeddingServer() as server:
        asked = Asked(server.url)
        asked.embed()
    with asked, pytest.raises(ModelError, match=r"4 attempts: no connection"):
        asked.embed()
    assert len(asked.waits) == 3


def test_key_is_not_logged(caplog):
    with caplog.at_level(logging.DEBUG):
        outcome(complaint(500, KEY))
    assert KEY not in caplog.text


def test_package_that_is_not_installed(monkeypatch):
    real = builtins.__import__

    def absent(name, *arguments, **options):
        if name == "openai":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(UnavailableError, match=r"embedtune\[llm\]"):
        Asked("http://127.0.0.1:9/v1")


@pytest.fixture
def unused_url():
    with EmbeddingServer() as server:
        return server.url
