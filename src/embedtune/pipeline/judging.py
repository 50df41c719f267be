"""Judge queries as they come: advice with reasons, and a log where one is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.errors import FormatError, InputError
from embedtune.pipeline.anomaly import version_detector
from embedtune.pipeline.project import Project
from embedtune.pipeline.query_lines import QueryLine
from embedtune.pipeline.sparing_log import SparingLog
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from embedtune.anomaly.advisory import Advisory
    from embedtune.anomaly.detector import AnomalyDetector

AT_ONCE = 256
"""Queries of a file that are judged together."""


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query with what is said of it, and the number of its line in a file, 0 for none."""

    text: str
    advisory: Advisory
    line: int = 0


@dataclass(frozen=True, slots=True)
class Judge:
    """A detector with its model, and the log of what it judges.

    Attributes:
        detector: Bound to the model.
        encoder: The model.
        log: ``None`` where nothing is logged.
    """

    detector: AnomalyDetector
    encoder: Encoder
    log: SparingLog | None = None

    @classmethod
    def of(cls, project: Project, version: str, encoder: Encoder | None = None, log: Path | None = None) -> Judge:
        """Open the detector of a version.

        Args:
            project: The project; its settings say whether and how is logged.
            version: The version whose detector judges.
            encoder: The version's model where it is loaded already.
            log: A log to write, by default the one of the settings, if any; that one is no reason to fail: what goes
                wrong with it is reported.

        Raises:
            ModelError: The version has no detector, or one of another model.
            InputError: The given log cannot be written.
        """
        from embedtune.anomaly.query_log import QueryLog

        model = encoder or project.models.named(version)
        settings = project.config.query_log
        sparing: SparingLog | None = None
        if log:
            opened = QueryLog(log, settings)
            sparing = SparingLog(lambda: opened, 0, project.report)
        elif settings.file:
            place, wait = project.workspace.resolve(settings.file), project.config.search.retry_seconds
            sparing = SparingLog(lambda: QueryLog(place, settings), wait, project.report)
        return cls(version_detector(project, version, model), model, sparing)

    def judge(self, texts: Sequence[str], domain: str = "", *, logged: bool = True) -> list[JudgedQuery]:
        """Judge queries, and log them where that is wanted.

        Args:
            texts: The queries.
            domain: The domain they are asked of, empty for all.
            logged: Whether they are logged where there is a log.

        Raises:
            InputError: A query is blank.
        """
        from embedtune.anomaly.detector import check_texts

        check_texts(texts)
        return self._judged([QueryLine(text, domain) for text in texts], logged=logged)

    def stream(self, lines: Iterable[QueryLine], domain: str = "", at_once: int = AT_ONCE) -> Iterator[JudgedQuery]:
        """Judge queries as they come.

        Args:
            lines: The queries.
            domain: The domain of those that name none.
            at_once: How many are judged together; with 1 nobody waits for a later query.

        Raises:
            InputError: There was no query.
            FormatError: The lines end with an error; those before it are judged.
        """
        none = True
        named = (line if line.domain else replace(line, domain=domain) for line in lines)
        for some in _batches(named, at_once):
            none = False
            yield from self._judged(some, logged=True)
        if none:
            raise InputError("There is no query to judge.", "Give at least one, one a line.")

    def _judged(self, lines: Sequence[QueryLine], *, logged: bool) -> list[JudgedQuery]:
        if not lines:
            return []
        texts, domains = [line.text for line in lines], [line.domain for line in lines]
        vectors = self.encoder.encode(texts)
        advisories = self.detector.score(texts, vectors, domains)
        if self.log and logged:
            self.log.append(self.detector, texts, vectors, advisories, domains)
        return [JudgedQuery(line.text, said, line.number) for line, said in zip(lines, advisories, strict=True)]


def _batches(lines: Iterable[QueryLine], at_once: int) -> Iterator[list[QueryLine]]:
    """Yield lines by so many, also those that came before an error."""
    some: list[QueryLine] = []
    try:
        for line in lines:
            some.append(line)
            if len(some) == at_once:
                yield some
                some = []
    except FormatError:
        if some:
            yield some
        raise
    if some:
        yield some
