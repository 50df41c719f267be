"""Compare systems on judged questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.config.settings import EmbedtuneConfig
from embedtune.evaluation.result import EvaluationRecord
from embedtune.events import Report, silent
from embedtune.pipeline.evaluation import evaluate
from embedtune.pipeline.project import open_project
from embedtune.pipeline.questions import beir_questions, suite_over_folder
from embedtune.pipeline.systems import SystemSpec

_DEFAULT_SYSTEMS = ("base", "bm25", "hybrid:base")


@dataclass(frozen=True, slots=True)
class EmbeddingEvaluator:
    """Evaluates systems as ``embedtune evaluate`` does.

    Attributes:
        systems: ``base``, ``bm25``, run folders, versions, model folders, or ``hybrid:`` before one.
        config: Settings.
        report: Where progress goes.
    """

    systems: Sequence[str] = _DEFAULT_SYSTEMS
    config: EmbedtuneConfig = field(default_factory=EmbedtuneConfig)
    report: Report = silent

    def evaluate_beir(self, folder: str | Path, split: str = "test") -> EvaluationRecord:
        """Compare the systems on a split of a BEIR folder; what is tuned is tuned on its dev split.

        Raises:
            FormatError: The folder is not in BEIR's layout.
            ModelError: A system's model cannot be had.
        """
        specs = self._specs()
        project = open_project(config=self.config, report=self.report)
        return evaluate(project, beir_questions(Path(folder), split), specs)

    def evaluate_suite(self, suite: str | Path, corpus: str | Path) -> EvaluationRecord:
        """Compare the systems on a test suite over a folder of documents.

        Raises:
            FormatError: The suite is malformed, or none of its answers is in the corpus.
            ModelError: A system's model cannot be had.
        """
        specs = self._specs()
        project = open_project(config=self.config, report=self.report)
        questions = suite_over_folder([Path(suite)], Path(corpus), {}, self.report, self.config.corpus)
        return evaluate(project, questions, specs)

    def _specs(self) -> list[SystemSpec]:
        return [SystemSpec.parse(name) for name in self.systems]
