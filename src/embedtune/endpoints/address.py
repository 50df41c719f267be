"""Where a server is and the key it wants; the key stays hidden."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from embedtune.errors import ConfigError

_NO_KEY = "none"
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model behind an address.

    Attributes:
        base_url: The address, up to and including the version (``…/v1``).
        model: The model's name there.
        key: The key; it never appears in a representation, an error, an event or a file.
        has_key: Whether the key is one, or a stand-in for servers that want none.
    """

    base_url: str
    model: str
    key: str = field(default=_NO_KEY, repr=False)
    has_key: bool = False

    @classmethod
    def with_key(cls, base_url: str, model: str, key: str) -> Endpoint:
        """Return an endpoint; an empty key means that the server wants none."""
        return cls(base_url.rstrip("/"), model, key or _NO_KEY, has_key=bool(key))

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


def address_fault(base_url: str) -> str:
    """Return what is wrong with an address, empty if nothing is; it may hold a password and is not repeated."""
    try:
        parts = urlsplit(base_url)
        well_formed = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed or not base_url.isprintable() or " " in base_url:
        return "is not a complete http or https address"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password, which has no place in an address"
    return "holds a query or fragment" if parts.query or parts.fragment else ""


def key_from(environment: Mapping[str, str], variable: str, setting: str) -> str:
    """Return the key in an environment variable, empty where there is none; no other variable is tried.

    Args:
        environment: The environment's variables.
        variable: The variable's name.
        setting: The setting that names it, for messages.

    Raises:
        ConfigError: The setting holds no variable's name, or the variable no key.
    """
    if not _VARIABLE.fullmatch(variable):
        raise ConfigError(
            f"`{setting}` is not the name of an environment variable.",
            "Put the key into an environment variable and only the variable's name into the configuration.",
        )
    key = environment.get(variable, "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"The key in {variable} holds characters that no key has.", "Set the variable again.")
    return key
