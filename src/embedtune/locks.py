"""Files that one process at a time may hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock


def sole_holder(
    path: Path,
    taken: Exception,
    unusable: Callable[[OSError], Exception],
    *,
    any_thread: bool = False,
    patience: float = 0.0,
) -> BaseFileLock:
    """Return a lock file, held; it goes with the process that holds it, however that ends.

    Args:
        path: The lock file; its folder is made where it is missing.
        taken: Raised where another process holds it.
        unusable: Makes what is raised where it cannot be written.
        any_thread: Whether another thread than this one may let go of it.
        patience: Seconds to wait for another process to let go.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=patience, thread_local=not any_thread)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise taken from None
    except OSError as error:
        raise unusable(error) from error
    return lock
