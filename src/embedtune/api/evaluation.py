"""Compare systems on judged questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.config.settings import EmbedtuneConfig
from embedtune.evaluation.result import EvaluationRecord
from embedtune.events import Report, silent
from embedtune.pipeline.evaluation_command import EvaluationRequest, report_saved, run_evaluation
from embedtune.pipeline.project import Project, open_project
from embedtune.pipeline.questions import QuestionSet, beir_questions, suite_over_folder
from embedtune.pipeline.systems import SystemSpec

_DEFAULT_SYSTEMS = ("base", "bm25", "hybrid:base")


@dataclass(frozen=True, slots=True)
class EmbeddingEvaluator:
    """Evaluates systems as ``embedtune evaluate`` does.

    Attributes:
        systems: ``base``, ``bm25``, run folders, versions, model folders, ``remote:URL#model``, or ``hybrid:``
            before a model.
        config: Settings.
        report: Where progress goes.
        trained_on: Files of the pairs that the systems were trained on; without any, leaks are not examined.
        robustness: Ask variants of the questions too.
        max_queries: Ask so many questions at most, drawn by domain, difficulty and category; ``None`` for all.
        with_texts: Whether pages show questions, headings and excerpts.
    """

    systems: Sequence[str] = _DEFAULT_SYSTEMS
    config: EmbedtuneConfig = field(default_factory=EmbedtuneConfig)
    report: Report = silent
    trained_on: Sequence[str | Path] = ()
    robustness: bool = False
    max_queries: int | None = None
    with_texts: bool = True

    def evaluate_beir(
        self,
        folder: str | Path,
        split: str = "test",
        *,
        output: str | Path | None = None,
        page: str | Path | None = None,
    ) -> EvaluationRecord:
        """Compare the systems on a split of a BEIR folder; what is tuned is tuned on its dev split.

        Args:
            folder: The BEIR folder.
            split: What to report.
            output: The result to write as JSON, with the rankings in ``runs/`` beside it.
            page: The report to write, one HTML file.

        Raises:
            FormatError: The folder is not in BEIR's layout.
            InputError: A system was trained on other pairs than those named, or a file cannot be written.
            ModelError: A system's model cannot be had.
        """
        request = self._request(output, page)
        return run_evaluation(self._project(), beir_questions(Path(folder), split), request)[0]

    def evaluate_suite(
        self,
        suite: str | Path,
        corpus: str | Path,
        *,
        output: str | Path | None = None,
        page: str | Path | None = None,
    ) -> EvaluationRecord:
        """Compare the systems on a test suite over a folder of documents.

        Args:
            suite: The questions.
            corpus: The documents.
            output: The result to write as JSON, with the rankings in ``runs/`` beside it.
            page: The report to write, one HTML file.

        Raises:
            FormatError: The suite is malformed, or none of its answers is in the corpus.
            InputError: A system was trained on other pairs than those named, or a file cannot be written.
            ModelError: A system's model cannot be had.
        """
        request = self._request(output, page)
        return run_evaluation(self._project(), self._suite(suite, corpus), request)[0]

    def page_from_beir(self, result: str | Path, page: str | Path, folder: str | Path, split: str = "test") -> None:
        """Write the report of a saved evaluation of a BEIR folder, without evaluating again.

        Args:
            result: What ``output`` named.
            page: The report to write.
            folder: The BEIR folder.
            split: What was reported.

        Raises:
            InputError: The result, its rankings and the folder do not belong together.
        """
        self._page(result, page, beir_questions(Path(folder), split))

    def page_from_suite(self, result: str | Path, page: str | Path, suite: str | Path, corpus: str | Path) -> None:
        """Write the report of a saved evaluation of a test suite, without evaluating again.

        Args:
            result: What ``output`` named.
            page: The report to write.
            suite: The questions.
            corpus: The documents.

        Raises:
            InputError: The result, its rankings, the suite and the documents do not belong together.
        """
        self._page(result, page, self._suite(suite, corpus))

    def page_from(self, result: str | Path, page: str | Path) -> None:
        """Write the report of a saved evaluation from its file and rankings alone: it shows ids, no texts.

        Raises:
            InputError: The result or its rankings are missing, or do not belong together.
        """
        self._page(result, page, None)

    def _request(self, output: str | Path | None, page: str | Path | None) -> EvaluationRequest:
        return EvaluationRequest(
            systems=tuple(SystemSpec.parse(name) for name in self.systems),
            trained_on=tuple(Path(path) for path in self.trained_on),
            robustness=self.robustness,
            max_queries=self.max_queries,
            output=Path(output) if output else None,
            page=Path(page) if page else None,
            with_texts=self.with_texts,
        )

    def _page(self, result: str | Path, page: str | Path, questions: QuestionSet | None) -> None:
        report_saved(self._project(), Path(result), Path(page), questions, with_texts=self.with_texts)

    def _suite(self, suite: str | Path, corpus: str | Path) -> QuestionSet:
        return suite_over_folder([Path(suite)], Path(corpus), {}, self.report, self.config.corpus)

    def _project(self) -> Project:
        return open_project(config=self.config, report=self.report)
