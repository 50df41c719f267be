"""Wait for an answer no longer than one has time for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Value = TypeVar("_Value")


@dataclass(slots=True)
class Job(Generic[_Value]):
    """A call that runs in a thread of its own; several may wait for it."""

    call: Callable[[], _Value]
    done: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False
    value: list[_Value] = field(default_factory=list)
    error: BaseException | None = None

    def run(self) -> None:
        """Make the call, unless nobody waits for it any more."""
        try:
            if not self.abandoned:
                self.value.append(self.call())
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            self.error = error
        self.done.set()

    def result(self, seconds: float | None) -> _Value:
        """Return what the call returns, or raise what it raises; it goes on where it takes longer than one waits.

        Raises:
            TimeoutError: It did not answer in time.
        """
        if not self.done.wait(seconds):
            raise TimeoutError
        if self.error is not None:
            raise self.error
        return self.value[0]


class TimedCalls:
    """Runs calls in threads of its own, which are kept: a library may hold memory for each thread it met.

    What does not answer in time cannot be stopped; it keeps its thread until it ends, and there are only so
    many. The threads do not keep the process alive.

    Args:
        threads: At most so many.
    """

    def __init__(self, threads: int = 8) -> None:
        self._most = threads
        self._queue: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0
        self._threads = 0

    def run(self, call: Callable[[], _Value], seconds: float) -> _Value:
        """Return what a call returns, or raise what it raises.

        Raises:
            TimeoutError: It did not answer in time.
        """
        job = self.start(call)
        try:
            return job.result(seconds)
        finally:
            job.abandoned = True

    def start(self, call: Callable[[], _Value]) -> Job[_Value]:
        """Begin a call and return it."""
        job = Job(call)
        with self._lock:
            self._open += 1
            if self._open > self._threads and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name="embedtune-search").start()
        self._queue.put(job)
        return job

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
