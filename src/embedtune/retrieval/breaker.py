"""Leave alone what fails again and again, and try it once in a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 600.0


class CircuitBreaker:
    """Says whether something may be asked (Nygard 2007, "Release it!", chapter on stability patterns).

    After some failures in a row it is left alone; then one caller may try it. If that fails too, the wait
    doubles, up to ten minutes.

    Args:
        failures: So many in a row.
        seconds: The first wait.
        clock: Tells the seconds.
    """

    def __init__(self, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures = failures
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._trips = 0
        self._until = 0.0

    def allows(self) -> bool:
        """Tell whether to ask now; who is told so after a wait is the only one until it ends."""
        with self._lock:
            if not self._trips:
                return True
            if self._clock() < self._until:
                return False
            self._until = self._clock() + self._seconds
            return True

    def succeeded(self) -> None:
        """Note an answer."""
        with self._lock:
            self._in_a_row = self._trips = 0

    def failed(self, *, at_once: bool = False) -> None:
        """Note a failure; ``at_once`` does not wait for more of them."""
        with self._lock:
            self._in_a_row += 1
            if at_once or self._trips or self._in_a_row >= self._failures:
                wait = min(_LONGEST, self._seconds * 2.0 ** min(self._trips, 16))
                self._trips += 1
                self._until = self._clock() + wait
