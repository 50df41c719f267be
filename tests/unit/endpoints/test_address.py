"""An address is checked before anything is sent there, and the key stays hidden."""

from __future__ import annotations

import pytest

from embedtune.endpoints.address import Endpoint, address_fault, key_from
from embedtune.errors import ConfigError

KEY = "sk-norvex-4711"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://localhost:1234/v1", ""),
        ("https://norvex.example", ""),
        ("http://[::1]:80/v1", ""),
        ("", "complete"),
        ("ftp://host/v1", "complete"),
        ("http:///v1", "complete"),
        ("http://host:99999/v1", "complete"),
        ("http://host:0/v1", "complete"),
        ("http://[::1/v1", "complete"),
        ("http://host/v1\n", "complete"),
        (f"https://user:{KEY}@host/v1", "user name or password"),
        (f"https://host/v1?key={KEY}", "query"),
        ("https://host/v1#part", "fragment"),
    ],
)
def test_fault_of_an_address(url, fault):
    found = address_fault(url)
    assert fault in found
    assert bool(found) == bool(fault)
    assert KEY not in found


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://[::1]:80/v1", True),
        ("https://localhost.example.org/v1", False),
        ("http://10.0.0.7/v1", False),
    ],
)
def test_loopback_is_told_from_the_world(url, expected):
    assert Endpoint(url, "tiny").is_loopback is expected


def test_key_is_hidden():
    endpoint = Endpoint.with_key("http://host/v1/", "tiny", KEY)
    assert endpoint.base_url == "http://host/v1"
    assert KEY not in repr(endpoint)
    assert endpoint.without_key(f"wrong key {KEY}!") == "wrong key …!"


def test_stand_in_for_a_key_is_a_common_word_and_not_blacked_out():
    endpoint = Endpoint.with_key("http://host/v1", "tiny", "")
    assert not endpoint.has_key
    assert endpoint.without_key("none of it") == "none of it"


def test_key_is_read_from_the_variable_that_is_named_and_from_no_other():
    environment = {"NORVEX_KEY": f" {KEY}\n", "OPENAI_API_KEY": "other"}
    assert key_from(environment, "NORVEX_KEY", "a.b") == KEY
    assert key_from(environment, "MISSING", "a.b") == ""


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (KEY, "", "`a.b` is not the name of an environment variable"),
        ("NORVEX_KEY", f"{KEY} and\nmore", "characters"),
        ("NORVEX_KEY", f"{KEY}\u2026", "characters"),
    ],
)
def test_what_is_no_key_is_told_without_it(variable, value, words):
    with pytest.raises(ConfigError) as caught:
        key_from({variable: value}, variable, "a.b")
    assert words in str(caught.value)
    assert "4711" not in str(caught.value)
