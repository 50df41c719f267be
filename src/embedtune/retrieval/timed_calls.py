"""Wait for an answer no longer than one has time for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Value = TypeVar("_Value")


@dataclass(slots=True)
class _Job:
    call: Callable[[], None]
    done: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False
    error: BaseException | None = None

    def run(self) -> None:
        try:
            if not self.abandoned:
                self.call()
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            self.error = error
        self.done.set()


class TimedCalls:
    """Runs calls in threads of its own, which are kept: a library may hold memory for each thread it met.

    What does not answer in time cannot be stopped; it keeps its thread until it ends, and there are only so
    many. The threads do not keep the process alive.

    Args:
        threads: At most so many.
    """

    def __init__(self, threads: int = 8) -> None:
        self._most = threads
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0
        self._threads = 0

    def run(self, call: Callable[[], _Value], seconds: float) -> _Value:
        """Return what a call returns, or raise what it raises.

        Raises:
            TimeoutError: It did not answer in time.
        """
        value: list[_Value] = []
        job = _Job(lambda: value.append(call()))
        with self._lock:
            self._open += 1
            if self._open > self._threads and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name="embedtune-search").start()
        self._queue.put(job)
        if not job.done.wait(seconds):
            job.abandoned = True
            raise TimeoutError
        if job.error is not None:
            raise job.error
        return value[0]

    def close(self) -> None:
        """Let the threads end when they have nothing to do."""
        with self._lock:
            for _ in range(self._threads):
                self._queue.put(None)
            self._threads = 0

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            job.run()
            with self._lock:
                self._open -= 1
