"""Let one process decide, write and report what a callback does at each step, and all others follow it."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from embedtune.training.processes.interruption import StopFlag
from embedtune.training.processes.ranks import Ranks

_DECISIONS = ("should_training_stop", "should_epoch_stop", "should_save", "should_evaluate", "should_log")


@dataclass(slots=True)
class LeadingCallback(TrainerCallback):
    """Runs a callback in the first process only and shares out its decisions.

    What happens there, an error included, happens to all: they meet at the end of each event.

    Attributes:
        inner: The callback.
        ranks: The processes.
        stop: Raised by a signal, in whichever process.
    """

    inner: TrainerCallback
    ranks: Ranks
    stop: StopFlag

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Lead the event."""
        self._lead("on_train_begin", args, state, control, **kwargs)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Tell the batches their epoch: accelerate forgets to in a continued epoch of several processes."""
        shard = getattr(kwargs.get("train_dataloader"), "batch_sampler", None)
        sampler = getattr(shard, "batch_sampler", None)
        if sampler is not None:
            sampler.set_epoch(state.global_step // (state.max_steps // state.num_train_epochs))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Lead the event."""
        self._lead("on_step_end", args, state, control, **kwargs)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        """Lead the event."""
        self._lead("on_log", args, state, control, **kwargs)

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Lead the event."""
        self._lead("on_evaluate", args, state, control, **kwargs)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        """Lead the event, once every process has written its part of the checkpoint."""
        self.ranks.meet(self.stop)
        self._lead("on_save", args, state, control, **kwargs)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        """Lead the event."""
        self._lead("on_train_end", args, state, control, **kwargs)

    def _lead(
        self, event: str, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        if self.ranks.first:
            getattr(self.inner, event)(args, state, control, **kwargs)
        mine = (
            sum(bool(getattr(control, name)) << bit for bit, name in enumerate(_DECISIONS)) if self.ranks.first else 0
        )
        decided = self.ranks.meet(self.stop, mine)
        for bit, name in enumerate(_DECISIONS):
            setattr(control, name, bool(decided >> bit & 1))
