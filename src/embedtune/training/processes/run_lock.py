"""Let one training write into a run folder at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from embedtune.errors import InputError
from embedtune.locks import sole_holder


@contextlib.contextmanager
def sole_training(run: Path) -> Iterator[None]:
    """Hold a run folder while the block lasts.

    A training that was told to stop still saves its state; one that goes on from there must not begin before.
    The lock lies beside the folder and goes with the process that holds it, however that ends.

    Args:
        run: The run folder; it need not exist.

    Raises:
        InputError: Another training holds it, or the lock cannot be written.
    """
    lock = sole_holder(
        run.with_name(f".{run.name}.lock"),
        InputError(
            f"Another training is writing into {run}.", "Wait until it has ended, or train into another folder."
        ),
        lambda error: InputError(
            f"{run} cannot be written: {error.strerror or error}.", "Check permissions, or train into another folder."
        ),
    )
    try:
        yield
    finally:
        # Removed while it is held: whoever opened it in between sees that it guards no name any more, and is refused.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
