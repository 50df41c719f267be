"""From the place of an index, a folder or an address, to the store that keeps it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from embedtune.artifacts.cache_folder import default_cache_folder
from embedtune.artifacts.places import is_url
from embedtune.endpoints.address import key_from
from embedtune.errors import InputError
from embedtune.files import short_digest
from embedtune.index.folder_store import FolderStore
from embedtune.index.server_connection import ServerConnection
from embedtune.index.server_store import ServerStore
from embedtune.pipeline.project import Project

STAGE = "index"
FOLDER = "corpus"
_ADDRESSES = ("http://", "https://")
_MIRRORS = "servers"
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:\d{2,5}")


def default_store(project: Project) -> Path:
    """Return where the project's own index lies."""
    return project.workspace.folder(STAGE) / FOLDER


def is_server(place: str | Path | None) -> bool:
    """Tell whether a place is the address of a server, and no folder.

    Raises:
        InputError: It is an address that no server can have, or one without http.
    """
    text = "" if place is None else str(place)
    if text.lower().startswith(_ADDRESSES):
        return True
    if is_url(text) or _HOST_AND_PORT.fullmatch(text):
        raise InputError(f"{text} is neither a folder nor the address of a server.", "Give http://HOST:6333.")
    return False


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
    if not is_server(place):
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
