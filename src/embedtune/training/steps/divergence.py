"""Stop when training diverges, and show the batch that it diverged on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from embedtune.errors import InputError
from embedtune.files import write_json_lines

if TYPE_CHECKING:
    from torch import nn

FAILED_BATCH = "failed-batch.jsonl"
_ROW = "label"
_NAMES = {"anchor": "query"}


def broken_part(loss: float, parameters: Iterable[tuple[str, nn.Parameter]]) -> str:
    """Return what of a step is infinite or undefined, for people; empty if all is well.

    Args:
        loss: The step's loss.
        parameters: What learns, by name, with its gradients.
    """
    if not math.isfinite(loss):
        return f"The loss became {loss}"
    gradients = {name: parameter.grad for name, parameter in parameters if parameter.grad is not None}
    if torch.isfinite(torch.nn.utils.get_total_norm(gradients.values())):  # one look; a device is not asked for each
        return ""
    broken = (name for name, gradient in gradients.items() if not torch.isfinite(gradient).all())
    return f"The gradient of {next(broken, 'all weights together')} became infinite or undefined"


def write_failed_batch(run: Path, batch: Mapping[str, Sequence[str | int]]) -> Path:
    """Write the rows of a batch into the run folder, for a person to look at; returns the file.

    Like negatives mined while training, it holds texts of the training data, which may be confidential.

    Args:
        run: The run folder.
        batch: Columns of the data set; see `embedtune.training.batching.columns.PairColumns`.
    """
    path = run / FAILED_BATCH
    write_json_lines(path, (_row(batch, place) for place in range(len(batch[_ROW]))))
    return path


def diverged(what: str, step: int, batch: Path | None = None) -> InputError:
    """Return the error that stops a run.

    Args:
        what: What became infinite or undefined.
        step: In which step.
        batch: The file of its batch.
    """
    look = f" {batch} holds its batch; it is private text." if batch else ""
    return InputError(
        f"{what} at step {step}: training diverged.{look}",
        "Lower training.learning_rate; if it is low already, check that the base model's weights are intact.",
    )


def _row(batch: Mapping[str, Sequence[str | int]], place: int) -> dict[str, str | int]:
    texts = {_NAMES.get(name, name): values[place] for name, values in batch.items() if name != _ROW}
    return {"row": batch[_ROW][place]} | {name: text for name, text in texts.items() if text}
