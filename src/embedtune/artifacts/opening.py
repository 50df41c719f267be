"""Open the place of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.artifacts.places import local_folder, refuse_credentials
from embedtune.artifacts.storage import LocalStorage

if TYPE_CHECKING:
    from pathlib import Path

    from embedtune.artifacts.registry_storage import RegistryStorage
    from embedtune.events import Report

_S3 = "s3://"


def open_storage(place: str | Path, report: Report) -> RegistryStorage:
    """Return the storage of a registry; nothing is read or asked yet.

    Args:
        place: A folder, ``file:///…``, ``s3://bucket/prefix``, or a URL that fsspec knows.
        report: Told where the store cannot keep two publishers apart.

    Raises:
        InputError: The URL is none that a registry can have.
        UnavailableError: What speaks to that store is not installed.
    """
    folder = local_folder(place)
    if folder is not None:
        return LocalStorage(folder)
    from embedtune.artifacts.remote.object_storage import ObjectStorage

    url = str(place).rstrip("/")
    refuse_credentials(url)
    if url.startswith(_S3):
        from embedtune.artifacts.remote.s3 import S3Objects

        return ObjectStorage(S3Objects(url), report)
    from embedtune.artifacts.remote.fsspec_objects import FsspecObjects

    return ObjectStorage(FsspecObjects(url), report)
