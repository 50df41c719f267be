"""A log of judged queries that keeps no advice back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.events import Alert, Notice, Report
from embedtune.retrieval.breaker import CircuitBreaker

if TYPE_CHECKING:
    from embedtune.anomaly.advisory import Advisory
    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.detectors.unit_vectors import Vectors
    from embedtune.anomaly.query_log import QueryLog


class SparingLog:
    """Logs what it can; a log that cannot be written is reported once and left alone for a while.

    Threads may share it.

    Args:
        opening: Opens the log, when there is something to log.
        retry_seconds: A log that failed is tried again after so long, then after twice as long; 0 tries every time.
        report: Told that queries are not logged, and how many were not once they are again.
    """

    def __init__(self, opening: Callable[[], QueryLog], retry_seconds: float, report: Report) -> None:
        self._opening = opening
        self._report = report
        self._breaker = CircuitBreaker(1, retry_seconds)
        self._lock = threading.Lock()
        self._log: QueryLog | None = None
        self._lost = 0

    def append(
        self,
        detector: AnomalyDetector,
        texts: Sequence[str],
        vectors: Vectors,
        advisories: Sequence[Advisory],
        domains: Sequence[str] | None = None,
    ) -> None:
        """Log judged queries, if that can be; see `QueryLog.append`."""
        if not self._breaker.allows():
            self._lose(len(texts))
            return
        try:
            self._log = self._log or self._opening()
            self._log.append(detector, texts, vectors, advisories, domains)
        except InputError as error:
            self._breaker.failed()
            if not self._lose(len(texts)):
                self._report(Alert(f"Queries were judged and not logged ({len(texts)}): {error}"))
            return
        self._breaker.succeeded()
        if lost := self._found():
            self._report(Notice(f"Queries are logged again; {lost} were not."))

    def _lose(self, count: int) -> int:
        """Count queries that were not logged; return how many there were before."""
        with self._lock:
            before, self._lost = self._lost, self._lost + count
        return before

    def _found(self) -> int:
        with self._lock:
            lost, self._lost = self._lost, 0
        return lost
