"""Judge queries as they come: advice with reasons, and a log where one is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embedtune.errors import InputError
from embedtune.pipeline.anomaly import version_detector
from embedtune.pipeline.project import Project
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from embedtune.anomaly.advisory import Advisory
    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.query_log import QueryLog

_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query with what is said of it."""

    text: str
    advisory: Advisory


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
    log: QueryLog | None = None

    @classmethod
    def of(cls, project: Project, version: str, encoder: Encoder | None = None, log: Path | None = None) -> Judge:
        """Open the detector of a version.

        Args:
            project: The project; its settings say whether and how is logged.
            version: The version whose detector judges.
            encoder: The version's model where it is loaded already.
            log: A log to write, by default the one of the settings, if any.

        Raises:
            ModelError: The version has no detector, or one of another model.
            InputError: The log cannot be written.
        """
        from embedtune.anomaly.query_log import QueryLog

        model = encoder or project.models.named(version)
        settings = project.config.query_log
        path = log or (project.workspace.resolve(settings.file) if settings.file else None)
        detector = version_detector(project, version, model)
        return cls(detector, model, QueryLog(path, settings) if path else None)

    def judge(
        self, texts: Sequence[str], domain: str = "", vectors: NDArray[np.float32] | None = None
    ) -> list[JudgedQuery]:
        """Judge queries, and log them where that is wanted.

        Args:
            texts: The queries.
            domain: The domain they are asked of, empty for all.
            vectors: Their vectors by the judge's model where they are known, shape (n, dimension).

        Raises:
            InputError: A query is blank, or the log cannot be written.
        """
        from embedtune.anomaly.detector import check_texts

        check_texts(texts)
        if not texts:
            return []
        known = self.encoder.encode(texts) if vectors is None else vectors
        domains = [domain] * len(texts)
        advisories = self.detector.score(texts, known, domains)
        if self.log:
            self.log.append(self.detector, texts, known, advisories, domains)
        return [JudgedQuery(text, advisory) for text, advisory in zip(texts, advisories, strict=True)]

    def stream(self, texts: Iterable[str], domain: str = "") -> Iterator[JudgedQuery]:
        """Judge queries as they come, a few hundred at a time; blank ones are passed over.

        Raises:
            InputError: There was no query, or the log cannot be written.
        """
        none = True
        filled = (text.strip() for text in texts if text.strip())
        while some := list(islice(filled, _AT_ONCE)):
            none = False
            yield from self.judge(some, domain)
        if none:
            raise InputError("There is no query to judge.", "Give at least one, one a line.")
