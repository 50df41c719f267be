"""How long to wait before asking again."""

from __future__ import annotations

import math
import random
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST_SECONDS = 0.5
_MOST_SECONDS = 30.0


def backoff_seconds(attempt: int, salt: str) -> float:
    """Return a wait that doubles with every attempt, half of it drawn at random.

    The jitter keeps workers that failed together from coming back together ("equal jitter", Brooker 2015,
    AWS Architecture Blog: Exponential Backoff and Jitter). It is drawn from the salt, so runs repeat.

    Args:
        attempt: 0 after the first failure.
        salt: What tells this worker's task from the others'.

    Returns:
        Seconds, 30 at most.
    """
    whole = min(_MOST_SECONDS, math.ldexp(_FIRST_SECONDS, min(attempt, 16)))
    return whole * (0.5 + 0.5 * random.Random(f"{salt}:{attempt}").random())  # noqa: S311 - not for secrets


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Return how long a server asks to wait (RFC 9110, section 10.2.3), ``None`` if it does not say.

    Args:
        headers: Of the answer; names in lower case, or a mapping that does not tell cases apart.
        now: Seconds since the epoch, for servers that name a date.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None
