"""Where a user's private copies lie, and how they are pruned."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from pathlib import Path

import platformdirs

from embedtune.errors import InputError

SHELF = "versions"
RECEIPT_SUFFIX = ".json"
_DAY_SECONDS = 86_400.0


def default_cache_folder() -> Path:
    """Return the user's cache folder of embedtune."""
    return Path(platformdirs.user_cache_dir("embedtune"))


def private_shelf(cache_folder: Path) -> Path:
    """Return the folder of private copies, made where it is missing.

    Raises:
        InputError: Others can write to it, or it belongs to somebody else.
        OSError: It cannot be made.
    """
    shelf = cache_folder / SHELF
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = shelf.lstat()
    mine = not hasattr(os, "geteuid") or facts.st_uid == os.geteuid()
    if not stat.S_ISDIR(facts.st_mode) or not mine or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InputError(
            f"{shelf} is not private: copies that others can change prove nothing.",
            f"Remove it, or take the others' permission: chmod 700 {shelf}",
        )
    return shelf


def prune_cache(cache_folder: Path, unused_days: float) -> tuple[str, ...]:
    """Remove private copies that were not used for some days; they are made anew when needed.

    Args:
        cache_folder: Where copies are kept.
        unused_days: Copies used since then stay, so that no process loses the one it is loading.

    Returns:
        The names of those removed: the digests of their manifests.
    """
    shelf = cache_folder / SHELF
    before = time.time() - unused_days * _DAY_SECONDS
    removed = []
    for folder in sorted(path for path in shelf.glob("*") if path.is_dir() and not path.is_symlink()):
        receipt = folder.with_name(folder.name + RECEIPT_SUFFIX)
        used = max(path.stat().st_mtime for path in (folder, receipt) if path.exists())
        if used < before:
            receipt.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return tuple(removed)


def mark_used(folder: Path) -> None:
    """Note that a private copy was used now."""
    with contextlib.suppress(OSError):
        os.utime(folder.with_name(folder.name + RECEIPT_SUFFIX))
