"""Turn Ctrl-C and SIGTERM into an orderly stop at the next step."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class StopFlag:
    """Whether a stop was asked for, and by which signal."""

    signal_name: str = ""

    def __bool__(self) -> bool:
        """Return whether a stop was asked for."""
        return bool(self.signal_name)


@contextlib.contextmanager
def orderly_stop() -> Iterator[StopFlag]:
    """Catch SIGINT and SIGTERM for the length of the block and raise a flag instead.

    A second signal acts at once. Outside the main thread, where Python allows no handlers, the block
    runs without.
    """
    flag = StopFlag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    caught = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in caught}

    def handle(number: int, _frame: FrameType | None) -> None:
        if flag:
            signal.signal(number, before[signal.Signals(number)])
            raise KeyboardInterrupt
        flag.signal_name = signal.Signals(number).name

    for number in caught:
        signal.signal(number, handle)
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
