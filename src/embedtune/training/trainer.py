"""Train an embedding model through ``SentenceTransformerTrainer``."""

from __future__ import annotations

import contextlib
import math
from dataclasses import asdict, dataclass
from functools import partial

from datasets import Dataset
from transformers.trainer_callback import PrinterCallback

from embedtune.events import Alert, Notice, Report, silent
from embedtune.files import write_json
from embedtune.training.batching.batches import BatchPlan, ClusterBatchSampler, questions_together
from embedtune.training.batching.remining import ReminingCallback, RowLookup, looked_up
from embedtune.training.batching.shared_batches import SharedBatchSampler
from embedtune.training.dev.domain_evaluator import DevMeasurement, DomainAwareEvaluator
from embedtune.training.ending.final_model import FinalModel
from embedtune.training.engine.devices import forward_to_wrap, resolve_device
from embedtune.training.engine.freezing import moved
from embedtune.training.engine.lora import become_plain
from embedtune.training.job import TrainingJob, TrainingResult
from embedtune.training.losses.factory import training_loss
from embedtune.training.losses.requirements import kept_apart
from embedtune.training.preparation import Circumstances, Preparation, measured_base, prepared
from embedtune.training.processes.full_disk import room_for
from embedtune.training.processes.interruption import orderly_stop
from embedtune.training.processes.leading import LeadingCallback
from embedtune.training.processes.ranks import Ranks, joined
from embedtune.training.processes.run_lock import sole_training
from embedtune.training.records.checkpoints import MODEL, STATE
from embedtune.training.records.plot import drawn
from embedtune.training.records.recording import PARAMETERS
from embedtune.training.records.tensorboard import tensorboard_callback
from embedtune.training.steps.callback import Best, LossWindow, RunCallback
from embedtune.training.steps.library_trainer import LibraryTrainer, training_arguments
from embedtune.training.steps.memory import MicroBatched
from embedtune.training.steps.watch import CollapseWatch, Patience

__all__ = ["TrainingJob", "TrainingResult", "train_model"]

_BEFORE = "before the first step"


def train_model(job: TrainingJob, *, resume: bool = False, report: Report = silent) -> TrainingResult:
    """Train a model and leave it in ``<run>/model``.

    Where torchrun started several processes, each calls this with the same job. The first one writes and reports;
    in the others the result knows neither metrics nor the best step.

    Args:
        job: What to train.
        resume: Go on from the run's own last complete checkpoint, if it has one.
        report: Where progress goes.

    Raises:
        InputError: The pairs cannot be trained on, the resume point is damaged, training diverged, or memory or disk
            are too small.
        ConfigError: The run to go on with was trained with other pairs or settings, or in more or fewer processes.
        ModelError: The model has fewer layers than asked for.
        UnavailableError: Low-rank changes or event files are asked for, and the package for them is not installed.
        InterruptedRunError: A signal stopped the run; its state is saved.
    """
    device = resolve_device(job.settings.device)
    with joined(device) as ranks, _held(job, ranks), room_for(job.run), orderly_stop() as stop:
        around = Circumstances(ranks, stop, report if ranks.first else silent, device)
        with stop.acting_at_once(_BEFORE):
            preparation = prepared(job, around, resume=resume)
        with drawn(job.run) if ranks.first else contextlib.nullcontext():
            return _trained(preparation)


def _held(job: TrainingJob, ranks: Ranks) -> contextlib.AbstractContextManager[None]:
    """Return a block in which no other training writes into the run folder; the first process speaks for all."""
    return sole_training(job.run) if ranks.first else contextlib.nullcontext()


@dataclass(frozen=True, slots=True)
class _Fitted:
    step: int
    epoch: float
    best: Best

    @property
    def best_step(self) -> int:
        return self.best.step or self.step

    @property
    def best_epoch(self) -> float:
        return round(self.epoch * self.best_step / self.step, 4) if self.step else 0.0


def _trained(preparation: Preparation) -> TrainingResult:
    job, around, model, record = preparation.job, preparation.around, preparation.model, preparation.record
    with preparation.engine.installed():
        with around.stop.acting_at_once(_BEFORE):
            preparation.engine.fill(preparation.columns.all_texts, around.stop.__bool__, around.report)
            base = around.ranks.by_first(lambda: measured_base(preparation))
        with forward_to_wrap(model) if preparation.precision != "fp32" else contextlib.nullcontext():
            fitted = _fit(preparation, base)
    become_plain(model)
    if not moved(model, preparation.before):
        around.report(Alert("Training changed no weight: the tuned model is the base model."))
    with around.stop.acting_at_once("after the last step; the state is saved"):
        final = FinalModel(
            job,
            model,
            fitted.best,
            fitted.best_epoch,
            preparation.engine,
            preparation.precision,
            record,
            around.report,
        )
        metric = around.ranks.by_first(final.save)
    around.ranks.by_first(lambda: _record_end(preparation, fitted))
    return TrainingResult(
        model=job.run / MODEL,
        steps=fitted.step,
        best_step=fitted.best_step,
        best_metric=metric,
        base_metric=base.quality.overall.mrr if base else None,
        trainable=preparation.trainable,
        seconds=record.seconds,
    )


def _record_end(preparation: Preparation, fitted: _Fitted) -> None:
    preparation.record.progress(
        completed=True,
        epoch=fitted.epoch,
        step=fitted.step,
        best_step=fitted.best_step,
        best_metric=fitted.best.metric if fitted.best.step else 0.0,
    )
    write_json(preparation.job.run / PARAMETERS, asdict(preparation.trainable))


def _fit(preparation: Preparation, base: DevMeasurement | None) -> _Fitted:
    job, settings, point = preparation.job, preparation.job.settings, preparation.point
    ranks, stop = preparation.around.ranks, preparation.around.stop
    callback = _callback(preparation, base)
    sampler = _sampler(preparation)
    steps_per_epoch = len(sampler(preparation.columns.clusters, settings.batch_size)) // ranks.count
    _report_small_batches(preparation, steps_per_epoch)
    remining = _remining(preparation, callback)
    every = settings.eval_steps if settings.eval_steps >= 1 else settings.eval_steps * steps_per_epoch
    trainer = LibraryTrainer(
        model=preparation.model,
        args=training_arguments(
            settings,
            job.run / STATE,
            sampler,
            interval=max(1, round(every)),
            measured=job.measured,
            seed=job.seed,
            device=preparation.around.device,
            precision=preparation.precision,
        ),
        train_dataset=looked_up(remining.lookup) if remining else Dataset.from_dict(dict(preparation.columns.texts)),
        loss=callback.loss,
        evaluator=DomainAwareEvaluator(job.dev) if job.dev and job.measured else None,
        data_collator=preparation.engine.collator,
        callbacks=[LeadingCallback(callback, ranks, stop) if ranks.count > 1 else callback],
    )
    if remining:
        trainer.add_callback(remining)
    if settings.tensorboard and ranks.first:
        trainer.add_callback(tensorboard_callback(job.run, point.step + 1 if point else 0))
    trainer.run = callback
    trainer.ranks = ranks
    trainer.layer_decay = settings.layer_decay
    trainer.remove_callback(PrinterCallback)
    state = trainer.trained(job.run / STATE / point.checkpoint if point else None)
    ranks.meet(stop)
    stop.check(f"at step {state.global_step} of {state.max_steps}; the state is saved")
    if state.global_step < state.max_steps and callback.patience.over:
        callback.report_early_stop(state)
    return _Fitted(state.global_step, round(state.epoch or 0.0, 4), callback.best)


def _callback(preparation: Preparation, base: DevMeasurement | None) -> RunCallback:
    """Return what records the run, as it was at the resume point."""
    job, settings, point, report = (
        preparation.job,
        preparation.job.settings,
        preparation.point,
        preparation.around.report,
    )
    plain = preparation.engine.forward is None
    loss = training_loss(preparation.model, preparation.columns, settings, job.base, joined=not plain, report=report)
    callback = RunCallback(
        preparation.model, loss, preparation.record, preparation.inputs, preparation.around.stop, report
    )
    callback.precision = preparation.precision
    callback.patience = Patience(settings.patience, point.waited if point else 0)
    callback.watch = CollapseWatch(base.mean_cosine, report) if base else None
    if settings.patience and not job.measured:
        report(Alert("There is no dev question to stop early by: training.patience has no effect."))
    if point:
        callback.best = Best(point.best_step, point.best_metric) if point.best_step else Best()
        callback.window = LossWindow(point.loss_total, point.loss_steps)
        if isinstance(loss, MicroBatched):
            loss.micro_batch = point.micro_batch
        report(Notice(f"Going on from step {point.step}."))
    return callback


def _remining(preparation: Preparation, callback: RunCallback) -> ReminingCallback | None:
    job = preparation.job
    if job.remining is None or not job.settings.remine_epochs:
        return None
    return ReminingCallback(job, job.remining, RowLookup(preparation.columns), callback, preparation.point)


def _sampler(preparation: Preparation) -> partial[ClusterBatchSampler] | partial[SharedBatchSampler]:
    """Return what makes the batches."""
    columns, settings = preparation.columns, preparation.job.settings
    positives = columns.positives
    plan = BatchPlan(
        kept_apart(settings.loss, columns),
        positives,
        preparation.engine.tokens.lengths(positives),
        settings.speed.questions_per_passage or questions_together(positives),
        settings.speed.bucket_batches,
    )
    processes = preparation.around.ranks.count
    if processes > 1:
        return partial(SharedBatchSampler, plan=plan, processes=processes)
    return partial(ClusterBatchSampler, plan=plan)


def _report_small_batches(preparation: Preparation, steps_per_epoch: int) -> None:
    """Say so where one section has so many pairs that batches must be smaller than asked."""
    pairs = len(preparation.columns.clusters)
    wanted = preparation.job.settings.batch_size * preparation.around.ranks.count
    if steps_per_epoch > math.ceil(pairs / wanted):
        size = math.ceil(pairs / steps_per_epoch)
        preparation.around.report(
            Alert(
                f"One section has {steps_per_epoch} of the {pairs} pairs and they never meet in a batch: "
                f"batches hold {size} pairs instead of {wanted}."
            )
        )
