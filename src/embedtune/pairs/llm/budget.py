"""How much a language model may be asked: tokens and money, shared by all workers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedtune.config.data_settings import LlmSettings

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written by the model."""

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        """Return both together."""
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)

    def __sub__(self, other: Usage) -> Usage:
        """Return what is left without the other."""
        return Usage(self.input_tokens - other.input_tokens, self.output_tokens - other.output_tokens)


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent; 0 stands for no limit.

    Attributes:
        tokens: Input and output tokens together.
        cost: In the currency of the prices.
        input_price: Price of a million input tokens.
        output_price: Price of a million output tokens.
    """

    tokens: int = 0
    cost: float = 0.0
    input_price: float = 0.0
    output_price: float = 0.0

    @classmethod
    def of(cls, settings: LlmSettings) -> Limits:
        """Return the limits that the settings name."""
        return cls(
            settings.max_tokens_budget,
            settings.max_cost,
            settings.price_per_million_input_tokens,
            settings.price_per_million_output_tokens,
        )

    def cost_of(self, usage: Usage) -> float:
        """Return what tokens cost."""
        return (usage.input_tokens * self.input_price + usage.output_tokens * self.output_price) / _MILLION

    def allow(self, usage: Usage) -> bool:
        """Return whether so much may be spent."""
        if self.tokens and usage.tokens > self.tokens:
            return False
        return not self.cost or self.cost_of(usage) <= self.cost

    def __str__(self) -> str:
        """Return the limits for people."""
        parts = [f"{self.tokens} tokens"] if self.tokens else []
        parts += [f"a cost of {self.cost:g}"] if self.cost else []
        return " and ".join(parts) or "no limit"


class Budget:
    """Gives leave to ask as long as the dearest outcome of every open request still fits.

    Nothing is overspent, as far as estimates of prompts hold: each request sets aside the most it can cost
    and gives back what it did not use. Where a request does not fit while others are open, it waits for them.

    Args:
        limits: What may be spent.
        spent: What earlier runs have spent.
    """

    def __init__(self, limits: Limits, spent: Usage) -> None:
        self._limits = limits
        self._spent = spent
        self._reserved = Usage()
        self._open = 0
        self._closed = False
        self._exhausted = False
        self._changed = threading.Condition()

    @property
    def spent(self) -> Usage:
        """What was spent, earlier runs included."""
        with self._changed:
            return self._spent

    @property
    def exhausted(self) -> bool:
        """Whether a request was denied because the rest was too little."""
        with self._changed:
            return self._exhausted

    def reserve(self, most: Usage) -> bool:
        """Set aside the most that a request can cost.

        Returns:
            Whether the request may start. If so, `settle` must follow.
        """
        with self._changed:
            while not self._closed and not self._exhausted:
                if self._limits.allow(self._spent + self._reserved + most):
                    self._reserved += most
                    self._open += 1
                    return True
                if not self._open:
                    self._exhausted = True
                    self._changed.notify_all()
                else:
                    self._changed.wait()
            return False

    def settle(self, most: Usage, used: Usage) -> None:
        """Give back a reservation and count what the request did cost."""
        with self._changed:
            self._reserved -= most
            self._spent += used
            self._open -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Deny every further request, and those that wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
