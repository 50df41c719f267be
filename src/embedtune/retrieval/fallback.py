"""Search that goes on when parts of it fail: the next simpler level answers, and says why."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from embedtune.errors import EmbedtuneError, InputError, UnavailableError, said
from embedtune.events import Alert, Counted, Notice, Report, silent
from embedtune.retrieval.breaker import CircuitBreaker
from embedtune.retrieval.timed_calls import Job, TimedCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedtune.vocabulary.retrieval import Hit, Mode, Where

AT_ONCE = 64
"""Questions that are answered together, at most."""

DEGRADED = "degraded_searches"
"""The metric that counts questions which a lower level answered, by level."""


class Searcher(Protocol):
    """Answers questions; `HybridRetriever` is one."""

    def search_batch(
        self,
        queries: Sequence[str],
        limit: int = ...,
        threshold: float | None = ...,
        mode: Mode | None = ...,
        domain: str | None = ...,
        where: Where = ...,
    ) -> list[list[Hit]]:
        """Return the hits of each question."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a level may take, and when it is left alone.

    Attributes:
        seconds: An answer may take so long.
        opening_seconds: A level may take so long to be opened before the first question; a question that comes
            while one is being opened waits no longer than for an answer.
        failures: After so many failures in a row it is left alone.
        retry_seconds: It is tried again after so long; the wait doubles each time.
    """

    seconds: float = 10.0
    opening_seconds: float = 120.0
    failures: int = 3
    retry_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Level:
    """A way to answer.

    Attributes:
        name: For people, such as ``tuned hybrid``.
        open: Opens it, or raises why it cannot.
        mode: How it ranks, whatever was asked for; ``None`` ranks as asked.
    """

    name: str
    open: Callable[[], Searcher]
    mode: Mode | None = None


@dataclass(slots=True)
class _OpenLevel:
    """A level in use; it is opened in a thread of its own, and kept however long that takes."""

    level: Level
    breaker: CircuitBreaker
    calls: TimedCalls = field(default_factory=TimedCalls)
    lock: threading.Lock = field(default_factory=threading.Lock)
    opening: Job[Searcher] | None = None
    searcher: Searcher | None = None
    error: Exception | None = None
    closed: bool = False

    def opened(self, seconds: float | None) -> Searcher:
        """Return the opened level.

        Raises:
            TimeoutError: It is still being opened, which goes on.
        """
        with self.lock:
            if self.searcher is not None:
                return self.searcher
            if self.opening is None:
                self.opening = self.calls.start(self._open)
            opening = self.opening
        return opening.result(seconds)

    def _open(self) -> Searcher:
        made: Searcher | None = None
        try:
            made = self.level.open()
        finally:
            with self.lock:
                self.opening = None
                self.searcher = None if self.closed else made
        if self.closed:
            made.close()
        else:
            self.breaker.succeeded()
        return made

    def close(self) -> None:
        """Release it, now or once it has been opened."""
        with self.lock:
            self.closed = True
            searcher, self.searcher = self.searcher, None
        self.calls.close()
        if searcher is not None:
            searcher.close()


class FallbackSearch:
    """Asks the first level, and the next where it fails, takes too long or failed too often before.

    Threads may share it.

    Args:
        levels: Best first, at least one. The last one is asked without a time limit.
        strict: Whether to raise the first level's error instead of asking the next.
        patience: How long levels may take.
        report: Told when the level that answers changes; each question a lower level answers is counted.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        *,
        strict: bool = False,
        patience: Patience | None = None,
        report: Report = silent,
    ) -> None:
        self._patience = patience or Patience()
        self._levels = [
            _OpenLevel(level, CircuitBreaker(self._patience.failures, self._patience.retry_seconds)) for level in levels
        ]
        self._strict = strict
        self._report = report
        self._state = threading.Condition()
        self._asked = 0
        self._closed = False
        self._reason = ""

    def prepare(self) -> str:
        """Open the first level that can be opened; return why it is not the first one, empty if it is.

        Raises:
            EmbedtuneError: It is strict and the first level cannot be opened, or none can.
        """
        reasons: list[str] = []
        for number, level in enumerate(self._levels):
            try:
                level.opened(None if number == len(self._levels) - 1 else self._patience.opening_seconds)
            except Exception as error:  # noqa: BLE001 - whatever fails below, the next level is asked
                level.error = error
                level.breaker.failed(at_once=True)
                self._stop_if_last(level, error, number)
                reasons.append(_reason(level, error))
                continue
            break
        self._tell(reasons)
        return "; ".join(reasons)

    def search_batch(
        self, queries: Sequence[str], limit: int, threshold: float | None, mode: Mode, where: Where
    ) -> list[list[Hit]]:
        """Return the hits of each question, from the best level that answers.

        The questions must have been checked: an error means that a level failed. Some dozens at a time are
        asked together, and for these a level may take the time of an answer.

        Raises:
            EmbedtuneError: It is strict and the first level failed, or all did.
            ValueError: The search is closed.
        """
        with self._state:
            if self._closed:
                raise ValueError("the search is closed")
            self._asked += 1
        try:
            blocks = [queries[start : start + AT_ONCE] for start in range(0, len(queries), AT_ONCE)]
            return [hits for block in blocks for hits in self._answer(block, limit, threshold, mode, where)]
        finally:
            with self._state:
                self._asked -= 1
                self._state.notify_all()

    def close(self) -> None:
        """Wait for questions that are being answered, and release all levels."""
        with self._state:
            self._closed = True
            self._state.wait_for(lambda: not self._asked, self._patience.seconds)
        for level in self._levels:
            level.close()

    def _answer(
        self, queries: Sequence[str], limit: int, threshold: float | None, mode: Mode, where: Where
    ) -> list[list[Hit]]:
        reasons: list[str] = []
        for number, level in enumerate(self._levels):
            last = number == len(self._levels) - 1
            try:
                found = self._ask(level, queries, limit, threshold, mode, where, last=last)
            except Exception as error:  # noqa: BLE001 - whatever fails below, the next level is asked
                self._stop_if_last(level, error, number)
                reasons.append(_reason(level, error))
                continue
            self._tell(reasons)
            if not reasons:
                return found
            self._report(Counted(DEGRADED, {"level": level.level.name}, len(queries)))
            reason = "; ".join(reasons)
            return [[replace(hit, degraded=reason) for hit in hits] for hits in found]
        raise AssertionError("the last level answers or raises")

    def _ask(
        self,
        level: _OpenLevel,
        queries: Sequence[str],
        limit: int,
        threshold: float | None,
        mode: Mode,
        where: Where,
        *,
        last: bool,
    ) -> list[list[Hit]]:
        if not last and not level.breaker.allows():
            raise (level.error or UnavailableError("It failed too often.", "Ask again later.")).with_traceback(None)
        try:
            searcher = level.opened(None if last else self._patience.seconds)
        except TimeoutError as error:
            level.error = UnavailableError("It is still being opened.", "Ask again.")
            level.breaker.failed()
            raise level.error from error
        except Exception as error:
            level.error = error
            level.breaker.failed(at_once=True)
            raise

        def call() -> list[list[Hit]]:
            return searcher.search_batch(queries, limit, threshold, level.level.mode or mode, where=where)

        try:
            found = call() if last else level.calls.run(call, self._patience.seconds)
        except Exception as error:
            level.error = error
            level.breaker.failed()
            raise
        level.breaker.succeeded()
        return found

    def _stop_if_last(self, level: _OpenLevel, error: Exception, number: int) -> None:
        """Raise an error that no further level can mend."""
        if number < len(self._levels) - 1 and not self._strict:
            return
        if isinstance(error, EmbedtuneError):
            raise error
        raise InputError(
            f"The {level.level.name} search failed: {said(error)}.", "See what it needs, or allow degraded answers."
        ) from error

    def _tell(self, reasons: Sequence[str]) -> None:
        """Report that another level answers than before."""
        reason = "; ".join(reasons)
        if reason == self._reason:
            return
        with self._state:
            before, self._reason = self._reason, reason
        if reason and reason != before:
            self._report(Alert(f"Degraded search: {reason}."))
        elif before and not reason:
            self._report(Notice(f"The {self._levels[0].level.name} search answers again."))


def _reason(level: _OpenLevel, error: Exception) -> str:
    return f"{level.level.name}: {said(error)}"
