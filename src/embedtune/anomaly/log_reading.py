"""A log with what was set aside of it, read as it is at one moment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from embedtune.anomaly.log_entries import LogEntry, entries_of
from embedtune.anomaly.log_files import OLDEST, aged
from embedtune.errors import FormatError


def read_log(*paths: Path) -> Iterator[LogEntry]:
    """Yield the entries of logs; of each those of the oldest file first, and no file twice.

    All files are opened before the first is read, the youngest before the older ones: a log that is set aside
    meanwhile grows older, so it is met once more at worst, and never missed. No lock is needed for it.

    Args:
        paths: The logs; the current file of one may be missing, as it is for a moment while it is set aside.

    Raises:
        FormatError: A log cannot be read, or a line is no entry; the message names the line.
    """
    with ExitStack() as stack:
        met: set[tuple[int, int]] = set()
        opened = [found for path in paths for found in reversed(_opened(path, stack, met))]
        for file, stream in opened:
            yield from entries_of(stream, file)


def _opened(path: Path, stack: ExitStack, met: set[tuple[int, int]]) -> list[tuple[Path, BinaryIO]]:
    """Return the files of a log that were not met before, opened, the youngest first."""
    streams: list[tuple[Path, BinaryIO]] = []
    missing = True
    try:
        for file in (path, *(aged(path, age) for age in range(1, OLDEST + 1))):
            with suppress(FileNotFoundError), ExitStack() as own:
                stream = own.enter_context(file.open("rb"))
                missing = False
                found = os.fstat(stream.fileno())
                if (key := (found.st_dev, found.st_ino)) not in met:
                    met.add(key)
                    streams.append((file, stream))
                    stack.push(own.pop_all())
        if missing:
            raise FileNotFoundError(f"there is no file {path.name}")
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read: {error}.", "Give a log of judged queries (`query_log.file`)."
        ) from error
    return streams
