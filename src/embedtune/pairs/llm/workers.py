"""A fixed number of threads that work through jobs, and can be stopped."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class Workers(Generic[_Job, _Result]):
    """Runs a function over jobs in threads; results come as they are ready.

    The threads are daemons: a second Ctrl-C ends the process even while an answer is outstanding, where
    those of `concurrent.futures` would be waited for.

    Args:
        work: What is done with a job. What it raises is raised by `results`.
        jobs: Taken one by one, in order.
        count: How many threads.
    """

    def __init__(self, work: Callable[[_Job], _Result], jobs: Iterable[_Job], count: int) -> None:
        self._work = work
        self._jobs = iter(jobs)
        self._jobs_lock = threading.Lock()
        self._done: queue.SimpleQueue[_Result | _Crash | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(count)]

    def results(self) -> Iterator[_Result]:
        """Start the threads and yield what they return, in the order of completion.

        Raises:
            Exception: The first that the work raises.
        """
        for thread in self._threads:
            thread.start()
        at_work = len(self._threads)
        while at_work:
            result = self._done.get()
            if isinstance(result, _Crash):
                raise result.error
            if result is None:
                at_work -= 1
            else:
                yield result

    def finish(self) -> None:
        """Let every thread end the job in its hands, and take no other."""
        self._stopped.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _serve(self) -> None:
        try:
            while not self._stopped.is_set():
                with self._jobs_lock:
                    job = next(self._jobs, None)
                if job is None:
                    return
                self._done.put(self._work(job))
        except Exception as error:  # noqa: BLE001 - raised again where the results are taken
            self._done.put(_Crash(error))
        finally:
            self._done.put(None)


class _Crash:
    def __init__(self, error: Exception) -> None:
        self.error = error
