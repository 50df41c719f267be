"""Advice on the queries that an index is searched for: when it is asked for, or beside every search."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from embedtune.errors import EmbedtuneError
from embedtune.events import Alert
from embedtune.pipeline.judging import Judge, JudgedQuery

if TYPE_CHECKING:
    from embedtune.pipeline.project import Project
    from embedtune.retrieval.serial_encoder import SerialEncoder


class SearchAdvice:
    """Judges queries with the detector of the version that an index is searched with; threads may share it.

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
        self._judge: Judge | None = None
        self._told = ""
        self._not_before = 0.0

    def of(self, queries: Sequence[str], domain: str) -> list[JudgedQuery]:
        """Judge queries; they are logged where the settings name a log, unless their search was.

        Raises:
            InputError: A query is blank.
            EmbedtuneError: The version or its detector cannot be used.
        """
        return self._opened().judge(queries, domain, logged=not self._beside)

    def of_search(self, queries: Sequence[str], domain: str) -> None:
        """Judge and log queries that were searched for, where that is wanted; what fails is reported and no more."""
        if not self._beside or time.monotonic() < self._not_before:
            return
        try:
            judge = self._opened()
        except EmbedtuneError as error:
            self._not_before = time.monotonic() + self._project.config.search.retry_seconds
            self._tell(error)
            return
        try:
            judge.judge(queries, domain)
            self._told = ""
        except EmbedtuneError as error:  # such as half a character in a question: the next one may be text
            self._tell(error)

    def _tell(self, error: EmbedtuneError) -> None:
        if self._told != error.message:
            self._told = error.message
            self._project.report(Alert(f"Searches are not judged: {error}"))

    def _opened(self) -> Judge:
        version, encoder = self._serving()
        if self._judge is None or self._judge.encoder is not encoder:
            self._judge = Judge.of(self._project, version, encoder)
        return self._judge
