"""What embedtune does at each step of the trainer: record, keep the best, stop in order."""

from __future__ import annotations

import math
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from embedtune.config.training_settings import Precision
from embedtune.events import Measured, Notice, Progress, Report
from embedtune.files import replaced_folder
from embedtune.training.dev.domain_evaluator import MEAN_COSINE
from embedtune.training.engine.lora import summed
from embedtune.training.losses.base import TrainingLoss
from embedtune.training.processes.interruption import StopFlag
from embedtune.training.records.checkpoints import BEST, ResumePoint, write_resume_point
from embedtune.training.records.recording import RunRecord
from embedtune.training.steps.divergence import diverged
from embedtune.training.steps.memory import MicroBatched
from embedtune.training.steps.pace import Pace
from embedtune.training.steps.watch import CollapseWatch, Patience

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(slots=True)
class Best:
    """The best dev metric so far and its step; step 0 means that nothing was measured yet."""

    step: int = 0
    metric: float = -math.inf


@dataclass(slots=True)
class LossWindow:
    """The losses since the last row of ``metrics.jsonl``.

    The trainer's own mean starts anew when a run is resumed; this one goes into the resume point, so
    that the first row afterwards is the same as without the interruption.
    """

    total: float = 0.0
    steps: int = 0

    @property
    def mean(self) -> float:
        """Their mean; 0 if there are none."""
        return self.total / max(1, self.steps)

    def take_mean(self) -> float:
        """Return the mean and begin a new window."""
        mean = self.mean
        self.total, self.steps = 0.0, 0
        return mean


@dataclass(slots=True)
class RunCallback(TrainerCallback):
    """Records a run and keeps its best model.

    Attributes:
        model: The model being trained.
        loss: Its loss, which counts tokens.
        record: The log files.
        inputs: Digest of settings and pairs, for the resume point.
        stop: Raised by a signal.
        report: Where progress goes.
        best: The best so far; a resumed run passes its own.
        window: The losses not yet in a row; a resumed run passes its own.
        negatives: Digest of the file of negatives mined while training, for the resume point.
        watch: Looks out for a collapse of the space of vectors.
        patience: Ends a training that gets no better; a resumed run passes its own.
        precision: Of the matrix products, for the resume point.
    """

    model: SentenceTransformer
    loss: TrainingLoss
    record: RunRecord
    inputs: str
    stop: StopFlag
    report: Report
    best: Best = field(default_factory=Best)
    window: LossWindow = field(default_factory=LossWindow)
    negatives: str = ""
    watch: CollapseWatch | None = None
    patience: Patience = field(default_factory=Patience)
    precision: Precision = "fp32"
    _pace: Pace = field(default_factory=Pace)

    def add_loss(self, loss: float) -> None:
        """Take in the loss of a step, before the optimiser acts on it."""
        self.window.total += loss
        self.window.steps += 1

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Start the clock."""
        self._pace.go_on(self.loss.tokens_seen)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Report progress; keep the epoch's model; save and stop if a signal came; measure at the very end.

        The epoch's model is kept here and not at the trainer's end of an epoch: it must be there before
        the state that a continuation starts from.
        """
        self._pace.step(self.loss.tokens_seen)
        values = {"loss": self.window.mean, "tokens/s": self._pace.tokens_per_second}
        self.report(Progress("Training", state.global_step, state.max_steps, "steps", values))
        epoch, within = divmod(state.global_step, state.max_steps // state.num_train_epochs)
        if not within:
            with replaced_folder(self.record.run / f"checkpoint-epoch-{epoch}") as folder:
                save_model(self.model, folder)
        if state.global_step == state.max_steps:
            control.should_log = control.should_save = True
            control.should_evaluate = self.record.eval_examples > 0
        elif self.stop:
            control.should_save = control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Write a training row."""
        if not logs or "loss" not in logs:
            return
        loss = self.window.take_mean()
        rate = self._pace.tokens_per_second
        self.record.metric(
            {
                "epoch": round(state.epoch or 0.0, 4),
                "step": state.global_step,
                "loss": round(loss, 6),
                "learning_rate": float(logs.get("learning_rate", 0.0)),
                "tokens_per_second": round(rate, 1),
            }
        )
        self.record.log(f"step {state.global_step}/{state.max_steps} loss {loss:.4f} {rate:.0f} tokens/s")
        self._write_progress(state)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Write an evaluation row; keep the model if it is the best so far, stop if there was none for too long.

        Raises:
            InputError: A weight is no longer a number.
        """
        self._check_weights(state)
        values = {
            name.removeprefix("eval_"): float(value)
            for name, value in (metrics or {}).items()
            if name.endswith(("mrr", "recall@5", MEAN_COSINE))
        }
        self.record.metric({"epoch": round(state.epoch or 0.0, 4), "step": state.global_step, **values})
        self.report(Measured("dev questions", state.global_step, values))
        metric = values["mrr"]
        self.record.log(f"step {state.global_step} dev mrr {metric:.4f} recall@5 {values['recall@5']:.4f}")
        if self.watch:
            self.watch.look(values.get(MEAN_COSINE), state.global_step)
        better = metric > self.best.metric
        self.patience.take(better=better)
        if better:
            self.best = Best(state.global_step, metric)
            with replaced_folder(self.record.run / BEST) as folder:
                save_model(self.model, folder)
        if self.patience.over:
            control.should_save = control.should_training_stop = True
        self._pace.go_on(self.loss.tokens_seen)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Name the checkpoint just written as the one to go on from.

        Raises:
            InputError: A weight is no longer a number; the checkpoint before stays the one named.
        """
        self._check_weights(state)
        self._write_progress(state)
        point = ResumePoint(
            checkpoint=f"checkpoint-{state.global_step}",
            step=state.global_step,
            inputs=self.inputs,
            best_step=self.best.step,
            best_metric=self.best.metric if self.best.step else 0.0,
            loss_total=self.window.total,
            loss_steps=self.window.steps,
            negatives=self.negatives,
            waited=self.patience.waited,
            precision=self.precision,
            micro_batch=self.loss.micro_batch if isinstance(self.loss, MicroBatched) else 0,
        )
        write_resume_point(self.record.run, point)
        self._pace.go_on(self.loss.tokens_seen)

    def report_early_stop(self, state: TrainerState) -> None:
        """Say that training stopped before its last step because it got no better."""
        message = (
            f"Stopped early at step {state.global_step} of {state.max_steps}: {self.patience.waited} dev evaluations "
            f"brought no better MRR than the {self.best.metric:.4f} of step {self.best.step}."
        )
        self.record.log(message)
        self.report(Notice(message))

    def _check_weights(self, state: TrainerState) -> None:
        for name, value in self.model.named_parameters():
            if value.requires_grad and not torch.isfinite(value).all():
                raise diverged(f"The weights of {name} became infinite or undefined", state.global_step)

    def _write_progress(self, state: TrainerState) -> None:
        self.record.progress(
            completed=False,
            epoch=round(state.epoch or 0.0, 4),
            step=state.global_step,
            best_step=self.best.step,
            best_metric=self.best.metric if self.best.step else 0.0,
        )


def save_model(model: SentenceTransformer, folder: Path) -> None:
    """Save a model as a sentence-transformers folder: safetensors, and no card with training texts in it.

    Low-rank changes are added to the weights. These, which the library writes for the user's eyes only, get the mode
    of the other files.
    """
    with summed(model):
        model.save_pretrained(str(folder), create_model_card=False)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    for weights in folder.rglob("*.safetensors"):
        weights.chmod(stat.S_IMODE((folder / "modules.json").stat().st_mode))
