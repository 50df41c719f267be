"""Which endpoint is asked, and with which key: from the settings and the environment."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embedtune.config.data_settings import LlmSettings
from embedtune.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE_URL_VARIABLE = "OPENAI_BASE_URL"
_NO_KEY = "none"
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place that answers chat requests.

    Attributes:
        base_url: Its address, up to and including the version (``…/v1``).
        model: The model's name there.
        key: The key; it never appears in a representation, an error, an event or a file.
        has_key: Whether the key is one, or a stand-in for servers that want none.
    """

    base_url: str
    model: str
    key: str = field(default=_NO_KEY, repr=False)
    has_key: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether the endpoint is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def without_key(self, text: str) -> str:
        """Return a text of the server with the key blacked out, should the server have repeated it."""
        return text.replace(self.key, _HIDDEN) if self.has_key else text


def endpoint_of(settings: LlmSettings, environment: Mapping[str, str]) -> Endpoint:
    """Return the endpoint that settings and environment name.

    There is no default address: nothing leaves the machine unless the user has said where to. The key of
    another service is never tried: only the variable that the settings name is read.

    Args:
        settings: Model, address, and the name of the key's variable.
        environment: The environment's variables.

    Raises:
        ConfigError: No model or no address is given, or the address cannot be used.
    """
    if not settings.model:
        raise ConfigError("`llm.model` is empty.", "Set it to the name of a model at your endpoint.")
    base_url = settings.base_url or environment.get(BASE_URL_VARIABLE, "").strip()
    if not base_url:
        raise ConfigError(
            f"Neither `llm.base_url` nor {BASE_URL_VARIABLE} says where the language model is.",
            "Set one of them, for example to http://localhost:8000/v1; nothing is sent anywhere without it.",
        )
    fault = _address_fault(base_url)
    if fault:
        raise ConfigError(
            f"The address of the language model {fault}.",
            f"Mend `llm.base_url` or {BASE_URL_VARIABLE}; it looks like http://localhost:8000/v1.",
        )
    if not _VARIABLE.fullmatch(settings.api_key_env):
        raise ConfigError(
            "`llm.api_key_env` is not the name of an environment variable.",
            "Put the key into an environment variable and only the variable's name into the configuration.",
        )
    key = environment.get(settings.api_key_env, "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            f"The key in {settings.api_key_env} holds characters that no key has.", "Set the variable again."
        )
    return Endpoint(base_url.rstrip("/"), settings.model, key or _NO_KEY, has_key=bool(key))


def _address_fault(base_url: str) -> str:
    """Return what is wrong with an address, without repeating it: it may hold a password."""
    try:
        parts = urlsplit(base_url)
        well_formed = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed:
        return "is not a complete http or https address"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password, which has no place in an address"
    return "holds a query or fragment" if parts.query or parts.fragment else ""
