"""The files of a log: the current one, those set aside, and the key; only their owner may read them."""

from __future__ import annotations

import os
import re
import secrets
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.anomaly.log_entries import MOST_LINE, is_entry
from embedtune.errors import InputError
from embedtune.files import whole_lines_end
from embedtune.locks import held, lock_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from embedtune.config.anomaly_settings import QueryLogSettings

KEY_BYTES = 32
_PATIENCE = 2.0  # seconds for another process to end its line; advice waits as long
_MEGABYTE = 1 << 20
_PRIVATE = 0o600
_OTHERS = 0o077
OLDEST = 999
"""The greatest age of a log that was set aside: what `query_log.files` allows."""

_AGE = re.compile(r"[1-9]\d{0,2}")  # a name with a date in it is somebody else's


class LogFiles:
    """Writes the files of a log; several processes may, by turns.

    Args:
        path: The log; beside it lie its key (``.key``) and the logs set aside (``.1``, the latest, and so on).
        settings: When a log is set aside and how many are kept.

    Raises:
        InputError: The log or its key cannot be written or read, or a file of that name is somebody else's.
    """

    def __init__(self, path: Path, settings: QueryLogSettings) -> None:
        self._path = path
        self._settings = settings
        self._lock = lock_file(path.with_name(f"{path.name}.lock"), patience=_PATIENCE)
        key = path.with_name(f"{path.name}.key")
        self._refuse_foreign(key)
        self.key = self._own_key(key)

    def append(self, lines: bytes) -> None:
        """Append whole lines.

        Raises:
            InputError: The log cannot be written, or another process does not let go of it.
        """
        lock = self._sole()
        try:
            self._set_aside(len(lines))
            with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _PRIVATE), "ab+") as stream:
                stream.truncate(whole_lines_end(stream))
                stream.write(lines)
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            lock.release()

    def _sole(self) -> BaseFileLock:
        taken = InputError(f"{self._path} is held by another process.", "Wait for it, or log to another file.")
        return held(self._lock, taken, self._unusable)

    def _refuse_foreign(self, key: Path) -> None:
        """Refuse to cut and to remove files that are no log; the key is older than the first entry of one that is."""
        try:
            files = (self._path, *(aged(self._path, age) for age in _ages(self._path)))
            foreign = next((file for file in files if _is_foreign(file)), None)
        except OSError as error:
            raise self._unusable(error) from error
        if foreign and not key.exists():
            raise InputError(f"{foreign} is no log of judged queries.", "Log to another file; this one is left alone.")

    def _own_key(self, path: Path) -> bytes:
        """Return the log's key, made on first use; logs that the settings no longer keep go."""
        remedy = f"Remove {path}; hashes of older entries then no longer match."
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._sole()
            try:
                if not path.exists():
                    _write_key(path)
                key = bytes.fromhex(path.read_text(encoding="ascii").strip())
                if len(key) != KEY_BYTES:
                    raise InputError(f"{path} is no key of a log.", remedy)
                self._remove_oldest()
                self._make_private(path)
            finally:
                lock.release()
        except (OSError, ValueError) as error:
            raise InputError(f"The key of {self._path} cannot be used: {error}.", remedy) from error
        return key

    def _set_aside(self, coming: int) -> None:
        """Begin a new log where this one would become too long; the oldest goes."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if not size or size + coming <= self._settings.megabytes * _MEGABYTE:
            return
        names = [self._path, *(aged(self._path, age) for age in range(1, self._settings.files))]
        for younger, older in reversed(list(pairwise(names))):
            if younger.exists():
                younger.replace(older)
        if len(names) == 1:
            self._path.unlink()

    def _remove_oldest(self) -> None:
        for age in _ages(self._path):
            if age >= self._settings.files:
                aged(self._path, age).unlink(missing_ok=True)

    def _make_private(self, key: Path) -> None:
        """Take from others what a copy, or a hand, has given them."""
        try:
            for file in (key, self._path, *(aged(self._path, age) for age in _ages(self._path))):
                if file.is_file() and file.stat().st_mode & _OTHERS:
                    file.chmod(_PRIVATE)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> InputError:
        return InputError(
            f"{self._path} cannot be written: {error.strerror or error}.",
            "Check the folder's permissions and the disk's free space.",
        )


def aged(path: Path, age: int) -> Path:
    """Return the file of a log that was set aside, 1 for the latest."""
    return path.with_name(f"{path.name}.{age}")


def _ages(path: Path) -> list[int]:
    """Return the ages of the logs that were set aside, the latest first."""
    begin = f"{path.name}."
    try:
        ends = [file.name.removeprefix(begin) for file in path.parent.iterdir() if file.name.startswith(begin)]
    except OSError:
        return []
    return sorted(int(end) for end in ends if _AGE.fullmatch(end))


def _is_foreign(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        first = stream.readline(MOST_LINE)
    return bool(first) and not is_entry(first)


def _write_key(path: Path) -> None:
    """Write a new key that its owner alone may read, wholly or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(unfinished, flags, _PRIVATE), "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(KEY_BYTES))
    unfinished.replace(path)
