"""What embedtune does at each step of the trainer: record, keep the best, stop in order."""

from __future__ import annotations

import math
import shutil
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from embedtune.errors import InputError
from embedtune.events import Measured, Progress, Report
from embedtune.files import replaced_folder
from embedtune.training.checkpoints import BEST, ResumePoint, write_resume_point
from embedtune.training.interruption import StopFlag
from embedtune.training.losses import MultipleNegativesRanking
from embedtune.training.recording import RunRecord

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

    def take_mean(self) -> float:
        """Return the mean and begin a new window."""
        mean = self.total / max(1, self.steps)
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
    """

    model: SentenceTransformer
    loss: MultipleNegativesRanking
    record: RunRecord
    inputs: str
    stop: StopFlag
    report: Report
    best: Best = field(default_factory=Best)
    window: LossWindow = field(default_factory=LossWindow)
    negatives: str = ""
    _tokens: int = 0
    _since: float = 0.0

    def add_loss(self, loss: float, step: int) -> None:
        """Take in the loss of a step, before the optimiser acts on it.

        Raises:
            InputError: The loss is no longer a number.
        """
        if not math.isfinite(loss):
            raise _diverged(f"The loss became {loss}", step)
        self.window.total += loss
        self.window.steps += 1

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Start the clock."""
        self._since = time.monotonic()
        self._tokens = self.loss.tokens_seen

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Report progress; keep the epoch's model; save and stop if a signal came; measure at the very end.

        The epoch's model is kept here and not at the trainer's end of an epoch: it must be there before
        the state that a continuation starts from.
        """
        self.report(Progress("Training", state.global_step, state.max_steps, "steps"))
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
        now = time.monotonic()
        rate = (self.loss.tokens_seen - self._tokens) / max(1e-9, now - self._since)
        self._tokens, self._since = self.loss.tokens_seen, now
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
        """Write an evaluation row; keep the model if it is the best so far.

        Raises:
            InputError: A weight is no longer a number.
        """
        self._check_weights(state)
        values = {
            name.removeprefix("eval_"): float(value)
            for name, value in (metrics or {}).items()
            if name.endswith(("mrr", "recall@5"))
        }
        self.record.metric({"epoch": round(state.epoch or 0.0, 4), "step": state.global_step, **values})
        self.report(Measured("dev questions", state.global_step, values))
        metric = values["mrr"]
        self.record.log(f"step {state.global_step} dev mrr {metric:.4f} recall@5 {values['recall@5']:.4f}")
        if metric > self.best.metric:
            self.best = Best(state.global_step, metric)
            with replaced_folder(self.record.run / BEST) as folder:
                save_model(self.model, folder)
        self._since = time.monotonic()

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
        )
        write_resume_point(self.record.run, point)
        self._since = time.monotonic()

    def _check_weights(self, state: TrainerState) -> None:
        for name, value in self.model.named_parameters():
            if value.requires_grad and not torch.isfinite(value).all():
                raise _diverged(f"The weights of {name} became infinite or undefined", state.global_step)

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

    The weights, which the library writes for the user's eyes only, get the mode of the other files.
    """
    model.save_pretrained(str(folder), create_model_card=False)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    for weights in folder.rglob("*.safetensors"):
        weights.chmod(stat.S_IMODE((folder / "modules.json").stat().st_mode))


def _diverged(what: str, step: int) -> InputError:
    return InputError(
        f"{what} at step {step}: training diverged.",
        "Lower training.learning_rate; if it is low already, check that the base model's weights are intact.",
    )
