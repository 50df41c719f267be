"""Address and key come from settings and environment, and the key stays hidden."""

from __future__ import annotations

import pytest

from embedtune.errors import ConfigError
from embedtune.pairs.llm.endpoint import endpoint_of
from llm_samples import settings

KEY = "sk-norvex-4711"


def test_key_is_read_from_the_variable_that_the_settings_name():
    endpoint = endpoint_of(settings(api_key_env="NORVEX_KEY"), {"NORVEX_KEY": f" {KEY}\n", "OPENAI_API_KEY": "other"})
    assert (endpoint.key, endpoint.has_key) == (KEY, True)


def test_no_other_key_is_tried():
    endpoint = endpoint_of(settings(api_key_env="NORVEX_KEY"), {"OPENAI_API_KEY": KEY})
    assert (endpoint.key, endpoint.has_key) == ("none", False)


def test_address_of_the_environment_serves_where_the_settings_have_none():
    environment = {"OPENAI_BASE_URL": "http://10.0.0.7:8000/v1/"}
    assert endpoint_of(settings(""), environment).base_url == "http://10.0.0.7:8000/v1"
    assert endpoint_of(settings("http://10.0.0.8/v1"), environment).base_url == "http://10.0.0.8/v1"


@pytest.mark.parametrize(
    ("changes", "environment", "words"),
    [
        ({"model": ""}, {}, "llm.model"),
        ({"base_url": ""}, {}, "OPENAI_BASE_URL"),
        ({"base_url": ""}, {"OPENAI_BASE_URL": "ftp://host/v1"}, "http or https"),
        ({"base_url": "http://host:99999/v1"}, {}, "http or https"),
        ({"base_url": "http://[::1/v1"}, {}, "http or https"),
        ({"base_url": "https://user:sk-norvex-4711@host/v1"}, {}, "user name or password"),
        ({"base_url": "https://host/v1?key=sk-norvex-4711"}, {}, "query"),
        ({"api_key_env": "sk-norvex-4711"}, {}, "name of an environment variable"),
        ({}, {"OPENAI_API_KEY": "sk-norvex-4711 and\nmore"}, "characters"),
        ({}, {"OPENAI_API_KEY": "sk-norvex-4711\u2026"}, "characters"),
    ],
)
def test_what_cannot_be_used_is_told_without_any_secret(changes, environment, words):
    with pytest.raises(ConfigError) as caught:
        endpoint_of(
            settings(**{"url": "http://127.0.0.1:9/v1", **{_name(k): v for k, v in changes.items()}}), environment
        )
    assert words in str(caught.value)
    assert KEY not in str(caught.value)


def _name(key):
    return "url" if key == "base_url" else key
