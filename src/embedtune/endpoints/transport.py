"""A client that sends to one address and nowhere else, and reads answers of bounded size in bounded time."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Protocol

from embedtune.endpoints.retries import retry_after_seconds
from embedtune.errors import ConfigError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping

    from openai import OpenAI

    from embedtune.endpoints.address import Endpoint

LATE = "no answer in time"
_CONNECT_SECONDS = 10.0
_MAX_COMPLAINT_BYTES = 1 << 16
_OK = 200
_EXCERPT = 200
_SENT = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-stainless-raw-response",  # the library itself reads it
    }
)


class _Request(Protocol):
    headers: MutableMapping[str, str]


class _Response(Protocol):
    @property
    def status_code(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def iter_bytes(self) -> Iterator[bytes]: ...


class UnreadableError(Exception):
    """An answer that broke off, or never ended.

    Attributes:
        reason: Why, in a few words.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StatusError(Exception):
    """An answer other than 200.

    Attributes:
        status: The status.
        said: What the server says about it, on one short line without the key.
        wait: How many seconds it asks to wait; ``None`` if it does not say.
    """

    def __init__(self, status: int, said: str, wait: float | None) -> None:
        super().__init__(status)
        self.status = status
        self.said = said
        self.wait = wait


def open_client(endpoint: Endpoint, seconds: float, purpose: str) -> OpenAI:
    """Return a client without retries of its own; it raises `StatusError` for every answer but 200.

    Redirections are not followed, so that texts go to the given address and nowhere else. Proxies and
    certificates of the environment are respected, except that an address on this machine is reached
    directly. Headers that describe the machine, or that the environment holds for another service
    (``OPENAI_ORG_ID``, ``OPENAI_CUSTOM_HEADERS``), are taken off.

    Args:
        endpoint: Who is asked.
        seconds: How long an answer may take.
        purpose: What for, as the subject of a sentence, such as ``Asking a language model``.

    Raises:
        UnavailableError: The package ``openai`` is not installed.
        ConfigError: The proxy or the certificates of the environment cannot be used.
    """
    try:
        from openai import DefaultHttpxClient, OpenAI, Timeout
    except ImportError as error:
        raise UnavailableError(f"{purpose} needs the package openai.", "pip install 'embedtune[llm]'") from error

    def raise_for_status(response: _Response) -> None:
        """Read what an unsuccessful answer says, before the library does so without a bound."""
        if response.status_code == _OK:
            return
        try:
            body = read_body(response.iter_bytes(), _MAX_COMPLAINT_BYTES, seconds)
        except UnreadableError:
            body = b""
        said = endpoint.without_key(said_in(body.decode("utf-8", "replace")))
        raise StatusError(response.status_code, said, retry_after_seconds(response.headers, time.time()))

    timeout = Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS), pool=None)
    try:
        transport = DefaultHttpxClient(
            timeout=timeout,
            follow_redirects=False,
            trust_env=not endpoint.is_loopback,
            event_hooks={"request": [_keep_needed_headers], "response": [raise_for_status]},
        )
    except (ImportError, OSError, ValueError):
        raise ConfigError(
            "The proxy or the certificates that the environment names cannot be used.",
            "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
        ) from None
    return OpenAI(
        api_key=endpoint.key, base_url=endpoint.base_url, timeout=timeout, max_retries=0, http_client=transport
    )


def read_body(chunks: Iterable[bytes], most: int, seconds: float) -> bytes:
    """Read a body of bounded size in bounded time, however slowly it drips.

    Args:
        chunks: The body's parts.
        most: How many bytes it may have.
        seconds: How long it may take.

    Raises:
        UnreadableError: It broke off, is too long or too slow.
    """
    deadline = time.monotonic() + seconds
    body = bytearray()
    try:
        for chunk in chunks:
            body += chunk
            if len(body) > most or time.monotonic() > deadline:
                break
        else:
            return bytes(body)
    except Exception as error:  # noqa: BLE001 - whatever the transport calls it, the connection broke
        late = "timeout" in type(error).__name__.lower()
        raise UnreadableError(LATE if late else "the connection broke") from None
    raise UnreadableError("an answer without end" if len(body) > most else LATE)


def said_in(body: str) -> str:
    """Return what a server says about an error, on one line of 200 characters at most."""
    said = body
    with contextlib.suppress(ValueError, RecursionError):
        said = _message_in(json.loads(body)) or body
    printable = "".join(character if character.isprintable() else " " for character in said)
    shown = " ".join(printable.split())
    return shown if len(shown) <= _EXCERPT else f"{shown[:_EXCERPT]}…"


def _message_in(value: object) -> str:
    """Return code and message of an error as OpenAI, FastAPI and their kin write them; empty if there are none."""
    if isinstance(value, dict) and isinstance(value.get("error"), dict | str):
        value = value["error"]
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    parts = [value.get(name) for name in ("code", "message", "detail")]
    return ": ".join(part for part in parts if isinstance(part, str) and part)


def _keep_needed_headers(request: _Request) -> None:
    for name in [name for name in request.headers if name.lower() not in _SENT]:
        del request.headers[name]
