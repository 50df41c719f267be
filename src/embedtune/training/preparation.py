"""All that a training needs before its first step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from embedtune.config.training_settings import Precision
from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_model
from embedtune.errors import InputError
from embedtune.events import Measured, Report
from embedtune.files import digest_value, recover_folder
from embedtune.training.batching.columns import PairColumns, pair_columns
from embedtune.training.dev.domain_evaluator import DevMeasurement, measure_dev
from embedtune.training.engine.devices import computing_in, resolve_precision
from embedtune.training.engine.engine import Engine, engine_for
from embedtune.training.engine.freezing import Trainable, freeze, learning_weights
from embedtune.training.engine.frozen_states import FrozenStates
from embedtune.training.engine.lora import add_adapters
from embedtune.training.job import TrainingJob
from embedtune.training.losses.requirements import check_options, check_pairs, negative_columns
from embedtune.training.processes.interruption import StopFlag
from embedtune.training.processes.ranks import Ranks
from embedtune.training.records.checkpoints import (
    BEST,
    MODEL,
    STATE,
    ResumePoint,
    discard_other_states,
    discard_run_state,
    read_resume_point,
)
from embedtune.training.records.recording import RunRecord, seconds_spent
from embedtune.training.records.tensorboard import check_writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentence_transformers import SentenceTransformer
    from torch import Tensor

_PRECISIONS: tuple[Precision, ...] = get_args(Precision)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where and how a training runs.

    Attributes:
        ranks: The processes that train together.
        stop: Raised by a signal.
        report: Where progress goes.
        device: Where the model trains, as torch names it.
    """

    ranks: Ranks
    stop: StopFlag
    report: Report
    device: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """A training before its first step.

    Attributes:
        job: What to train.
        around: Where and how.
        inputs: Digest of settings and pairs, for the resume point.
        point: Where the run goes on, ``None`` if it begins.
        columns: The pairs.
        model: The model.
        trainable: What of it learns.
        before: The weights that learn, as they were.
        engine: How the model runs.
        precision: Of its matrix products.
        record: The run's log files.
    """

    job: TrainingJob
    around: Circumstances
    inputs: str
    point: ResumePoint | None
    columns: PairColumns
    model: SentenceTransformer
    trainable: Trainable
    before: Mapping[str, Tensor]
    engine: Engine
    precision: Precision
    record: RunRecord


def prepared(job: TrainingJob, around: Circumstances, *, resume: bool) -> Preparation:
    """Check a job, load its model and open its run folder.

    Args:
        job: What to train.
        around: Where and how.
        resume: Go on from the run's own last complete checkpoint, if it has one.
    """
    _check_remining(job)
    if job.settings.tensorboard:
        check_writer()
    columns = pair_columns(job.pairs, around.report, _width(job))
    check_pairs(job.settings, columns)
    ranks = around.ranks
    inputs = job.digest if ranks.count == 1 else digest_value([job.digest, ranks.count])
    point = read_resume_point(job.run, inputs) if resume else None
    model = load_model(job.base, device=around.device)
    model.max_seq_length = min(job.settings.max_seq_length, model.max_seq_length or job.settings.max_seq_length)
    trainable = freeze(model, job.settings.train_layers, job.settings.freeze_layers)
    check_options(job.settings, model)
    before = learning_weights(model)
    if job.settings.lora_rank:
        learning = add_adapters(model, job.settings.lora_rank, job.settings.lora_alpha, job.seed)
        trainable = replace(trainable, trainable_params=learning)
    precision = point.precision if point else _precision(job, around, FrozenStates.width(model))
    record = RunRecord(job.run, len(job.pairs), len(job.dev.queries) if job.dev else 0)
    ranks.by_first(lambda: _prepare_folder(job, point, record))
    if ranks.first:
        record.log(f"device {around.device}, precision {precision}, processes {ranks.count}")
    engine = engine_for(model, ranks.share_of(job.settings.speed), job.run / STATE)
    return Preparation(job, around, inputs, point, columns, model, trainable, before, engine, precision, record)


def measured_base(preparation: Preparation) -> DevMeasurement | None:
    """Measure the model as it is on the dev questions, and record it; ``None`` if there are none."""
    dev, record = preparation.job.dev, preparation.record
    if dev is None or not preparation.job.measured:
        return None
    with computing_in(preparation.precision, preparation.model.device):
        result = measure_dev(SentenceTransformerEncoder(preparation.model, "base", ""), dev)
    overall = result.quality.overall
    if preparation.point is None:
        record.metric({"epoch": 0, "step": 0, **result.flat})
        record.log(f"base model: dev mrr {overall.mrr:.4f} recall@5 {overall.recall_at_5:.4f}")
    preparation.around.report(Measured("dev questions, base model", 0, result.flat))
    return result


def _prepare_folder(job: TrainingJob, point: ResumePoint | None, record: RunRecord) -> None:
    """Bring the run folder to the state of the resume point, or to none, and its records with it."""
    job.run.mkdir(parents=True, exist_ok=True)
    for name in (BEST, MODEL):
        recover_folder(job.run / name)
    if point is None:
        discard_run_state(job.run)
        return
    if point.best_step and not (job.run / BEST).is_dir():
        raise InputError(f"{job.run / BEST} is missing.", "Train anew, into another folder or without going on.")
    discard_other_states(job.run, point)
    record.seconds_before = seconds_spent(job.run)
    record.rewind(point.step)


def _precision(job: TrainingJob, around: Circumstances, width: int) -> Precision:
    """Return the precision that the first process finds, in all of them."""
    found = around.ranks.by_first(
        lambda: resolve_precision(job.settings.precision, around.device, width, around.report)
    )
    return _PRECISIONS[around.ranks.meet(flags=_PRECISIONS.index(found) if found else 0)]


def _check_remining(job: TrainingJob) -> None:
    if job.settings.remine_epochs and job.remining is None:
        raise InputError(
            "Negatives are to be mined again while training, and nothing was given that mines them.",
            "Give the job a `remining`, or set training.remine_epochs to 0.",
        )


def _width(job: TrainingJob) -> int:
    """Return how many columns of negatives a row has: room for all that will be mined."""
    remined = job.remining.per_pair if job.remining and job.settings.remine_epochs else 0
    return negative_columns(job.settings.loss, job.pairs, remined)
