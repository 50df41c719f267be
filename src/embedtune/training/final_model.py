"""What a run leaves as its model: the best one on dev, averaged with its base."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_model
from embedtune.events import Measured, Report
from embedtune.files import replaced_folder
from embedtune.training.averaging import CAUTIOUS_SHARE, average_weights, chosen_share, telling_questions
from embedtune.training.callback import Best, save_model
from embedtune.training.checkpoints import BEST, MODEL
from embedtune.training.domain_evaluator import flat_metrics, measure_domains
from embedtune.training.job import TrainingJob
from embedtune.training.recording import BASE_SHARE, RunRecord

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True, slots=True)
class FinalModel:
    """The end of a training.

    Attributes:
        job: What was trained.
        last: The model after the last step.
        best: The best step on dev; step 0 where nothing was measured.
        record: The run's log files.
        report: Where progress goes.
    """

    job: TrainingJob
    last: SentenceTransformer
    best: Best
    record: RunRecord
    report: Report

    def save(self) -> float | None:
        """Put the best model, or the last one where nothing was measured, averaged with the base, under its name.

        Returns:
            Its MRR on dev, ``None`` if there is no dev.
        """
        share, model = self._chosen()
        with replaced_folder(self.job.run / MODEL) as folder:
            save_model(model, folder)
        if not self.best.step:
            return None
        return self._measured(model, share) if share else self.best.metric

    def _chosen(self) -> tuple[float, SentenceTransformer]:
        tuned = load_model(self.job.run / BEST) if self.best.step else self.last
        averages = _Averages(tuned, self.job.base)
        share = self._base_share(averages)
        return share, averages.with_share(share)

    def _base_share(self, averages: _Averages) -> float:
        """Return how much of the base the result has: as set, as dev says, or a cautious share where dev is silent."""
        given = self.job.settings.base_share
        if given != "auto":
            return given
        telling = telling_questions(self.job.dev)
        if telling is None or not self.best.step:
            self.record.log(f"no dev question to choose the base's share by: {CAUTIOUS_SHARE} of the base is kept")
            return CAUTIOUS_SHARE

        def measure(share: float) -> float:
            encoder = SentenceTransformerEncoder(averages.with_share(share), "averaged", "")
            mrr = measure_domains(encoder, telling).overall.mrr
            self.record.log(f"{share:.2f} of the base: mrr {mrr:.4f} on {len(telling.queries)} dev questions")
            return mrr

        return chosen_share(measure)

    def _measured(self, model: SentenceTransformer, share: float) -> float | None:
        """Return the MRR on dev of the averaged model, and record it."""
        if self.job.dev is None:
            return None
        result = measure_domains(SentenceTransformerEncoder(model, "averaged", ""), self.job.dev)
        values = flat_metrics(result)
        row = {"epoch": self.job.settings.epochs, "step": self.best.step, BASE_SHARE: share}
        self.record.metric({**row, **values})
        self.record.log(f"averaged with {share:.2f} of the base: dev mrr {result.overall.mrr:.4f}")
        self.report(Measured(f"dev questions, {share:.2f} of the base kept", self.best.step, values))
        return result.overall.mrr


class _Averages:
    """Copies of a model, averaged with its base. Two models are kept: that one, and the base once it is needed."""

    def __init__(self, tuned: SentenceTransformer, base: Path) -> None:
        self._tuned = tuned
        self._base_folder = base

    @cached_property
    def _base(self) -> SentenceTransformer:
        return load_model(self._base_folder)

    def with_share(self, share: float) -> SentenceTransformer:
        """Return a copy with a share of the base; 0 is the model itself."""
        model = copy.deepcopy(self._tuned)
        if share:
            average_weights(model, self._base, share)
        return model
