"""Where a training runs, and how precisely it computes there."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from embedtune.config.training_settings import Precision
from embedtune.errors import ConfigError
from embedtune.events import Alert, Report

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_ROWS = 256  # tokens of a probe: slow emulation of a half precision must not take seconds
_TIMES = 15
_NARROW = 256  # numbers of a token's state: below, there is little to gain and no telling by the clock
_CLEARLY_FASTER = 0.67  # of the time in fp32: native bf16 takes half, emulated several times as long


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


def resolve_precision(setting: Precision, device: str, width: int, report: Report) -> Precision:
    """Return the precision of a setting; ``auto`` takes bf16 where a probe shows that it is clearly faster.

    Args:
        setting: The setting.
        device: Where the model trains, as torch names it.
        width: Numbers of a token's state in the model, which decides the size of its matrix products.
        report: Told where a precision that was asked for is slower.

    Raises:
        ConfigError: The device does not have that precision.
    """
    if setting == "fp32":
        return setting
    half: Precision = "bf16" if setting == "auto" else setting
    if not _has(half, device):
        if setting == "auto":
            return "fp32"
        raise ConfigError(f"{half} cannot be trained with on this {device} device.", "Set training.precision to auto.")
    faster = width >= _NARROW and _clearly_faster(half, device, width)
    if setting == "auto":
        return half if faster else "fp32"
    if not faster:
        report(
            Alert(f"training.precision asks for {half}, which is not clearly faster than fp32 on this {device} device.")
        )
    return half


def seconds_of_products(precision: Precision, device: str, width: int) -> float:
    """Return how long the two matrix products of a feed-forward layer take.

    Args:
        precision: Of both factors.
        device: Where, as torch names it.
        width: Numbers of a token's state.
    """
    dtype = _DTYPES[precision]
    tokens = torch.ones(_ROWS, width, dtype=dtype, device=device)
    up = torch.ones(width, 4 * width, dtype=dtype, device=device)
    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    (tokens @ up) @ up.T
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _clearly_faster(half: Precision, device: str, width: int) -> bool:
    """Tell whether a half precision is clearly faster; both take turns, so that other work on the machine hits both."""
    best_half = best_full = float("inf")
    for _ in range(_TIMES):
        best_half = min(best_half, seconds_of_products(half, device, width))
        best_full = min(best_full, seconds_of_products("fp32", device, width))
    return best_half < _CLEARLY_FASTER * best_full


def computing_in(precision: Precision, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a block in which matrix products have a precision, as they have for the trainer."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, _DTYPES[precision])


@contextlib.contextmanager
def forward_to_wrap(model: SentenceTransformer) -> Iterator[None]:
    """Let the trainer wrap a model's forward pass for mixed precision, and take that off again after the block.

    accelerate takes the function out of a bound method and binds it to the model, which would lose the object
    of a forward pass that was put in the model's place.
    """
    own = model.__dict__.get("forward")
    model.forward = functools.partial(model.forward)  # type: ignore[method-assign]
    try:
        yield
    finally:
        model.__dict__.pop("_original_forward", None)
        model.__dict__.pop("forward")
        if own is not None:
            model.forward = own  # type: ignore[method-assign]


def _has(precision: Precision, device: str) -> bool:
    """Tell whether torch and the trainer can train with a half precision on a device."""
    if device == "cuda":
        return precision == "fp16" or torch.cuda.is_bf16_supported(including_emulation=False)
    return device == "cpu" and precision == "bf16"
