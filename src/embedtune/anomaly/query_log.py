"""A log of judged queries: JSON lines, set aside when long, without texts unless they are asked for.

What stands for a text is a hash with a key of the log's own (HMAC-SHA-256): who holds the log alone cannot test whether
some query was asked, and equal queries can still be counted. The key is made with the log and readable by its owner.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from embedtune.anomaly.advisory import Advisory
from embedtune.anomaly.log_entries import MOST_LINE, LogEntry
from embedtune.errors import InputError
from embedtune.locks import sole_holder

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.detectors.unit_vectors import Vectors
    from embedtune.config.anomaly_settings import QueryLogSettings

_KEY_BYTES = 32
_PATIENCE = 5.0  # seconds for another process to end its line
_DECIMALS = 4
_MEGABYTE = 1 << 20


class QueryLog:
    """Appends judged queries to a file; several processes may, by turns.

    Args:
        path: The log; beside it lie its key (``.key``) and the logs set aside (``.1``, the latest, and so on).
        settings: Whether texts are logged, when a log is set aside and how many are kept.

    Raises:
        InputError: The log or its key cannot be written or read.
    """

    def __init__(self, path: Path, settings: QueryLogSettings) -> None:
        self._path = path
        self._settings = settings
        self._key = self._own_key(path.with_name(f"{path.name}.key"))

    def append(
        self,
        detector: AnomalyDetector,
        texts: Sequence[str],
        vectors: Vectors,
        advisories: Sequence[Advisory],
        domains: Sequence[str] | None = None,
    ) -> None:
        """Log judged queries.

        Args:
            detector: What judged them.
            texts: The queries.
            vectors: Their vectors, shape (n, dimension).
            advisories: What was said of each.
            domains: The domain of each, empty for none.

        Raises:
            InputError: The log cannot be written, or another process does not let go of it.
        """
        made = log_entries(detector, texts, vectors, advisories, domains, self._hash)
        kept = made if self._settings.text else (replace(entry, text=None) for entry in made)
        lines = "".join(f"{entry.line()}\n" for entry in kept)
        self._write(lines.encode("utf-8", "replace"))

    def _hash(self, text: str) -> str:
        normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        return hmac.new(self._key, normal.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _write(self, lines: bytes) -> None:
        lock = self._sole()
        try:
            self._set_aside(len(lines))
            with self._path.open("ab+") as stream:
                _drop_cut_line(stream)
                stream.write(lines)
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            lock.release()

    def _sole(self) -> BaseFileLock:
        taken = InputError(f"{self._path} is held by another process.", "Wait for it, or log to another file.")
        return sole_holder(self._path.with_name(f"{self._path.name}.lock"), taken, self._unusable, patience=_PATIENCE)

    def _own_key(self, path: Path) -> bytes:
        """Return the log's key, made on first use."""
        remedy = f"Remove {path}; hashes of older entries then no longer match."
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = self._sole()
            try:
                if not path.exists():
                    _write_key(path)
                key = bytes.fromhex(path.read_text(encoding="ascii").strip())
            finally:
                lock.release()
        except (OSError, ValueError) as error:
            raise InputError(f"The key of {self._path} cannot be used: {error}.", remedy) from error
        if len(key) != _KEY_BYTES:
            raise InputError(f"{path} is no key of a log.", remedy)
        return key

    def _set_aside(self, coming: int) -> None:
        """Begin a new log where this one would become too long; the oldest goes."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if not size or size + coming <= self._settings.megabytes * _MEGABYTE:
            return
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{age}") for age in self._ages())]
        for younger, older in reversed(list(pairwise(names))):
            if younger.exists():
                younger.replace(older)
        if len(names) == 1:
            self._path.unlink()

    def _ages(self) -> range:
        return range(1, self._settings.files)

    def _unusable(self, error: OSError) -> InputError:
        return InputError(
            f"{self._path} cannot be written: {error.strerror or error}.",
            "Check the folder's permissions and the disk's free space.",
        )


def log_entries(
    detector: AnomalyDetector,
    texts: Sequence[str],
    vectors: Vectors,
    advisories: Sequence[Advisory],
    domains: Sequence[str] | None,
    name_of: Callable[[str], str],
) -> list[LogEntry]:
    """Return what a log says of judged queries, texts included.

    Args:
        detector: What judged them.
        texts: The queries.
        vectors: Their vectors, shape (n, dimension).
        advisories: What was said of each.
        domains: The domain of each, empty for none.
        name_of: Gives what stands for a query.
    """
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    sketches = detector.reference.sketch(vectors).round(_DECIMALS).tolist()
    return [
        LogEntry(
            time=now,
            query=name_of(text),
            text=text,
            domain=domain,
            detector=detector.card.digest,
            verdict=advisory.verdict.value,
            p_value=round(advisory.p_value, _DECIMALS),
            rarities={name: round(rarity, _DECIMALS) for name, rarity in advisory.rarities.items()},
            new_words=round(advisory.new_words, _DECIMALS),
            rules=tuple(hit.rule for hit in advisory.rules),
            sketch=tuple(round(number, _DECIMALS) for number in sketch),
            calibrated_on=advisory.calibrated_on,
        )
        for text, domain, advisory, sketch in zip(
            texts, domains or [""] * len(texts), advisories, sketches, strict=True
        )
    ]


def _write_key(path: Path) -> None:
    """Write a new key that its owner alone may read, wholly or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(_KEY_BYTES))
    unfinished.replace(path)


def _drop_cut_line(stream: BinaryIO) -> None:
    """Drop a last line that a crash cut short, so that the next one does not go on within it."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - 1))
    if stream.read() in {b"", b"\n"}:
        return
    begin = stream.seek(max(0, end - MOST_LINE))
    stream.truncate(begin + stream.read().rfind(b"\n") + 1)
