"""Texts go to a server's ``/v1/embeddings`` and come back as vectors, or with the reason why not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embedtune.encoders.remote_reply import BrokenReplyError, WrongReplyError, reply_vectors
from embedtune.endpoints.retries import backoff_seconds
from embedtune.endpoints.transport import LATE, StatusError, UnreadableError, open_client, read_body
from embedtune.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.config.settings import RemoteSettings
    from embedtune.endpoints.address import Endpoint

_MAX_REPLY_BYTES = 1 << 28
_LONGEST_WAIT_SECONDS = 600.0
_REDIRECTED, _FIRST_COMPLAINT, _SERVER_FAULT = 300, 400, 500
_TOO_MUCH = frozenset({400, 413, 422})
_UNAUTHORIZED = 401
_PASSING = frozenset({408, 409, 425, 429})
_OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit")
_SHOWN = 60

_REMEDIES = {
    3: "It sends requests on to another address: give the final one.",
    _UNAUTHORIZED: "Set the environment variable that `remote.api_key_env` names to a valid key.",
    402: "The account has no credit left.",
    403: "The key must not use this model, or not from here.",
    404: "Check the model's name, that the server holds it, and that the address ends as it wants it, mostly in /v1.",
}
_OTHER_REMEDY = "Check the address, the model's name and what the server logs."


class RefusedBatchError(Exception):
    """Several texts at once are more than the server takes, or one of them is; fewer may pass."""


class _PassingError(Exception):
    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


class EmbeddingsClient:
    """Asks one model of one server.

    What may pass (a broken connection, a server that is busy or late) is tried again with growing waits.
    Before the first answer a refused connection is not: nothing listens there.

    Args:
        endpoint: Who is asked.
        settings: How patiently.
        wait: Sleeps for so many seconds.

    Raises:
        UnavailableError: The package ``openai`` is not installed.
        ConfigError: The proxy or the certificates of the environment cannot be used.
    """

    def __init__(
        self, endpoint: Endpoint, settings: RemoteSettings, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = open_client(endpoint, settings.timeout_seconds, "A remote system")
        self._endpoint = endpoint
        self._settings = settings
        self._wait = wait
        self._reached = False

    def embed(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the vectors of texts at length 1, shape (len(texts), dimension).

        Raises:
            RefusedBatchError: The server does not take these texts together.
            ModelError: The server is absent, does not have the model, refuses, or returns no usable vectors.
        """
        for attempt in range(self._settings.max_retries + 1):
            try:
                vectors = reply_vectors(self._ask(texts), len(texts))
            except _PassingError as error:
                reason, asked = error.reason, error.wait
            except BrokenReplyError:
                reason, asked = "its answer is not one of an embeddings server", None
            except WrongReplyError as error:
                raise ModelError(
                    f"The server at {self._endpoint.base_url} {error.reason} (model {self._endpoint.model}).",
                    "Check that it is an embedding model, and what the server logs.",
                ) from None
            else:
                return vectors
            if attempt < self._settings.max_retries:
                self._wait(backoff_seconds(attempt, self._endpoint.base_url) if asked is None else asked)
        raise ModelError(
            f"The server at {self._endpoint.base_url} gave no vectors in {attempt + 1} attempts: {reason}.",
            "See what it logs, then run the command again: the vectors of an evaluation so far are kept.",
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _ask(self, texts: Sequence[str]) -> bytes:
        from openai import APIConnectionError, APITimeoutError

        try:
            with self._client.embeddings.with_streaming_response.create(
                model=self._endpoint.model, input=list(texts), encoding_format="float"
            ) as response:
                self._reached = True
                return read_body(response.iter_bytes(), _MAX_REPLY_BYTES, self._settings.timeout_seconds)
        except UnreadableError as error:
            raise _PassingError(error.reason) from None
        except StatusError as error:
            self._reached = True
            raise self._judged(error, texts) from None
        except APITimeoutError:
            raise _PassingError(LATE) from None
        except APIConnectionError:
            if self._reached:
                raise _PassingError("no connection") from None
            raise ModelError(
                f"No server answers at {self._endpoint.base_url}.",
                "Start it (LM Studio, Ollama, vLLM and the like) and check the address; it mostly ends in /v1.",
            ) from None

    def _judged(self, error: StatusError, texts: Sequence[str]) -> Exception:
        """Return what an unsuccessful answer means."""
        status, said = error.status, error.said
        if status in _TOO_MUCH:
            return RefusedBatchError() if len(texts) > 1 else self._refused(status, said, texts[0])
        passing = status in _PASSING or status >= _SERVER_FAULT or status < _REDIRECTED
        if not passing or any(code in said for code in _OUT_OF_CREDIT):
            return self._fatal(status, said)
        if error.wait is not None and error.wait > _LONGEST_WAIT_SECONDS:
            return ModelError(
                f"The server at {self._endpoint.base_url} asks to wait for {error.wait:.0f} seconds.",
                "Run the command again after that.",
            )
        return _PassingError(f"HTTP {status}{f', {said}' if said else ''}", error.wait)

    def _refused(self, status: int, said: str, text: str) -> ModelError:
        begins = " ".join(text.split())[:_SHOWN]
        return ModelError(
            f"The server at {self._endpoint.base_url} refuses a text of {len(text.split())} words "
            f"that begins {begins!r} (HTTP {status}){_after_colon(said)}.",
            f"Check the model's name ({self._endpoint.model}); if the text is too long for it, raise the server's "
            "context length, or try shorter passages (retrieval.passage_words, retrieval.whole_sections).",
        )

    def _fatal(self, status: int, said: str) -> ModelError:
        if status == _UNAUTHORIZED:
            said = ""  # servers like to quote the key here
        return ModelError(
            f"The server at {self._endpoint.base_url} refuses every request for the model "
            f"{self._endpoint.model} (HTTP {status}){_after_colon(said)}.",
            _REMEDIES.get(status // 100 if status < _FIRST_COMPLAINT else status, _OTHER_REMEDY),
        )


def _after_colon(said: str) -> str:
    return f": {said.rstrip('.')}" if said else ""
