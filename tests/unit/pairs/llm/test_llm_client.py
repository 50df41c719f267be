"""One request over a real socket, and everything that can come of it."""

from __future__ import annotations

import builtins
import gzip
import json
import logging
import time

import pytest

from embedtune.errors import ConfigError, InputError, UnavailableError
from embedtune.pairs.llm.answers import ANSWER_SCHEMA, parse_answer
from embedtune.pairs.llm.budget import Usage
from embedtune.pairs.llm.client import ChatClient, Failure, Refusal
from embedtune.pairs.llm.completions import Reply
from embedtune.pairs.llm.dialect import Dialect
from embedtune.pairs.llm.endpoint import endpoint_of
from embedtune.pairs.llm.prompt import section_prompt
from llm_samples import section, settings
from llm_server import LlmServer, complaint, completion, good
from quiet_server import Response

KEY = "sk-norvex-4711"
PROMPT = section_prompt(section(), 6, 600)


def asked(url, *, seconds=20.0, temperature=0.7, dialect=None, environment=None):
    endpoint = endpoint_of(settings(url), {"OPENAI_API_KEY": KEY} if environment is None else environment)
    client = ChatClient(endpoint, seconds=seconds, max_answer_tokens=300, temperature=temperature)
    try:
        return client.ask(PROMPT, dialect or Dialect())
    finally:
        client.close()


def outcome(response, **options):
    with LlmServer(lambda request: response) as server:
        return asked(server.url, **options)


def test_answer_comes_back():
    with LlmServer() as server:
        reply = asked(server.url)
    assert reply.usage == Usage(100, 50)
    assert parse_answer(reply.text)[0].answer_quote.startswith("Open valve 0")


def test_request_says_what_it_should():
    with LlmServer() as server:
        asked(server.url)
    (request,) = server.log
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "tiny",
        "messages": [{"role": "system", "content": PROMPT.system}, {"role": "user", "content": PROMPT.user}],
        "temperature": 0.7,
        "max_tokens": 300,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "questions", "strict": True, "schema": ANSWER_SCHEMA},
        },
    }


@pytest.mark.parametrize(
    ("dialect", "present", "absent"),
    [
        (Dialect("json_object"), {"response_format": {"type": "json_object"}}, ()),
        (Dialect("text"), {}, ("response_format",)),
        (Dialect(temperature=False), {}, ("temperature",)),
        (Dialect(length_name="max_completion_tokens"), {"max_completion_tokens": 300}, ("max_tokens",)),
    ],
)
def test_request_is_worded_in_the_dialect(dialect, present, absent):
    with LlmServer() as server:
        asked(server.url, dialect=dialect)
    body = server.log[0].body
    assert present.items() <= body.items()
    assert not set(absent) & body.keys()


def test_machine_is_not_described():
    with LlmServer() as server:
        asked(server.url)
    described = {name for name in server.log[0].headers if name.startswith("x-stainless")}
    assert described <= {"x-stainless-raw-response"}


def test_key_of_another_service_is_not_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with LlmServer() as server:
        asked(server.url, environment={})
    assert server.log[0].headers["authorization"] == "Bearer none"


def test_loopback_is_reached_past_the_proxy_of_the_environment(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with LlmServer() as server:
        assert isinstance(asked(server.url), Reply)


def test_proxy_that_cannot_be_used_is_told(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "carrier-pigeon://127.0.0.1")
    monkeypatch.setenv("http_proxy", "carrier-pigeon://127.0.0.1")
    with pytest.raises(ConfigError, match="proxy"):
        asked("http://llm.invalid/v1")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529, 202, 204])
def test_passing_trouble_is_a_failure(status):
    assert outcome(complaint(status)) == Failure(f"HTTP {status}")


def test_server_says_when_to_come_back():
    assert outcome(complaint(429, headers={"Retry-After": "7"})).wait == 7


def test_too_long_a_wait_ends_the_run():
    with pytest.raises(InputError, match="asks to wait for 3600 seconds"):
        outcome(complaint(429, headers={"Retry-After": "3600"}))


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (complaint(400, "no response_format here"), "no response_format here"),
        (Response(status=422), "HTTP 422"),
        (complaint(413), "too long (HTTP 413)"),
    ],
)
def test_refused_wording(response, message):
    result = outcome(response)
    assert isinstance(result, Refusal)
    assert message in result.message


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (complaint(401, f"Incorrect API key {KEY[:6]}"), "api_key_env"),
        (complaint(402), "credit"),
        (complaint(403, "region"), "region"),
        (complaint(404, "no model tiny"), "no model tiny"),
        (complaint(405), "llm.base_url"),
        (complaint(429, "pay first", code="insufficient_quota"), "pay first"),
        (Response(status=307, headers={"Location": "http://127.0.0.1:9/v1"}), "another address"),
    ],
)
def test_hopeless_trouble_ends_the_run(response, words):
    with pytest.raises(ConfigError) as caught:
        outcome(response)
    assert words in str(caught.value)
    assert KEY[:6] not in str(caught.value)


def test_redirection_is_not_followed():
    with LlmServer() as other, pytest.raises(ConfigError):
        outcome(Response(status=308, headers={"Location": f"{other.url}/chat/completions"}))
    assert other.log == []


def test_no_answer_in_time():
    assert outcome(Response(stall=True), seconds=0.2) == Failure("no answer in time", may_cost=True)


@pytest.mark.parametrize("status", [200, 500])
def test_answer_that_drips_is_not_waited_for(status):
    start = time.monotonic()
    result = outcome(Response(b" " * 2000, status, drip=0.05), seconds=0.5)
    assert isinstance(result, Failure)
    assert time.monotonic() - start < 30


def test_answer_without_end_is_cut_off():
    assert outcome(Response(b" " * (9 << 20))) == Failure("an answer without end", may_cost=True)


def test_complaint_without_end_is_cut_off():
    assert outcome(Response(b" " * (9 << 20), 500)) == Failure("HTTP 500")


@pytest.mark.parametrize(
    "response",
    [
        Response(b"{}", headers={"Content-Length": "4000"}),
        Response(b"this is no gzip", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_broken_body_is_a_failure(response):
    assert outcome(response, seconds=5.0) == Failure("the connection broke", may_cost=True)


def test_compressed_answer_is_read():
    packed = gzip.compress(completion("yes").body)
    assert outcome(Response(packed, headers={"Content-Encoding": "gzip"})).text == "yes"


def test_nobody_there():
    with LlmServer() as server:
        url = server.url
    assert asked(url) == Failure("no connection")


def test_key_repeated_by_the_server_is_blacked_out(caplog):
    caplog.set_level(logging.DEBUG)
    assert KEY not in outcome(completion(f"your key is {KEY}")).text
    assert KEY not in outcome(complaint(400, f"your key is {KEY}")).message
    with pytest.raises(ConfigError) as caught:
        outcome(complaint(404, f"your key is {KEY}"))
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caplog.text
    assert KEY not in caplog.text


def test_section_is_not_logged(caplog):
    caplog.set_level(logging.DEBUG)
    with LlmServer(good) as server:
        asked(server.url)
    assert "Norvex" not in caplog.text


def test_missing_package_is_told(monkeypatch):
    real = builtins.__import__

    def without_openai(name, *arguments, **options):
        if name == "openai":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_openai)
    with pytest.raises(UnavailableError, match=r"pip install 'embedtune\[llm\]'"):
        asked("http://127.0.0.1:9/v1")


def test_good_answer_is_json():
    with LlmServer() as server:
        assert json.loads(asked(server.url).text)["questions"]
