"""What a run leaves as its model: the best one on dev, averaged with its base."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedtune.config.training_settings import Precision
from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_model
from embedtune.events import Alert, Measured, Notice, Report
from embedtune.files import replaced_folder
from embedtune.training.dev.domain_evaluator import flat_metrics, measure_domains
from embedtune.training.ending.averaging import (
    Averages,
    TriedShare,
    asked_by_people,
    cautious_share,
    chosen_share,
    telling_questions,
)
from embedtune.training.ending.drift import Drift, measure_drift
from embedtune.training.ending.general import GeneralSet, general_change, general_scores, guarded_share
from embedtune.training.ending.merge import ChosenBy, DevSweep, GeneralChange, Merge
from embedtune.training.engine.devices import computing_in
from embedtune.training.engine.engine import Engine
from embedtune.training.engine.freezing import freeze
from embedtune.training.job import TrainingJob
from embedtune.training.records.checkpoints import BEST, MODEL
from embedtune.training.records.recording import BASE_SHARE, RunRecord
from embedtune.training.steps.callback import Best, save_model
from embedtune.vocabulary.evaluation import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentence_transformers import SentenceTransformer

    from embedtune.evaluation.domain_metrics import DevMetrics
    from embedtune.training.dev.dev_set import DevSet


@dataclass(frozen=True, slots=True)
class FinalModel:
    """The end of a training.

    Attributes:
        job: What was trained.
        last: The model after the last step; `save` turns it into the best one.
        best: The best step on dev; step 0 where nothing was measured.
        best_epoch: How many epochs that step ends.
        engine: Runs models with the frozen layers of the one that was trained.
        precision: Of the matrix products by which dev questions are answered, here as while training.
        record: The run's log files.
        report: Where progress goes.
    """

    job: TrainingJob
    last: SentenceTransformer
    best: Best
    best_epoch: float
    engine: Engine
    precision: Precision
    record: RunRecord
    report: Report

    def save(self) -> float | None:
        """Put the best model, or the last one where nothing was measured, averaged with the base, under its name.

        Returns:
            Its MRR on dev, ``None`` if there is no dev.
        """
        if self.best.step:
            best = load_model(self.job.run / BEST, device=str(self.last.device))
            self.last.load_state_dict(best.state_dict())
            del best  # a model less in memory
        averages = Averages(self.last, self.job.base)
        telling = self._telling()
        swept = self._swept(averages, telling) if telling else {}
        merge = self._chosen(telling, swept)
        if self.job.general:
            merge = self._guarded(merge, self.job.general, averages)
        model = averages.with_share(merge.base_share)
        if merge.general is None:
            merge = replace(merge, drift=self._drift(averages, model))
        with replaced_folder(self.job.run / MODEL) as folder:
            save_model(model, folder)
        merge.write(self.job.run)
        if not self.best.step:
            return None
        if not merge.base_share:
            return self.best.metric
        everything = bool(telling and self.job.dev and telling.queries == self.job.dev.queries)
        return self._measured(model, merge.base_share, swept.get(merge.base_share) if everything else None)

    def _telling(self) -> DevSet | None:
        """Return the dev questions that the base's share is chosen by; ``None`` where it is set, or dev is silent."""
        if self.job.settings.base_share != "auto" or not self.best.step:
            return None
        return telling_questions(self.job.dev)

    def _swept(self, averages: Averages, telling: DevSet) -> dict[float, DevMetrics]:
        """Return what the average with each share of the base that may be chosen reaches."""
        swept: dict[float, DevMetrics] = {}
        for share in sorted(set(self.job.settings.tried_shares)):
            swept[share] = self._on_dev(averages.with_share(share), telling)
            mrr = swept[share].overall.mrr
            self.record.log(f"{share:.2f} of the base: mrr {mrr:.4f} on {len(telling.queries)} dev questions")
        return swept

    def _chosen(self, telling: DevSet | None, swept: Mapping[float, DevMetrics]) -> Merge:
        """Return how much of the base is kept: as set, as dev says, or a cautious share where dev is silent."""
        settings = self.job.settings
        if settings.base_share != "auto":
            return Merge(settings.base_share, ChosenBy.SETTING, self.best.step)
        if telling is None:
            share = cautious_share(settings.tried_shares)
            self.record.log(f"no dev question to choose the base's share by: {share} of the base is kept")
            return Merge(share, ChosenBy.CAUTION, self.best.step)
        tried = tuple(TriedShare(share, metrics.overall.mrr) for share, metrics in swept.items())
        share = chosen_share(tried, by_people=asked_by_people(telling))
        return Merge(share, ChosenBy.DEV, self.best.step, dev=DevSweep(len(telling.queries), tried))

    def _guarded(self, merge: Merge, general: GeneralSet, averages: Averages) -> Merge:
        """Return the merge with its change on the general set, and with more of the base where it lost too much."""
        settings = self.job.settings
        base = general_scores(_encoder(averages.base, "base model"), general, self.report)
        tried: list[tuple[float, Comparison]] = []

        def measure(share: float) -> Comparison:
            encoder = _encoder(averages.with_share(share), f"{share:.2f} of the base")
            scores = general_scores(encoder, general, self.report)
            change = general_change(base, scores, self.job.seed)
            self.record.log(f"{share:.2f} of the base: {general.name} {_figures(change)}")
            tried.append((share, change))
            return change

        others = settings.tried_shares if merge.chosen_by is not ChosenBy.SETTING else ()
        share = guarded_share(merge.base_share, others, settings.general_tolerance, measure)
        self._report_general(general, dict(tried)[share], share, moved=share != merge.base_share)
        chosen_by = merge.chosen_by if share == merge.base_share else ChosenBy.GENERAL
        change = GeneralChange(general.name, settings.general_tolerance, tuple(tried))
        return replace(merge, base_share=share, chosen_by=chosen_by, general=change)

    def _report_general(self, general: GeneralSet, change: Comparison, share: float, *, moved: bool) -> None:
        kept = f" {share:.2f} of the base is kept for it." if moved else ""
        said = f"General retrieval on {general.name}, {change.n} questions: {_figures(change)}.{kept}"
        if change.delta < -self.job.settings.general_tolerance and change.ci_high < 0:
            self.report(Alert(f"{said} The model is clearly worse there than its base; keep more of the base."))
        else:
            self.report(Notice(said))

    def _drift(self, averages: Averages, model: SentenceTransformer) -> Drift:
        drift = measure_drift(_encoder(averages.base), _encoder(model))
        said = (
            f"{drift.questions} everyday questions have a mean cosine of {drift.mean_cosine:.3f} with what they were "
            "before training; how well they are answered was not measured (training.general_set would)."
        )
        self.record.log(said)
        self.report(Notice(said))
        return drift

    def _on_dev(self, model: SentenceTransformer, dev: DevSet) -> DevMetrics:
        freeze(model, self.job.settings.train_layers, self.job.settings.freeze_layers)
        with self.engine.lent_to(model), computing_in(self.precision, model.device):
            return measure_domains(_encoder(model), dev)

    def _measured(self, model: SentenceTransformer, share: float, known: DevMetrics | None) -> float | None:
        """Record what the averaged model reaches on dev, measured here unless it is known; returns its MRR."""
        if self.job.dev is None:
            return None
        result = known or self._on_dev(model, self.job.dev)
        values = flat_metrics(result)
        row = {"epoch": self.best_epoch, "step": self.best.step, BASE_SHARE: share}
        self.record.metric({**row, **values})
        self.record.log(f"averaged with {share:.2f} of the base: dev mrr {result.overall.mrr:.4f}")
        self.report(Measured(f"dev questions, {share:.2f} of the base kept", self.best.step, values))
        return result.overall.mrr


def _encoder(model: SentenceTransformer, name: str = "averaged") -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(model, name, "")


def _figures(change: Comparison) -> str:
    return (
        f"{change.metric} {change.baseline_value:.3f} → {change.candidate_value:.3f}, "
        f"{change.delta:+.3f} [{change.ci_low:+.3f}, {change.ci_high:+.3f}]"
    )
