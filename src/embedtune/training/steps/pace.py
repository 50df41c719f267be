"""How fast a training goes."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

_STEPS = 10


@dataclass(slots=True)
class Pace:
    """Tokens a second over the last ten steps; what is measured and saved between them does not count."""

    _steps: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_STEPS))
    _tokens: int = 0
    _since: float = 0.0

    def go_on(self, tokens_seen: int) -> None:
        """Start the clock for the next step.

        Args:
            tokens_seen: Tokens trained on so far.
        """
        self._tokens, self._since = tokens_seen, time.monotonic()

    def step(self, tokens_seen: int) -> None:
        """Take in a step that is done, and start the clock for the next one.

        Args:
            tokens_seen: Tokens trained on so far.
        """
        self._steps.append((tokens_seen - self._tokens, time.monotonic() - self._since))
        self.go_on(tokens_seen)

    @property
    def tokens_per_second(self) -> float:
        """The pace; 0 before the first step."""
        tokens, seconds = (sum(column) for column in zip(*self._steps, strict=True)) if self._steps else (0, 0.0)
        return tokens / max(1e-9, seconds)
