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
    return held(lock_file(path, any_thread=any_thread, patience=patience), taken, unusable)


def lock_file(path: Path, *, any_thread: bool = False, patience: float = 0.0) -> BaseFileLock:
    """Return a lock file, not held: for who holds it again and again; see `sole_holder`."""
    from filelock import FileLock

    return FileLock(path, timeout=patience, thread_local=not any_thread)


def held(lock: BaseFileLock, taken: Exception, unusable: Callable[[OSError], Exception]) -> BaseFileLock:
    """Return the lock file, held; see `sole_holder`."""
    from filelock import Timeout

    try:
        lock.acquire()
    except Timeout:
        raise taken from None
    except OSError as error:
        raise unusable(error) from error
    return lock
