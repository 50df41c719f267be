"""Train an embedding model through ``SentenceTransformerTrainer``."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from transformers.trainer_callback import PrinterCallback

from embedtune.config.settings import TrainingSettings
from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_model
from embedtune.errors import InputError, InterruptedRunError
from embedtune.events import Alert, Measured, Notice, Report, silent
from embedtune.files import digest_value, recover_folder, replaced_folder, write_json
from embedtune.training.batches import ClusterBatchSampler
from embedtune.training.callback import Best, RunCallback, save_model
from embedtune.training.checkpoints import (
    BEST,
    MODEL,
    STATE,
    ResumePoint,
    discard_run_state,
    read_resume_point,
)
from embedtune.training.columns import PairColumns, pair_columns
from embedtune.training.dev_set import DevSet
from embedtune.training.domain_evaluator import DomainAwareEvaluator, flat_metrics, measure_domains
from embedtune.training.freezing import Trainable, freeze
from embedtune.training.interruption import StopFlag, orderly_stop
from embedtune.training.losses import MultipleNegativesRanking
from embedtune.training.recording import PARAMETERS, RunRecord, seconds_spent
from embedtune.vocabulary.pairs import TrainingPair

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_LOG_EVERY = 10
_MIN_CLUSTERS = 2


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What to train, on what, and where.

    Attributes:
        pairs: The training pairs.
        dev: Held-out questions, ``None`` or empty to train without measuring.
        base: Folder of the base model.
        base_digest: Its digest.
        run: The run folder; made if needed.
        settings: How to train.
        seed: Seed of batches and dropout.
    """

    pairs: tuple[TrainingPair, ...]
    dev: DevSet | None
    base: Path
    base_digest: str
    run: Path
    settings: TrainingSettings
    seed: int

    @property
    def digest(self) -> str:
        """Digest of everything that decides the result."""
        rows = [[pair.query.text, pair.positive, [n.text for n in pair.negatives]] for pair in self.pairs]
        dev = [[query.id, query.text] for query in self.dev.queries] if self.dev else []
        return digest_value([rows, dev, self.base_digest, self.settings.model_dump(mode="json"), self.seed])


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A finished run.

    Attributes:
        model: Folder of the trained model (the best on dev, else the last).
        steps: Steps trained.
        best_step: Step the model is from.
        best_metric: Its dev MRR, ``None`` without a dev set.
        base_metric: The base model's dev MRR, ``None`` without a dev set.
        trainable: What learned.
        seconds: Training time, interrupted parts included.
    """

    model: Path
    steps: int
    best_step: int
    best_metric: float | None
    base_metric: float | None
    trainable: Trainable
    seconds: float


def train_model(job: TrainingJob, *, resume: bool = False, report: Report = silent) -> TrainingResult:
    """Train a model and leave it in ``<run>/model``.

    Args:
        job: What to train.
        resume: Go on from the run's own last complete checkpoint, if it has one.
        report: Where progress goes.

    Raises:
        InputError: The pairs cannot be trained on, or resuming does not fit.
        ModelError: The model has fewer layers than asked for.
        InterruptedRunError: A signal stopped the run; its state is saved.
    """
    columns = pair_columns(job.pairs, report)
    if len(set(columns.clusters)) < _MIN_CLUSTERS:
        raise InputError(
            f"{len(job.pairs)} training pairs from {len(set(columns.clusters))} section(s) cannot be trained on.",
            "Contrastive training needs pairs from at least two different sections.",
        )
    job.run.mkdir(parents=True, exist_ok=True)
    device = resolve_device(job.settings.device)
    model = load_model(job.base, device=device)
    model.max_seq_length = min(job.settings.max_seq_length, model.max_seq_length or job.settings.max_seq_length)
    trainable = freeze(model, job.settings.train_layers, job.settings.freeze_layers)
    for folder in (BEST, MODEL):
        recover_folder(job.run / folder)
    point = read_resume_point(job.run, job.digest) if resume else None
    spent = seconds_spent(job.run) if point else 0.0
    if point is None:
        discard_run_state(job.run)
    has_dev = job.dev is not None and bool(job.dev.queries)
    record = RunRecord(job.run, len(job.pairs), len(job.dev.queries) if job.dev else 0, spent)
    base_metric = _measure_base(model, job.dev, record, report, resumed=point is not None) if has_dev and job.dev else None
    with orderly_stop() as stop:
        result = _fit(_Setup(job, columns, model, record, stop, report, device), point)
    write_json(job.run / PARAMETERS, asdict(trainable))
    return TrainingResult(
        model=job.run / MODEL,
        steps=result.step,
        best_step=result.best.step or result.step,
        best_metric=result.best.metric if has_dev else None,
        base_metric=base_metric,
        trainable=trainable,
        seconds=record.seconds,
    )


def resolve_device(name: str) -> str:
    """Return the torch device of a setting; ``auto`` takes a GPU where there is one."""
    if name != "auto":
        return name
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@dataclass(frozen=True, slots=True)
class _Setup:
    job: TrainingJob
    columns: PairColumns
    model: SentenceTransformer
    record: RunRecord
    stop: StopFlag
    report: Report
    device: str


@dataclass(frozen=True, slots=True)
class _Fitted:
    step: int
    best: Best


class _Trainer(SentenceTransformerTrainer):  # type: ignore[misc]
    """The library's trainer without its model card, which would hold training texts."""

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Add none."""

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ANN401, ARG002
        save_model(self.model, Path(output_dir or self.args.output_dir))


def _fit(setup: _Setup, point: ResumePoint | None) -> _Fitted:
    job, settings = setup.job, setup.job.settings
    loss = MultipleNegativesRanking(
        setup.model, setup.columns.positive_clusters, setup.columns.negative_clusters, settings.scale
    )
    best = Best(point.best_step, point.best_metric) if point and point.best_step else Best()
    callback = RunCallback(setup.model, loss, setup.record, job.digest, setup.stop, setup.report, best)
    sampler = partial(ClusterBatchSampler, clusters=setup.columns.clusters)
    steps_per_epoch = len(sampler(setup.columns.clusters, settings.batch_size))
    trainer = _Trainer(
        model=setup.model,
        args=_arguments(setup, sampler, steps_per_epoch),
        train_dataset=Dataset.from_dict(dict(setup.columns.texts)),
        loss=loss,
        evaluator=DomainAwareEvaluator(job.dev) if job.dev and job.dev.queries else None,
        callbacks=[callback],
    )
    trainer.remove_callback(PrinterCallback)
    before = {name: value.detach().clone() for name, value in setup.model.named_parameters() if value.requires_grad}
    if point:
        setup.record.rewind(point.step)
        setup.report(Notice(f"Going on from step {point.step}."))
    trainer.train(resume_from_checkpoint=str(job.run / STATE / point.checkpoint) if point else None)
    if setup.stop and trainer.state.global_step < trainer.state.max_steps:
        raise InterruptedRunError(
            f"Stopped by {setup.stop.signal_name} at step {trainer.state.global_step} of {trainer.state.max_steps}; "
            "the state is saved.",
            "Run the same command again (train: with --resume) to go on.",
        )
    _finish(setup, callback, before)
    callback.record.progress(
        completed=True,
        epoch=float(settings.epochs),
        step=trainer.state.global_step,
        best_step=callback.best.step or trainer.state.global_step,
        best_metric=callback.best.metric if callback.best.step else 0.0,
    )
    return _Fitted(trainer.state.global_step, callback.best)


def _arguments(
    setup: _Setup, sampler: partial[ClusterBatchSampler], steps_per_epoch: int
) -> SentenceTransformerTrainingArguments:
    settings = setup.job.settings
    measured = bool(setup.job.dev and setup.job.dev.queries)
    every = settings.eval_steps if settings.eval_steps >= 1 else settings.eval_steps * steps_per_epoch
    interval = max(1, round(every))
    return SentenceTransformerTrainingArguments(
        output_dir=str(setup.job.run / STATE),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=settings.warmup_steps,
        max_grad_norm=settings.max_grad_norm,
        lr_scheduler_type="linear",
        batch_sampler=sampler,
        eval_strategy="steps" if measured else "no",
        eval_steps=interval,
        save_strategy="steps",
        save_steps=interval,
        save_total_limit=2,
        logging_strategy="steps",
        logging_steps=_LOG_EVERY,
        logging_nan_inf_filter=False,
        seed=setup.job.seed,
        data_seed=setup.job.seed,
        use_cpu=setup.device == "cpu",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=setup.device == "cuda",
    )


def _measure_base(
    model: SentenceTransformer, dev: DevSet, record: RunRecord, report: Report, *, resumed: bool
) -> float:
    result = measure_domains(SentenceTransformerEncoder(model, "base", ""), dev)
    if not resumed:
        record.metric({"epoch": 0, "step": 0, **flat_metrics(result)})
        record.log(f"base model: dev mrr {result.overall.mrr:.4f} recall@5 {result.overall.recall_at_5:.4f}")
    report(Measured("dev questions, base model", 0, flat_metrics(result)))
    return result.overall.mrr


def _finish(setup: _Setup, callback: RunCallback, before: dict[str, torch.Tensor]) -> None:
    """Put the best model under its final name, and say so if training changed nothing."""
    after = dict(setup.model.named_parameters())
    if all(torch.equal(value, after[name].detach().cpu().to(value)) for name, value in _on_cpu(before).items()):
        setup.report(Alert("Training changed no weight: the tuned model is the base model."))
    with replaced_folder(setup.job.run / MODEL) as folder:
        if callback.best.step:
            shutil.copytree(setup.job.run / BEST, folder, dirs_exist_ok=True)
        else:
            save_model(setup.model, folder)


def _on_cpu(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.cpu() for name, value in tensors.items()}

