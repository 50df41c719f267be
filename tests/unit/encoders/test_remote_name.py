from __future__ import annotations

import pytest

from embedtune.encoders.remote_name import RemoteName
from embedtune.errors import InputError


@pytest.mark.parametrize(
    ("text", "url", "model"),
    [
        ("remote:http://localhost:1234/v1#tiny", "http://localhost:1234/v1", "tiny"),
        ("remote:http://localhost:1234/v1/#tiny", "http://localhost:1234/v1", "tiny"),
        ("remote:https://norvex.example/v1#org/tiny:latest", "https://norvex.example/v1", "org/tiny:latest"),
        ("remote:http://[::1]:80/v1#tiny#q8", "http://[::1]:80/v1", "tiny#q8"),
    ],
)
def test_address_and_model(text, url, model):
    name = RemoteName.parse(text)
    assert name == RemoteName(url, model)
    assert RemoteName.parse(str(name)) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("remote:", "not a complete http or https address"),
        ("remote:localhost:1234/v1#tiny", "not a complete http or https address"),
        ("remote:ftp://host/v1#tiny", "not a complete http or https address"),
        ("remote:http://ho st/v1#tiny", "not a complete http or https address"),
        ("remote:http://host/v1", "names no model"),
        ("remote:http://host/v1# ", "names no model"),
        ("remote:http://host/v1#ti\nny", "names no model"),
        ("remote:http://host/v1?key=sk-norvex-4711#tiny", "query or fragment"),
        ("remote:http://user:sk-norvex-4711@host/v1#tiny", "user name or password"),
    ],
)
def test_what_is_no_remote_system_is_told_without_any_secret(text, reason):
    with pytest.raises(InputError, match=reason) as caught:
        RemoteName.parse(text)
    assert "remote:URL#model" in caught.value.remedy
    assert "4711" not in str(caught.value)
