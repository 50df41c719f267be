"""What a machine has and lacks."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass

from embedtune.errors import EmbedtuneError
from embedtune.pipeline.project import Project

_MIN_FREE_GIB = 1.0
_GIB = 1024**3
_PACKAGES = ("torch", "transformers", "sentence-transformers", "qdrant-edge-py", "bm25s")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, whether it is as needed, and what was found."""

    name: str
    ok: bool
    detail: str


def examine(project: Project) -> tuple[Check, ...]:
    """Look at Python, packages, processors, disk, the base model, and the project's corpus."""
    return (
        Check("python", ok=True, detail=platform.python_version()),
        *(_package(name) for name in _PACKAGES),
        Check("processors", ok=True, detail=f"{os.cpu_count()}"),
        _disk(project),
        _base_model(project),
        _corpus(project),
    )


def _package(name: str) -> Check:
    try:
        return Check(name, ok=True, detail=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, ok=False, detail=f"not installed: pip install {name}")


def _disk(project: Project) -> Check:
    free = shutil.disk_usage(project.workspace.project).free / _GIB
    return Check("free disk", ok=free >= _MIN_FREE_GIB, detail=f"{free:.1f} GiB")


def _base_model(project: Project) -> Check:
    try:
        located = project.models.located_base()
    except EmbedtuneError as error:
        return Check("base model", ok=False, detail=str(error))
    return Check("base model", ok=True, detail=f"{located.name} ({located.source})")


def _corpus(project: Project) -> Check:
    from embedtune.corpus.folder import find_files

    folder = project.workspace.resolve(project.config.project.corpus)
    if not folder.exists():
        return Check("documents", ok=True, detail=f"{folder} does not exist yet; `embedtune run` will read it")
    try:
        return Check("documents", ok=True, detail=f"{len(find_files(folder))} readable files in {folder}")
    except EmbedtuneError as error:
        return Check("documents", ok=False, detail=str(error))
