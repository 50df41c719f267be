"""The highest counter that this user has seen of each channel, so that an old pointer is told from a new one.

Somebody who can write to a registry can put back an old pointer, signature and all, and cut off the log behind
it. Nothing in the registry shows that; what was seen before does (as in The Update Framework, section 5.3).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from embedtune.files import short_digest


class SeenCounters:
    """Remembers counters as names of empty files, which no two processes can mix up.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def highest(self, registry: str, channel: str) -> int:
        """Return the highest counter seen of a channel, 0 if none.

        Args:
            registry: What the registry is known by.
            channel: The channel.
        """
        try:
            names = [path.name for path in self._place(registry, channel).iterdir()]
        except OSError:
            return 0
        return max((int(name) for name in names if name.isdigit()), default=0)

    def remember(self, registry: str, channel: str, counter: int) -> None:
        """Note a counter; a cache that cannot be written remembers nothing.

        Args:
            registry: What the registry is known by.
            channel: The channel.
            counter: The counter of its pointer.
        """
        place = self._place(registry, channel)
        with contextlib.suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            (place / str(counter)).touch()
            for path in place.iterdir():
                if path.name.isdigit() and int(path.name) < counter:
                    path.unlink(missing_ok=True)

    def _place(self, registry: str, channel: str) -> Path:
        return self._folder / f"{short_digest(registry)}-{channel}"
