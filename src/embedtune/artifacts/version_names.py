"""How versions are named."""

from __future__ import annotations

import re

from embedtune.errors import ModelError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"v[0-9]+(\.[0-9]+)*")


def checked_label(name: str, version: str) -> str:
    """Return the name of a version, such as ``embedtune-v1.0``.

    Raises:
        ModelError: Its parts are not fit for one.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(f"{name!r} cannot be a model's name.", "Use letters, digits, dots, dashes and underscores.")
    if not _VERSION.fullmatch(version):
        raise ModelError(f"{version!r} is not a version number.", "Write it like v1.0.")
    return f"{name}-{version}"


def is_label(text: str) -> bool:
    """Tell whether something is named like a version."""
    name, _, version = text.rpartition("-")
    return bool(_NAME.fullmatch(name) and _VERSION.fullmatch(version))
