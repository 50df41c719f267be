"""Say it plainly when the disk is full, in whichever way a library tells."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError

from embedtune.errors import InputError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SIGNS = (*(f"os error {number}" for number in _FULL), "PytorchStreamWriter", "inline_container")  # safetensors, torch


@contextlib.contextmanager
def room_for(run: Path) -> Iterator[None]:
    """Stop in order when there is no room for what the block writes into a run folder.

    Args:
        run: The run folder; the state named in it stays as it was, for a checkpoint is named when it is whole.

    Raises:
        InputError: The disk is full.
    """
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        if not is_disk_full(error):
            raise
        raise InputError(
            f"There is no room on the disk for what the training writes into {run}.",
            "Make room and run the same command again (train: with --resume): it goes on from the checkpoint before.",
        ) from error


def is_disk_full(error: Exception) -> bool:
    """Tell whether an error says that a file could not be written for want of room."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    return any(sign in str(error) for sign in _SIGNS)
