"""Which parameters of a chat request the endpoint understands: found out once per run."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass
from typing import Literal

AnswerFormat = Literal["json_schema", "json_object", "text"]
LengthName = Literal["max_tokens", "max_completion_tokens"]

_WEAKER: dict[AnswerFormat, AnswerFormat] = {"json_schema": "json_object", "json_object": "text"}
_TOO_LONG = ("context length", "context_length", "context window", "too long", "too many tokens", "token limit")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a request is worded.

    Attributes:
        answer_format: The strongest promise of structure that the endpoint makes. In each of the three the
            prompt asks for JSON and the answer is checked.
        temperature: Whether a temperature may be given; some reasoning models refuse any.
        length_name: The name of the limit of an answer's length; it differs between models.
    """

    answer_format: AnswerFormat = "json_schema"
    temperature: bool = True
    length_name: LengthName = "max_tokens"

    def after_refusal(self, message: str) -> Dialect | None:
        """Return what to try after a request was refused, or ``None`` if its wording was not to blame.

        Args:
            message: What the endpoint said. Where it names no parameter, the answer's format is suspected:
                it is what servers most often lack.
        """
        said = message.lower()
        if self.length_name == "max_tokens" and "max_completion_tokens" in said:
            return dataclasses.replace(self, length_name="max_completion_tokens")
        if any(words in said for words in _TOO_LONG):
            return None
        if self.temperature and "temperature" in said:
            return dataclasses.replace(self, temperature=False)
        weaker = _WEAKER.get(self.answer_format)
        return None if weaker is None else dataclasses.replace(self, answer_format=weaker)


class Negotiation:
    """Holds the dialect of a run for all workers; once a request got through, it stays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dialect = Dialect()
        self._proven = False

    @property
    def dialect(self) -> Dialect:
        """How the next request is worded."""
        with self._lock:
            return self._dialect

    def accepted(self, dialect: Dialect) -> None:
        """Note that a request in this dialect was answered."""
        with self._lock:
            self._proven = self._proven or dialect == self._dialect

    def refused(self, dialect: Dialect, message: str) -> bool:
        """Note that a request in this dialect was refused.

        Returns:
            Whether it is worth sending again in the dialect that holds now.
        """
        with self._lock:
            if dialect != self._dialect:
                return True
            following = None if self._proven else dialect.after_refusal(message)
            if following is None:
                return False
            self._dialect = following
            return True
