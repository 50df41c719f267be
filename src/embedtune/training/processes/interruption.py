"""Turn Ctrl-C and SIGTERM into an orderly stop: at the next step, or at once where there is nothing to save."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from embedtune.errors import InterruptedRunError


@dataclass(slots=True)
class StopFlag:
    """Whether a stop was asked for, and by which signal.

    Attributes:
        signal_name: The signal; empty: none came.
    """

    signal_name: str = ""
    _at_once: bool = False

    def __bool__(self) -> bool:
        """Return whether a stop was asked for."""
        return bool(self.signal_name)

    @property
    def acts_at_once(self) -> bool:
        """Whether a signal ends the work where it stands."""
        return self._at_once

    def check(self, where: str) -> None:
        """Do nothing, unless a stop was asked for.

        Args:
            where: What was done by then, for the message.

        Raises:
            InterruptedRunError: A stop was asked for.
        """
        if self:
            raise InterruptedRunError(
                f"Stopped by {self.signal_name} {where}.",
                "Run the same command again (train: with --resume) to go on.",
            )

    @contextlib.contextmanager
    def acting_at_once(self, where: str) -> Iterator[None]:
        """Have a signal end the block's work where it stands: what it does can be done again.

        Args:
            where: What was done by then, for the message.

        Raises:
            InterruptedRunError: A stop was asked for, before the block or in it.
        """
        self.check(where)
        before, self._at_once = self._at_once, True
        try:
            yield
        except KeyboardInterrupt:
            self.check(where)
            raise
        finally:
            self._at_once = before
        self.check(where)


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
    heard: list[int] = []  # the flag may be up already because another process heard a signal

    def handle(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        flag.signal_name = signal.Signals(number).name
        if len(heard) > 1:
            signal.signal(number, before[signal.Signals(number)])
        if len(heard) > 1 or flag.acts_at_once:
            raise KeyboardInterrupt

    for number in caught:
        signal.signal(number, handle)
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
