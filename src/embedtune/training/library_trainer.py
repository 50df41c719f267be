"""The library's trainer as this room uses it: no model card, no noise, every loss seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from transformers.utils import logging

from embedtune.config.training_settings import TrainingSettings
from embedtune.errors import ConfigError
from embedtune.training.batches import ClusterBatchSampler
from embedtune.training.callback import RunCallback, save_model

_LOG_EVERY = 10
_STATES_KEPT = 2  # the one being written and the one before, which the resume point still names


class LibraryTrainer(SentenceTransformerTrainer):
    """Tells a run each loss, and writes no model card, which would hold training texts.

    Attributes:
        run: Who is told; set before training.
    """

    run: RunCallback

    def training_step(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Do a step, unless its loss is not a number.

        Raises:
            InputError: It is not.
        """
        loss = super().training_step(model, inputs, num_items_in_batch)
        self.run.add_loss(float(loss), self.state.global_step + 1)
        return loss

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Add none."""

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ANN401 - the trainer's signature
        save_model(self.model, Path(output_dir or str(self.args.output_dir)))


@contextlib.contextmanager
def quiet_library() -> Iterator[None]:
    """Keep the trainer's own warnings off the terminal; what matters of them, embedtune reports."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def training_arguments(
    settings: TrainingSettings,
    state: Path,
    sampler: partial[ClusterBatchSampler],
    *,
    interval: int,
    measured: bool,
    seed: int,
    device: str,
) -> SentenceTransformerTrainingArguments:
    """Return the arguments of a training that saves and measures at the same steps.

    Args:
        settings: How to train.
        state: Folder of the states.
        sampler: Makes the batches.
        interval: Steps from one state to the next.
        measured: Whether there is an evaluator.
        seed: Seed of batches and dropout.
        device: Where to train, as torch names it.
    """
    return SentenceTransformerTrainingArguments(
        output_dir=str(state),
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
        save_total_limit=_STATES_KEPT,
        logging_strategy="steps",
        logging_steps=_LOG_EVERY,
        logging_nan_inf_filter=False,
        seed=seed,
        data_seed=seed,
        use_cpu=device == "cpu",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=device == "cuda",
    )


def resolve_device(name: str) -> str:
    """Return the torch device of a setting; ``auto`` takes a GPU where there is one.

    Raises:
        ConfigError: This machine has no such device.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device, there in present.items() if there)
    if not present.get(name, False):
        raise ConfigError(
            f"This machine has no {name} device that torch can use.", "Set training.device to auto or cpu."
        )
    return name
