"""Advice on the queries that an index is searched for: when it is asked for, or beside every search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from embedtune.anomaly.windows import is_text
from embedtune.errors import EmbedtuneError, UnavailableError, said
from embedtune.events import Alert
from embedtune.pipeline.judging import Judge, JudgedQuery
from embedtune.retrieval.breaker import CircuitBreaker
from embedtune.retrieval.fallback import AT_ONCE
from embedtune.retrieval.timed_calls import TimedCalls
from embedtune.vocabulary.retrieval import Hit

if TYPE_CHECKING:
    from embedtune.pipeline.project import Project
    from embedtune.retrieval.serial_encoder import SerialEncoder


class SearchAdvice:
    """Judges queries with the detector of the version that an index is searched with; threads may share it.

    What judges may be the very model that a search has just failed by. So it is given no more time than an answer is
    (`SearchSettings`), and beside searches it is left alone for a while after it failed.

    Args:
        project: The project; its settings say whether and how is logged.
        serving: Returns the name of the version and its model, or raises why they cannot be had.
        beside: Whether searches are judged and logged by themselves, where `query_log.advise` and `query_log.file`
            want it; what is asked for is then not logged a second time.
    """

    def __init__(self, project: Project, serving: Callable[[], tuple[str, SerialEncoder]], *, beside: bool) -> None:
        settings = project.config.query_log
        self._project = project
        self._serving = serving
        self._beside = beside and settings.advise and bool(settings.file)
        self._patience = project.config.search
        self._calls = TimedCalls()
        self._breaker = CircuitBreaker(1, self._patience.retry_seconds)
        self._judge: Judge | None = None
        self._told = ""
        if beside and settings.advise and not settings.file:
            self._tell("query_log.advise is on, and query_log.file names no log for what is found.")

    def of(self, queries: Sequence[str], domain: str) -> list[JudgedQuery]:
        """Judge queries; they are logged where the settings name a log, unless their search was.

        Raises:
            InputError: A query is blank.
            EmbedtuneError: The version or its detector cannot be used, or it does not answer in time.
        """
        from embedtune.anomaly.detector import check_texts

        check_texts(queries)
        seconds = self._patience.timeout_seconds if self._judge else self._patience.opening_seconds
        blocks = [queries[begin : begin + AT_ONCE] for begin in range(0, len(queries), AT_ONCE)]
        try:
            return [one for some in blocks for one in self._judged(some, domain, seconds, logged=not self._beside)]
        except EmbedtuneError:
            raise
        except Exception as error:
            raise UnavailableError(
                f"The query cannot be judged: {said(error)}.", "See what the model of the index needs."
            ) from error

    def of_search(self, queries: Sequence[str], hits: Sequence[Sequence[Hit]], domain: str) -> None:
        """Judge and log queries that were searched for, where that is wanted; what fails is reported and no more.

        Args:
            queries: The queries; those that are no text are left out and reported.
            hits: What was found for each; where the search made do with less, its model is not asked again, unless
                one of the queries is a reason for that.
            domain: The domain that was searched, empty for all.
        """
        if not self._beside:
            return
        for begin in range(0, len(queries), AT_ONCE):
            self._of_some(queries[begin : begin + AT_ONCE], hits[begin : begin + AT_ONCE], domain)

    def _of_some(self, queries: Sequence[str], hits: Sequence[Sequence[Hit]], domain: str) -> None:
        texts = [query for query in queries if is_text(query)]
        whole = len(texts) == len(queries)
        degraded = next((hit.degraded for found in hits for hit in found), "")
        if degraded and whole:
            self._tell(f"{degraded}.")
            return
        if texts and self._breaker.allows():
            try:
                self._judged(texts, domain, self._patience.timeout_seconds, logged=True)
            except Exception as error:  # noqa: BLE001 - whatever fails below, the hits are there
                self._breaker.failed(at_once=True)
                self._tell(str(error) if isinstance(error, EmbedtuneError) else f"{said(error)}.")
                return
            self._breaker.succeeded()
            self._told = "" if whole else self._told
        if not whole:
            self._tell("a question holds half a character; the others are.")

    def close(self) -> None:
        """Judge no more."""
        self._calls.close()

    def _judged(self, queries: Sequence[str], domain: str, seconds: float, *, logged: bool) -> list[JudgedQuery]:
        return self._calls.run(lambda: self._opened().judge(queries, domain, logged=logged), seconds)

    def _tell(self, reason: str) -> None:
        if self._told != reason:
            self._told = reason
            self._project.report(Alert(f"Searches are not judged: {reason}"))

    def _opened(self) -> Judge:
        version, encoder = self._serving()
        if self._judge is None or self._judge.encoder is not encoder:
            self._judge = Judge.of(self._project, version, encoder)
        return self._judge
