"""From the place of an index, a folder or an address, to the store that keeps it."""

from __future__ import annotations

import os
from pathlib import Path

from embedtune.artifacts.cache_folder import default_cache_folder
from embedtune.endpoints.address import key_from
from embedtune.files import short_digest
from embedtune.index.folder_store import FolderStore
from embedtune.index.server_connection import ServerConnection
from embedtune.index.server_store import ServerStore
from embedtune.pipeline.project import Project

STAGE = "index"
FOLDER = "corpus"
_ADDRESSES = ("http://", "https://")
_MIRRORS = "servers"


def default_store(project: Project) -> Path:
    """Return where the project's own index lies."""
    return project.workspace.folder(STAGE) / FOLDER


def open_store(
    project: Project, place: str | Path | None = None, *, searching: bool = False
) -> FolderStore | ServerStore:
    """Return the store at a place; nothing is read yet.

    Args:
        project: The project; its settings say how a server is asked.
        place: A folder, or the address of a Qdrant server; the project's own folder by default.
        searching: Whether somebody waits for answers: a server then has the time of a search, and no second try.

    Raises:
        InputError: The address is none, or the client library is missing.
        ConfigError: The key cannot be used.
    """
    if place is None or not str(place).startswith(_ADDRESSES):
        return FolderStore(Path(place) if place else default_store(project))
    settings = project.config.index
    url = str(place).rstrip("/")
    key = key_from(os.environ, settings.api_key_env, "index.api_key_env")
    seconds = min(settings.timeout_seconds, project.config.search.timeout_seconds)
    connection = ServerConnection.open(
        url, key, seconds if searching else settings.timeout_seconds, 0 if searching else settings.max_retries
    )
    mirror = default_cache_folder() / _MIRRORS / short_digest([url, settings.collection])
    return ServerStore(connection, settings.collection, FolderStore(mirror))
