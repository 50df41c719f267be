"""One chat request to an OpenAI-compatible endpoint, and what may come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.endpoints.transport import LATE, StatusError, UnreadableError, open_client, read_body
from embedtune.errors import ConfigError, InputError
from embedtune.pairs.llm.answers import ANSWER_SCHEMA
from embedtune.pairs.llm.completions import Reply, reply_of

if TYPE_CHECKING:
    from openai.types.chat.completion_create_params import ResponseFormat

    from embedtune.endpoints.address import Endpoint
    from embedtune.pairs.llm.dialect import Dialect
    from embedtune.pairs.llm.prompt import Prompt

_MAX_REPLY_BYTES = 8 << 20
_LONGEST_WAIT_SECONDS = 600.0

_REDIRECTED, _FIRST_COMPLAINT, _SERVER_FAULT = 300, 400, 500
_REFUSALS = {400, 422}
_UNAUTHORIZED, _TOO_LARGE = 401, 413
_PASSING = {408, 409, 425, 429}
_OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit")

_REMEDIES = {
    3: "It sends requests on to another address: set `llm.base_url` to the final one.",
    _UNAUTHORIZED: "Set the environment variable that `llm.api_key_env` names to a valid key.",
    402: "The account has no credit left.",
    403: "The key must not use this model, or not from here.",
    404: "Check `llm.model`, and that `llm.base_url` ends as the server wants it, mostly in /v1.",
}
_OTHER_REMEDY = "Check `llm.base_url`, `llm.model` and the account."


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without an answer; the next one may fare better.

    Attributes:
        reason: What happened, in a few words and without any text of the server.
        wait: How many seconds the server asks to wait.
        may_cost: Whether the model may have worked for it all the same.
    """

    reason: str
    wait: float | None = None
    may_cost: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The endpoint does not take the request as it is worded, or not this section."""

    message: str


class ChatClient:
    """Sends chat requests; one client serves all workers.

    The client's own retries are off: it would neither count a failed answer against the budget, nor stop
    when the run is stopped, nor check the answer. Redirections are not followed, so that sections go to the
    configured address and nowhere else, as `embedtune.endpoints.transport` describes. Answers are bounded in
    size and in time from the first byte to the last.

    Args:
        endpoint: Who is asked.
        seconds: How long an answer may take.
        max_answer_tokens: How long an answer may be.
        temperature: Of sampling; ``None`` leaves it to the model.

    Raises:
        UnavailableError: The package ``openai`` is not installed.
        ConfigError: The proxy or the certificates of the environment cannot be used.
    """

    def __init__(
        self, endpoint: Endpoint, *, seconds: float, max_answer_tokens: int, temperature: float | None
    ) -> None:
        self._endpoint = endpoint
        self._seconds = seconds
        self._max_answer_tokens = max_answer_tokens
        self._temperature = temperature
        self._client = open_client(endpoint, seconds, "Asking a language model")

    def ask(self, prompt: Prompt, dialect: Dialect) -> Reply | Failure | Refusal:
        """Send a request and wait for what comes of it.

        Args:
            prompt: The messages.
            dialect: How the request is worded.

        Raises:
            InputError: No request can succeed: the key, the address or the model is wrong, the account is
                empty, or the server asks to wait for more than ten minutes.
        """
        from openai import APIConnectionError, APITimeoutError, omit

        limit = self._max_answer_tokens
        try:
            with self._client.chat.completions.with_streaming_response.create(
                model=self._endpoint.model,
                messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
                response_format=_response_format(dialect) or omit,
                temperature=omit if self._temperature is None or not dialect.temperature else self._temperature,
                max_tokens=limit if dialect.length_name == "max_tokens" else omit,
                max_completion_tokens=limit if dialect.length_name == "max_completion_tokens" else omit,
            ) as response:
                body = read_body(response.iter_bytes(), _MAX_REPLY_BYTES, self._seconds)
        except UnreadableError as error:
            return Failure(error.reason, may_cost=True)
        except StatusError as error:
            return self._judged(error)
        except APITimeoutError:
            return Failure(LATE, may_cost=True)
        except APIConnectionError:
            return Failure("no connection")
        return reply_of(self._endpoint.without_key(body.decode("utf-8", "replace")))

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _judged(self, error: StatusError) -> Failure | Refusal:
        status, said = error.status, error.said
        if status in _REFUSALS:
            return Refusal(said or f"HTTP {status}")
        if status == _TOO_LARGE:
            return Refusal(f"too long (HTTP {status})")
        passing = status in _PASSING or status >= _SERVER_FAULT or status < _REDIRECTED
        if not passing or any(code in said for code in _OUT_OF_CREDIT):
            raise self._fatal(status, said)
        if error.wait is not None and error.wait > _LONGEST_WAIT_SECONDS:
            raise InputError(
                f"The language model at {self._endpoint.base_url} asks to wait for {error.wait:.0f} seconds.",
                "Run the command again after that; every answer so far is kept.",
            )
        return Failure(f"HTTP {status}", error.wait)

    def _fatal(self, status: int, said: str) -> ConfigError:
        if status == _UNAUTHORIZED:
            said = ""  # servers like to quote the key here
        return ConfigError(
            f"The language model at {self._endpoint.base_url} refuses every request (HTTP {status})"
            f"{f': {said}' if said else ''}.",
            f"{_REMEDIES.get(status // 100 if status < _FIRST_COMPLAINT else status, _OTHER_REMEDY)} "
            "Every answer so far is kept.",
        )


def _response_format(dialect: Dialect) -> ResponseFormat | None:
    if dialect.answer_format == "json_schema":
        return {
            "type": "json_schema",
            "json_schema": {"name": "questions", "schema": ANSWER_SCHEMA, "strict": True},
        }
    return {"type": "json_object"} if dialect.answer_format == "json_object" else None
