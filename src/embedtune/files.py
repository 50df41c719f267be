"""Files that are whole or absent: atomic writes, digests, canonical JSON.

Every output of embedtune is written beside its target under a temporary name, flushed to the disk
and renamed, so that a crash leaves the old file or the new one and never half of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from embedtune.errors import InputError

_JsonScalar = str | int | float | bool | None
JsonValue = _JsonScalar | list["JsonValue"] | dict[str, "JsonValue"]

_CHUNK_BYTES = 1 << 20
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@contextlib.contextmanager
def atomic_writer(path: Path) -> Iterator[IO[str]]:
    """Open a UTF-8 text file that appears under ``path`` only when the block ends well.

    Args:
        path: The final path; its folder is made if needed.

    Yields:
        A writable text stream.

    Raises:
        InputError: The file cannot be written (no permission, disk full).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_UMASK)
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        if error.filename not in {None, temporary, str(path)}:
            raise  # the caller's own trouble with another file
        raise _not_writable(path, error) from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, wholly or not at all."""
    with atomic_writer(path) as stream:
        stream.write(text)


def write_json(path: Path, value: object) -> None:
    """Write ``value`` to ``path`` as indented JSON with sorted keys, wholly or not at all."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")


def write_json_lines(path: Path, rows: Iterable[object]) -> None:
    """Write one JSON object a line to ``path``, wholly or not at all. Key order is the rows' own."""
    with atomic_writer(path) as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def whole_lines_end(stream: BinaryIO) -> int:
    """Return where the last whole line of a stream ends: what a crash has cut short comes after it."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - 1))
    if stream.read() in {b"", b"\n"}:
        return end
    while end:
        begin = stream.seek(max(0, end - _CHUNK_BYTES))
        if (found := stream.read(end - begin).rfind(b"\n")) >= 0:
            return begin + found + 1
        end = begin
    return 0


def read_json(path: Path) -> JsonValue:
    """Read a JSON file.

    Raises:
        InputError: The file is missing, not UTF-8 or not JSON; the message names the line.
    """
    try:
        value: JsonValue = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist.", "Check the path.") from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Mend the file at that place.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Check the path and its encoding (UTF-8).") from error
    return value


def canonical_json(value: object) -> bytes:
    """Return the one byte string that stands for ``value``: sorted keys, no spaces, UTF-8.

    Two equal values give equal bytes, so the digest of the bytes identifies the value.
    """
    return _CANONICAL.encode(value).encode()


def digest_bytes(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as ``sha256:<64 hex digits>``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def digest_value(value: object) -> str:
    """Return the digest of a JSON-like value, by way of its canonical JSON."""
    return digest_bytes(canonical_json(value))


def short_digest(value: object) -> str:
    """Return the first 16 hex digits of `digest_value`: a name for a value, or the seed of a draw."""
    return digest_value(value).removeprefix("sha256:")[:16]


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, read in chunks, as ``sha256:<64 hex digits>``."""
    state = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            state.update(chunk)
    return f"sha256:{state.hexdigest()}"


def digest_tree(folder: Path) -> str:
    """Return one digest over the relative paths and contents of all files below ``folder``."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest_value([[path.relative_to(folder).as_posix(), digest_file(path)] for path in files])


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a rename in it survives a power cut."""
    _sync(folder)


@contextlib.contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """Fill a temporary folder beside ``target`` that becomes ``target`` when the block ends well.

    An existing non-empty ``target`` is left untouched and reported by the rename itself, so that
    two processes cannot both win.

    Yields:
        The temporary folder, empty.

    Raises:
        FileExistsError: ``target`` already exists and is not empty.
        InputError: The folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise _not_writable(target, error) from error
    try:
        yield staging
        staging.chmod(0o777 & ~_UMASK)
        try:
            os.rename(staging, target)
        except OSError as error:
            if target.exists():
                raise FileExistsError(str(target)) from error
            raise _not_writable(target, error) from error
        sync_folder(target.parent)
    finally:
        if staging.exists():
            shutil.rmtree(staging, ignore_errors=True)


def seal_folder(folder: Path, mode: int) -> None:
    """Flush a folder with all it holds to the disk, and take everybody's write permission.

    Args:
        folder: The folder.
        mode: Permission bits; its files and folders become as readable as these say.
    """
    for directory, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(directory, name)
            _sync(path)
            path.chmod(mode & 0o444)
        sync_folder(Path(directory))
        os.chmod(directory, mode & 0o555)


def remove_sealed(folder: Path) -> None:
    """Remove a folder whose files and folders may not be written; one that is gone is no error.

    Raises:
        OSError: It cannot be removed.
    """
    with contextlib.suppress(FileNotFoundError):
        for directory, _, _ in os.walk(folder):
            os.chmod(directory, 0o700)
        shutil.rmtree(folder)


@contextlib.contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Fill a new folder that takes the place of ``target`` when the block ends well.

    The old folder is moved aside first; `recover_folder` puts it back if the process died between.
    """
    staging = target.with_name(f".{target.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
        retired = target.with_name(f".{target.name}.retired")
        shutil.rmtree(retired, ignore_errors=True)
        if target.exists():
            os.rename(target, retired)
        try:
            os.rename(staging, target)
        except OSError:
            recover_folder(target)
            raise
        shutil.rmtree(retired, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def recover_folder(target: Path) -> None:
    """Put back a folder that was moved aside by a process that died."""
    retired = target.with_name(f".{target.name}.retired")
    if retired.is_dir() and not target.exists():
        os.rename(retired, target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_umask() -> int:
    """Return the process's file mask; reading it means setting it, so it is read once, at import."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _read_umask()


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be written: {error.strerror or error}.",
        "Check the permissions of the folder and the free space of the disk; nothing was changed.",
    )
