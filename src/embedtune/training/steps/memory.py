"""Go on when memory runs out: repeat the step with less at once."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from embedtune.errors import InputError
from embedtune.events import Alert, Report

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")  # CUDA and MPS; CPU on Linux; on Windows


@runtime_checkable
class MicroBatched(Protocol):
    """A loss that gives the same value and gradients however many texts the model runs on at a time.

    Attributes:
        micro_batch: So many texts; 0: all of a batch. It may be changed between two steps.
    """

    micro_batch: int


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out: torch has no common type for all devices."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS)


@dataclass(frozen=True, slots=True)
class MemoryRelief:
    """Does steps, and those that run out of memory again with half as many texts at a time.

    The loss and its gradients stay what they are (see `embedtune.training.losses.cached`), and so does the random
    state that the step begins with.

    Attributes:
        loss: The loss.
        clear: Throws away the gradients of a step that failed.
        report: Told of each halving.
        processes: How many processes train together. Where there are several, a step is not repeated: the others
            wait for this one's embeddings in the middle of theirs.
    """

    loss: object
    clear: Callable[[], None]
    report: Report
    processes: int = 1

    def run(self, step: Callable[[], Tensor], texts: int) -> Tensor:
        """Return what a step returns.

        Args:
            step: Computes loss and gradients; may be called again.
            texts: How many texts it embeds.

        Raises:
            InputError: Memory ran out with one text at a time.
        """
        generators = _GeneratorStates.now()
        while True:
            try:
                return step()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                message = str(error).strip().partition("\n")[0]
            # outside of the clause, where the error with its frames, and so with the step's tensors, is gone
            self.clear()
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self._halve(message, texts)
            generators.restore()

    def _halve(self, message: str, texts: int) -> None:
        if self.processes > 1 or not isinstance(self.loss, MicroBatched) or min(texts, self.loss.micro_batch or 2) < 2:  # noqa: PLR2004
            raise InputError(
                f"A training step ran out of memory: {message}",
                "Lower training.batch_size, training.max_seq_length or training.train_layers, or train with "
                '`loss = "cached_multiple_negatives_ranking"` and a small training.micro_batch.',
            )
        self.loss.micro_batch = min(self.loss.micro_batch or texts, texts) // 2
        self.report(
            Alert(
                "Memory ran out: from here on the model runs on "
                f"{self.loss.micro_batch} texts at a time, which is slower and gives the same loss."
            )
        )


@dataclass(frozen=True, slots=True)
class _GeneratorStates:
    """The random numbers that torch will draw next."""

    cpu: Tensor
    cuda: Tensor | None

    @classmethod
    def now(cls) -> _GeneratorStates:
        cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
        return cls(torch.get_rng_state(), cuda)

    def restore(self) -> None:
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda)
