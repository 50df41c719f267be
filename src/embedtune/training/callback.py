"""What embedtune does at each step of the trainer: record, keep the best, stop in order."""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from embedtune.errors import EmbedtuneError
from embedtune.events import Measured, Progress, Report
from embedtune.files import replaced_folder
from embedtune.training.checkpoints import BEST, ResumePoint, write_resume_point
from embedtune.training.interruption import StopFlag
from embedtune.training.recording import RunRecord

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from embedtune.training.losses import MultipleNegativesRanking

PRIMARY = "eval_mrr"


@dataclass(slots=True)
class Best:
    """The best dev metric so far and its step; step 0 means that nothing was measured yet."""

    step: int = 0
    metric: float = -math.inf


@dataclass(slots=True)
class RunCallback(TrainerCallback):  # type: ignore[misc]
    """Records a run and keeps its best model.

    Attributes:
        model: The model being trained.
        loss: Its loss, which counts tokens.
        record: The log files.
        inputs: Digest of settings and pairs, for the resume point.
        stop: Raised by a signal.
        report: Where progress goes.
        best: The best so far; a resumed run passes its own.
    """

    model: SentenceTransformer
    loss: MultipleNegativesRanking
    record: RunRecord
    inputs: str
    stop: StopFlag
    report: Report
    best: Best = field(default_factory=Best)
    _tokens: int = 0
    _since: float = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Start the clock."""
        self._since = time.monotonic()
        self._tokens = self.loss.tokens_seen

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Report progress; save and stop if a signal came; measure and save at the very end."""
        self.report(Progress("Training", state.global_step, state.max_steps, "steps"))
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
        """Write a training row.

        Raises:
            EmbedtuneError: The loss is no longer a number.
        """
        if not logs or "loss" not in logs:
            return
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise EmbedtuneError(
                f"The loss became {loss} at step {state.global_step}.",
                "Lower learning_rate; the last checkpoint is intact.",
            )
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
        self._write_progress(state, completed=False)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Write an evaluation row; keep the model if it is the best so far."""
        values = {
            name.removeprefix("eval_"): float(value)
            for name, value in (metrics or {}).items()
            if name.endswith(("mrr", "recall@5"))
        }
        self.record.metric({"epoch": round(state.epoch or 0.0, 4), "step": state.global_step, **values})
        self.report(Measured("dev questions", state.global_step, values))
        metric = values[PRIMARY.removeprefix("eval_")]
        self.record.log(f"step {state.global_step} dev mrr {metric:.4f} recall@5 {values['recall@5']:.4f}")
        if metric > self.best.metric:
            self.best = Best(state.global_step, metric)
            with replaced_folder(self.record.run / BEST) as folder:
                save_model(self.model, folder)
        self._since = time.monotonic()

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Name the checkpoint just written as the one to go on from."""
        point = ResumePoint(
            f"checkpoint-{state.global_step}",
            state.global_step,
            self.inputs,
            self.best.step,
            self.best.metric if self.best.step else -1.0,
        )
        self._write_progress(state, completed=False)
        write_resume_point(self.record.run, point)
        self._since = time.monotonic()

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Keep the model of each finished epoch."""
        epoch = round(state.epoch or 0)
        if self.stop or epoch < 1:
            return
        with replaced_folder(self.record.run / f"checkpoint-epoch-{epoch}") as folder:
            save_model(self.model, folder)

    def _write_progress(self, state: TrainerState, *, completed: bool) -> None:
        self.record.progress(
            completed=completed,
            epoch=round(state.epoch or 0.0, 4),
            step=state.global_step,
            best_step=self.best.step,
            best_metric=self.best.metric if self.best.step else 0.0,
        )


def save_model(model: SentenceTransformer, folder: Path) -> None:
    """Save a model as a sentence-transformers folder: safetensors, and no card with training texts in it."""
    model.save_pretrained(str(folder), create_model_card=False)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
