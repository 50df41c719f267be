"""The bytes of a file, up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.errors import DocumentError

if TYPE_CHECKING:
    from pathlib import Path


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the bytes of a file that is no longer than ``limit`` bytes.

    Raises:
        DocumentError: The file is missing, cannot be read or is longer.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}.", "Check the path and permissions.") from error
    if len(data) > limit:
        raise DocumentError(f"{path} is larger than {limit >> 20} MiB.", "Split it, or leave it out.")
    return data
