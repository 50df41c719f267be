"""The library's trainer as this room uses it: no model card, no noise, every loss seen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from torch.nn.parallel import DistributedDataParallel
from transformers import TrainerState
from transformers.trainer import TRAINER_STATE_NAME
from transformers.utils import logging

from embedtune.config.training_settings import Precision, TrainingSettings
from embedtune.errors import InputError
from embedtune.training.batching.batches import ClusterBatchSampler
from embedtune.training.batching.shared_batches import SharedBatchSampler
from embedtune.training.engine.lora import has_adapters, load_learned, save_learned
from embedtune.training.processes.ranks import Ranks
from embedtune.training.steps.callback import RunCallback, save_model
from embedtune.training.steps.divergence import broken_part, diverged, write_failed_batch
from embedtune.training.steps.memory import MemoryRelief
from embedtune.training.steps.optimiser import OPTIMISER, rate_shares, schedule_arguments, split_by_share

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

LOSS_STATE = "loss.safetensors"
_LOG_EVERY = 10
_STATES_KEPT = 2  # the one being written and the one before, which the resume point still names


class LibraryTrainer(SentenceTransformerTrainer):
    """Tells a run each loss, and writes no model card, which would hold training texts.

    Attributes:
        run: Who is told; set before training.
        ranks: The processes that train together.
        layer_decay: How much slower each layer learns than the one above it.
    """

    run: RunCallback
    ranks: Ranks = Ranks()
    layer_decay: float = 1.0

    def training_step(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Do a step, unless its loss or a gradient is not a number.

        The gradients of several processes are averaged here, once a step, and not in DDP's backward pass: a step may
        have several of these, and not as many everywhere.

        Raises:
            InputError: One is not, and the batch lies in the run folder; or memory ran out.
        """
        rows = inputs["label"]
        texts = sum(len(value) for name, value in inputs.items() if name.endswith("input_ids"))
        relief = MemoryRelief(self.loss, model.zero_grad, self.run.report, self.ranks.count)
        loss = relief.run(lambda: self._own_step(model, inputs, num_items_in_batch), texts)
        self.ranks.meet(self.run.stop)
        loss = self.ranks.averaged(self.model.parameters(), loss)
        # In half precision a scaler looks for infinite gradients, and leaves out the step.
        parameters = () if self.accelerator.scaler else self.model.named_parameters()
        broken = broken_part(float(loss), parameters)
        if broken:
            dataset = cast("Dataset", self.train_dataset)
            batch = write_failed_batch(self.run.record.run, dataset[rows.tolist()]) if self.ranks.first else None
            raise diverged(broken, self.state.global_step + 1, batch)
        self.run.add_loss(float(loss))
        return loss

    def _own_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: torch.Tensor | int | None
    ) -> torch.Tensor:
        alone = model.no_sync() if isinstance(model, DistributedDataParallel) else contextlib.nullcontext()
        with alone:
            return super().training_step(model, inputs, num_items_in_batch)

    def get_optimizer_cls_and_kwargs(  # type: ignore[override]
        self, args: SentenceTransformerTrainingArguments, model: SentenceTransformer | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Return the library's choice, its groups divided by layer where layers learn at rates of their own."""
        optimiser, options = super().get_optimizer_cls_and_kwargs(args, model)
        if self.layer_decay < 1:
            shares = rate_shares(self.model, self.layer_decay)
            options["optimizer_dict"] = split_by_share(options["optimizer_dict"], shares, args.learning_rate)
        return optimiser, options

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Add none."""

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ANN401 - the trainer's signature
        if not self.args.should_save:
            return
        save = save_learned if has_adapters(self.model) else save_model
        folder = Path(output_dir or str(self.args.output_dir))
        save(self.model, folder)
        save_file(self.run.loss.state(), folder / LOSS_STATE)

    def trained(self, checkpoint: Path | None) -> TrainerState:
        """Train, from a checkpoint if there is one, and return the state at the end.

        A run that had stopped early, and was interrupted after that, has nothing left to do.
        """
        if checkpoint and self.run.patience.over:
            self._load_from_checkpoint(str(checkpoint))
            self.state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
            return self.state
        with quiet_library():
            self.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        return self.state

    def _load_from_checkpoint(self, checkpoint_path: str) -> None:  # type: ignore[override]
        if has_adapters(self.model):
            load_learned(self.model, Path(checkpoint_path))
        else:
            super()._load_from_checkpoint(checkpoint_path)
        self.run.loss.restore(_loss_state(Path(checkpoint_path) / LOSS_STATE))


def _loss_state(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}, where the run goes on, is missing or damaged.", "Train anew.") from error


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
    sampler: partial[ClusterBatchSampler] | partial[SharedBatchSampler],
    *,
    interval: int,
    measured: bool,
    seed: int,
    device: str,
    precision: Precision = "fp32",
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
        precision: Of matrix products.
    """
    schedule, of_schedule = schedule_arguments(settings)
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(state),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=settings.warmup_steps,
        max_grad_norm=settings.max_grad_norm,
        lr_scheduler_type=schedule,
        lr_scheduler_kwargs=of_schedule,
        optim=OPTIMISER,
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
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        ddp_find_unused_parameters=False,
        dataloader_drop_last=True,  # our samplers drop nothing; several processes are warned without it
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=device == "cuda",
    )
    arguments.ddp_broadcast_buffers = None  # the library's own value brings a warning, and no buffer changes
    arguments._n_gpu = min(1, arguments.n_gpu)  # noqa: SLF001 - a process takes one GPU, not all (DataParallel)
    return arguments
