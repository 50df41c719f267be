"""Train an embedding model through ``SentenceTransformerTrainer``."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from datasets import Dataset
from transformers.trainer_callback import PrinterCallback

from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_model
from embedtune.errors import InputError, InterruptedRunError
from embedtune.events import Alert, Measured, Notice, Report, silent
from embedtune.files import recover_folder, write_json
from embedtune.training.batches import BatchPlan, ClusterBatchSampler
from embedtune.training.callback import Best, LossWindow, RunCallback
from embedtune.training.checkpoints import (
    BEST,
    MODEL,
    STATE,
    ResumePoint,
    discard_other_states,
    discard_run_state,
    read_resume_point,
)
from embedtune.training.columns import PairColumns, column_width, pair_columns
from embedtune.training.dev_set import DevSet
from embedtune.training.domain_evaluator import DomainAwareEvaluator, flat_metrics, measure_domains
from embedtune.training.engine import Engine, engine_for
from embedtune.training.final_model import FinalModel
from embedtune.training.freezing import freeze
from embedtune.training.interruption import StopFlag, orderly_stop
from embedtune.training.job import TrainingJob, TrainingResult
from embedtune.training.library_trainer import LibraryTrainer, quiet_library, resolve_device, training_arguments
from embedtune.training.losses import MultipleNegativesRanking
from embedtune.training.recording import PARAMETERS, RunRecord, seconds_spent
from embedtune.training.remining import ReminingCallback, RowLookup, looked_up

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


__all__ = ["TrainingJob", "TrainingResult", "train_model"]

_MIN_CLUSTERS = 2


def train_model(job: TrainingJob, *, resume: bool = False, report: Report = silent) -> TrainingResult:
    """Train a model and leave it in ``<run>/model``.

    Args:
        job: What to train.
        resume: Go on from the run's own last complete checkpoint, if it has one.
        report: Where progress goes.

    Raises:
        InputError: The pairs cannot be trained on, the resume point is damaged, or training diverged.
        ConfigError: The run to go on with was trained with other pairs or settings.
        ModelError: The model has fewer layers than asked for.
        InterruptedRunError: A signal stopped the run; its state is saved.
    """
    _check_remining(job)
    columns = pair_columns(job.pairs, report, _width(job))
    if len(set(columns.clusters)) < _MIN_CLUSTERS:
        raise InputError(
            f"{len(job.pairs)} training pairs from {len(set(columns.clusters))} section(s) cannot be trained on.",
            "Contrastive training needs pairs from at least two different sections.",
        )
    inputs = job.digest
    point = read_resume_point(job.run, inputs) if resume else None
    device = resolve_device(job.settings.device)
    model = load_model(job.base, device=device)
    model.max_seq_length = min(job.settings.max_seq_length, model.max_seq_length or job.settings.max_seq_length)
    trainable = freeze(model, job.settings.train_layers, job.settings.freeze_layers)
    record = _prepared_run(job, point)
    engine = engine_for(model, job.settings.speed, job.run / STATE)
    with orderly_stop() as stop:
        setup = _Setup(job, inputs, columns, model, engine, record, stop, report, device)
        with engine.installed():
            engine.fill(columns.all_texts, stop.__bool__, report)
            base = _measure_base(model, job.dev, record, report, resumed=point is not None) if job.measured else None
            result = _fit(setup, point)
        metric = FinalModel(job, model, result.best, record, report).save()
    record.progress(
        completed=True,
        epoch=float(job.settings.epochs),
        step=result.step,
        best_step=result.best.step or result.step,
        best_metric=result.best.metric if result.best.step else 0.0,
    )
    write_json(job.run / PARAMETERS, asdict(trainable))
    return TrainingResult(
        model=job.run / MODEL,
        steps=result.step,
        best_step=result.best.step or result.step,
        best_metric=metric,
        base_metric=base,
        trainable=trainable,
        seconds=record.seconds,
    )


def _prepared_run(job: TrainingJob, point: ResumePoint | None) -> RunRecord:
    """Bring the run folder to the state of the resume point, or to none, and open its records."""
    job.run.mkdir(parents=True, exist_ok=True)
    for name in (BEST, MODEL):
        recover_folder(job.run / name)
    record = RunRecord(job.run, len(job.pairs), len(job.dev.queries) if job.dev else 0)
    if point is None:
        discard_run_state(job.run)
    else:
        if point.best_step and not (job.run / BEST).is_dir():
            raise InputError(f"{job.run / BEST} is missing.", "Train anew, into another folder or without going on.")
        discard_other_states(job.run, point)
        record.seconds_before = seconds_spent(job.run)
        record.rewind(point.step)
    return record


@dataclass(frozen=True, slots=True)
class _Setup:
    job: TrainingJob
    inputs: str
    columns: PairColumns
    model: SentenceTransformer
    engine: Engine
    record: RunRecord
    stop: StopFlag
    report: Report
    device: str


@dataclass(frozen=True, slots=True)
class _Fitted:
    step: int
    best: Best


def _check_remining(job: TrainingJob) -> None:
    if job.settings.remine_epochs and job.remining is None:
        raise InputError(
            "Negatives are to be mined again while training, and nothing was given that mines them.",
            "Give the job a `remining`, or set training.remine_epochs to 0.",
        )


def _width(job: TrainingJob) -> int:
    """Return how many columns of negatives a row has: room for all that will be mined."""
    remined = job.remining.per_pair if job.remining and job.settings.remine_epochs else 0
    return max(column_width(job.pairs), remined)


def _remining(setup: _Setup, callback: RunCallback, point: ResumePoint | None) -> ReminingCallback | None:
    job = setup.job
    if job.remining is None or not job.settings.remine_epochs:
        return None
    return ReminingCallback(job, job.remining, RowLookup(setup.columns), callback, point)


def _fit(setup: _Setup, point: ResumePoint | None) -> _Fitted:
    job, settings = setup.job, setup.job.settings
    loss = MultipleNegativesRanking(
        setup.model,
        setup.columns.positive_clusters,
        setup.columns.negative_clusters,
        settings.scale,
        joined=setup.engine.forward is not None,
    )
    callback = RunCallback(setup.model, loss, setup.record, setup.inputs, setup.stop, setup.report)
    if point:
        callback.best = Best(point.best_step, point.best_metric) if point.best_step else Best()
        callback.window = LossWindow(point.loss_total, point.loss_steps)
        setup.report(Notice(f"Going on from step {point.step}."))
    sampler = _sampler(setup)
    steps_per_epoch = len(sampler(setup.columns.clusters, settings.batch_size))
    _report_small_batches(setup, steps_per_epoch)
    remining = _remining(setup, callback, point)
    every = settings.eval_steps if settings.eval_steps >= 1 else settings.eval_steps * steps_per_epoch
    trainer = LibraryTrainer(
        model=setup.model,
        args=training_arguments(
            settings,
            job.run / STATE,
            sampler,
            interval=max(1, round(every)),
            measured=job.measured,
            seed=job.seed,
            device=setup.device,
        ),
        train_dataset=looked_up(remining.lookup) if remining else Dataset.from_dict(dict(setup.columns.texts)),
        loss=loss,
        evaluator=DomainAwareEvaluator(job.dev) if job.dev and job.measured else None,
        data_collator=setup.engine.collator,
        callbacks=[callback, remining] if remining else [callback],
    )
    trainer.run = callback
    trainer.remove_callback(PrinterCallback)
    before = {name: value.detach().clone() for name, value in setup.model.named_parameters() if value.requires_grad}
    with quiet_library():
        trainer.train(resume_from_checkpoint=str(job.run / STATE / point.checkpoint) if point else None)
    if setup.stop and trainer.state.global_step < trainer.state.max_steps:
        raise InterruptedRunError(
            f"Stopped by {setup.stop.signal_name} at step {trainer.state.global_step} of {trainer.state.max_steps}; "
            "the state is saved.",
            "Run the same command again (train: with --resume) to go on.",
        )
    after = dict(setup.model.named_parameters())
    if all(torch.equal(value, after[name]) for name, value in before.items()):
        setup.report(Alert("Training changed no weight: the tuned model is the base model."))
    return _Fitted(trainer.state.global_step, callback.best)


def _sampler(setup: _Setup) -> partial[ClusterBatchSampler]:
    """Return what makes the batches."""
    columns, speed = setup.columns, setup.job.settings.speed
    positives = columns.positives
    lengths = setup.engine.tokens.lengths(positives)
    plan = BatchPlan(columns.clusters, positives, lengths, speed.questions_per_passage, speed.bucket_batches)
    return partial(ClusterBatchSampler, plan=plan)


def _report_small_batches(setup: _Setup, steps_per_epoch: int) -> None:
    """Say so where one section has so many pairs that batches must be smaller than asked."""
    pairs = len(setup.columns.clusters)
    if steps_per_epoch > math.ceil(pairs / setup.job.settings.batch_size):
        size = math.ceil(pairs / steps_per_epoch)
        setup.report(
            Alert(
                f"One section has {steps_per_epoch} of the {pairs} pairs and they never meet in a batch: "
                f"batches hold {size} pairs instead of {setup.job.settings.batch_size}."
            )
        )


def _measure_base(
    model: SentenceTransformer, dev: DevSet | None, record: RunRecord, report: Report, *, resumed: bool
) -> float | None:
    if dev is None:
        return None
    result = measure_domains(SentenceTransformerEncoder(model, "base", ""), dev)
    if not resumed:
        record.metric({"epoch": 0, "step": 0, **flat_metrics(result)})
        record.log(f"base model: dev mrr {result.overall.mrr:.4f} recall@5 {result.overall.recall_at_5:.4f}")
    report(Measured("dev questions, base model", 0, flat_metrics(result)))
    return result.overall.mrr
