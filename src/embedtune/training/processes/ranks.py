"""The processes that train together, as torchrun starts them: what they agree on, and how they end together.

Gradients and embeddings travel in torch's default group. Everything else goes through a group of its own, so
that a process in trouble can say so whatever the others are computing: every process comes to the same
meetings, and each meeting tells all of them of a stop or an error of any.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous

from embedtune import errors
from embedtune.config.training_settings import SpeedSettings
from embedtune.errors import EmbedtuneError, InputError
from embedtune.training.processes.interruption import StopFlag

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

_Result = TypeVar("_Result")

_PATIENCE = timedelta(days=7)  # one process measures or averages while the others wait; torchrun ends them if it dies
_LAST_WORD = timedelta(seconds=10)  # others that are deep in a step do not hear it
_MESSAGE_BYTES = 8192
_LETTERS = 600  # of a message and of a remedy, six bytes each at worst
_BUCKET_NUMBERS = 1 << 23
_FLAGS = 8
_TRAININGS = itertools.count()


class _News(IntEnum):
    NONE = 0
    FAILED = 1


@dataclass(frozen=True, slots=True)
class Ranks:
    """The processes of a training, seen from one of them; by default it is alone.

    Attributes:
        index: This one's number.
        count: How many there are.
        local_count: How many of them are on this machine.
    """

    index: int = 0
    count: int = 1
    local_count: int = 1
    _group: ProcessGroup | None = None

    @property
    def first(self) -> bool:
        """Whether this is the one that writes, reports and measures."""
        return self.index == 0

    def meet(self, stop: StopFlag | None = None, flags: int = 0) -> int:
        """Wait for all processes.

        Args:
            stop: Goes up for all where it is up for any.
            flags: What this process has to say, bit by bit.

        Returns:
            The flags of all processes together.

        Raises:
            Exception: Another process failed; `joined` turns it into an error of the same kind.
        """
        if self._group is None:
            return flags
        number = signal.Signals[stop.signal_name].value if stop else 0
        news, number, flags = self._exchanged(_News.NONE, number, flags)
        if news is _News.FAILED:
            self._raise_theirs(None)
        if number and stop is not None:
            stop.signal_name = signal.Signals(number).name
        return flags

    def by_first(self, work: Callable[[], _Result]) -> _Result | None:
        """Have the first process do something while the others wait; returns its result there, ``None`` elsewhere."""
        self.meet()
        result = work() if self.first else None
        self.meet()
        return result

    def share_of(self, speed: SpeedSettings) -> SpeedSettings:
        """Return settings by which the processes of a machine together use what memory and disk one would use."""
        return speed.model_copy(
            update={
                "frozen_cache_mb": speed.frozen_cache_mb // self.local_count,
                "frozen_cache_disk_mb": speed.frozen_cache_disk_mb // self.local_count,
            }
        )

    def averaged(self, parameters: Iterator[nn.Parameter], loss: Tensor) -> Tensor:
        """Replace gradients by their mean over the processes; returns the mean loss.

        Args:
            parameters: Those that learn, in the same order everywhere.
            loss: This process's loss.
        """
        if self._group is None:
            return loss
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        for bucket in _buckets([*gradients, loss := loss.clone()]):
            flat = torch.cat([part.flatten() for part in bucket])
            dist.all_reduce(flat)
            flat /= self.count
            for part, mean in zip(bucket, torch.split(flat, [part.numel() for part in bucket]), strict=True):
                part.copy_(mean.view_as(part))
        return loss

    def tell(self, error: BaseException) -> None:
        """Let the other processes know that this one failed; each of them raises the same at its next meeting."""
        if self._group is None:
            return
        with contextlib.suppress(RuntimeError):  # they may be gone already
            self._exchanged(_News.FAILED, 0, 0, _LAST_WORD)
            self._raise_theirs(error)

    def _exchanged(
        self, news: _News, number: int, flags: int, patience: timedelta = _PATIENCE
    ) -> tuple[_News, int, int]:
        """Return the greatest news and signal number of all processes, and all their flags."""
        bits = [flags >> bit & 1 for bit in range(_FLAGS)]
        words = torch.tensor([news, number, *bits], dtype=torch.int32)
        _wait(dist.all_reduce(words, dist.ReduceOp.MAX, group=self._group, async_op=True), patience)
        told, highest, *bits = words.tolist()
        return _News(told), highest, sum(bit << place for place, bit in enumerate(bits))

    def _raise_theirs(self, own: BaseException | None) -> None:
        """Exchange what went wrong; raise what happened to another process, unless this one has an error of its own."""
        padded = bytearray(_MESSAGE_BYTES)
        if own is not None:
            written = _written(own)
            padded[: len(written)] = written
        notes = [torch.empty(_MESSAGE_BYTES, dtype=torch.uint8) for _ in range(self.count)]
        note = torch.frombuffer(padded, dtype=torch.uint8)
        _wait(dist.all_gather(notes, note, group=self._group, async_op=True), _LAST_WORD)
        if own is not None:
            return
        for index, received in enumerate(notes):
            text = bytes(received.tolist()).rstrip(b"\0")
            if text:
                _raise_written(text, index)


def in_first_process() -> bool:
    """Tell whether this process is the first of those that torchrun started, or alone."""
    return os.environ.get("RANK", "0") == "0"


@contextlib.contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the processes that torchrun started, if it did, for the length of the block.

    All leave the block together: where one fails, the others raise the same error.

    Args:
        device: Where the model trains, as torch names it.

    Raises:
        InputError: Another process ended without a word.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks()
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if device == "cuda":
        torch.cuda.set_device(local)
    strangers = not dist.is_initialized()
    if strangers:
        _introduce("nccl" if device == "cuda" else "gloo")
    group = dist.new_group(backend="gloo", timeout=_PATIENCE)
    ranks = Ranks(dist.get_rank(), count, int(os.environ.get("LOCAL_WORLD_SIZE", str(count))), group)
    try:
        yield ranks
        ranks.meet()
    except _PeerFailedError as error:
        raise error.told from None
    except BaseException as error:
        ranks.tell(error)
        if isinstance(error, RuntimeError) and _is_lost(error):
            raise InputError(
                "Another process of this training ended.", "Its own message says why; train again with --resume."
            ) from error
        raise
    finally:
        if strangers:
            dist.destroy_process_group()


def _introduce(backend: str) -> None:
    """Have torch connect the processes, under names of their own for each training of theirs."""
    store, rank, count = next(rendezvous("env://"))
    named = dist.PrefixStore(f"embedtune-{next(_TRAININGS)}", store)  # type: ignore[attr-defined]
    dist.init_process_group(backend, store=named, rank=rank, world_size=count, timeout=_PATIENCE)


class _PeerFailedError(Exception):
    """Another process failed; ``told`` is what this one raises."""

    def __init__(self, told: Exception) -> None:
        super().__init__(str(told))
        self.told = told


def _written(error: BaseException) -> bytes:
    """Return an error as bytes that fit into a message."""
    if isinstance(error, EmbedtuneError):
        parts = [type(error).__name__, error.message[:_LETTERS], error.remedy[:_LETTERS]]
    else:
        parts = ["", f"{type(error).__name__}: {error}"[:_LETTERS], ""]
    return json.dumps(parts, ensure_ascii=False).encode()


def _raise_written(text: bytes, index: int) -> NoReturn:
    kind, message, remedy = json.loads(text)
    known = getattr(errors, kind, None) if kind else None
    said = f"Process {index}: {message}"
    raise _PeerFailedError(known(said, remedy) if known else RuntimeError(said))


def _wait(work: dist.Work | None, patience: timedelta) -> None:
    if work is not None:
        work.wait(patience)


def _is_lost(error: RuntimeError) -> bool:
    """Tell whether an error is that of a connection to a process that is gone."""
    return isinstance(error, dist.DistError) or "gloo" in str(error) or "Connection" in str(error)


def _buckets(tensors: list[Tensor]) -> Iterator[list[Tensor]]:
    """Yield tensors a few at a time: one message costs less than many, and a copy of all at once too much memory."""
    bucket: list[Tensor] = []
    numbers = 0
    for tensor in tensors:
        if bucket and (numbers + tensor.numel() > _BUCKET_NUMBERS or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket, numbers = [], 0
        bucket.append(tensor)
        numbers += tensor.numel()
    if bucket:
        yield bucket
