"""Where a registry lies, as a user writes it: a folder, or a URL."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from embedtune.errors import InputError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_url(place: str | Path) -> bool:
    """Tell whether a place is written as a URL."""
    return isinstance(place, str) and bool(_URL.match(place))


def absolute_place(place: str | Path) -> str:
    """Return a place so that it means the same wherever the project folder is; a relative folder starts here."""
    return str(place) if is_url(place) else str(Path(place).absolute())


def local_folder(place: str | Path) -> Path | None:
    """Return the folder that a place means, ``None`` for one that is not on this machine's disk.

    Raises:
        InputError: A ``file://`` URL names another machine or a relative path.
    """
    if isinstance(place, Path) or not is_url(place):
        return Path(place)
    parts = urlsplit(place)
    if parts.scheme.lower() != "file":
        return None
    if parts.netloc not in {"", "localhost"} or not parts.path:
        raise InputError(f"{place} names no folder of this machine.", "Write it with three slashes: file:///path.")
    return Path(unquote(parts.path))


def refuse_credentials(url: str) -> None:
    """Refuse a URL that carries a password: it would stand in settings, logs and messages.

    Raises:
        InputError: It does; the message leaves it out.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InputError(
            f"The registry's URL ({parts.scheme}://…) has more in it than a place.",
            "Leave out names, passwords and options: credentials come from the environment.",
        )
