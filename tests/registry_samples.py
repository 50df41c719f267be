"""Registries anywhere, and the hand that damages them behind their back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.artifacts.places import local_folder
from embedtune.artifacts.remote.fsspec_objects import FsspecObjects
from embedtune.artifacts.remote.s3 import S3Objects
from embedtune.artifacts.store import Registry
from embedtune.artifacts.trust import TrustPolicy
from version_samples import rewritten, unsealed


@dataclass(frozen=True)
class RegistryPlace:
    """Where a registry lies."""

    url: str
    beside: Path

    def registry(self, policy=TrustPolicy(), seen="seen", report=None):  # noqa: B008 - frozen
        """Return the registry, as somebody sees it who remembers counters in a folder of that name."""
        more = {"report": report} if report else {}
        return Registry(self.url, policy, self.beside / seen, **more)

    @property
    def cache(self):
        """Where verified copies go."""
        return self.beside / "cache"

    def key(self, version, name):
        """Return under which key a file of a version lies."""
        return version.place.removeprefix(self.url.rstrip("/") + "/") + "/" + name

    def objects(self):
        return S3Objects(self.url) if self.url.startswith("s3://") else FsspecObjects(self.url)

    def stored(self):
        """Return the key of every file there, but locks."""
        folder = local_folder(self.url)
        if folder is None:
            return {item.key for part in ("versions", "files", ".registry") for item in self.objects().list(part)}
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        return {name for name in files if not name.endswith("lock")}

    def write(self, key, content):
        """Write a file behind the registry's back."""
        folder = local_folder(self.url)
        if folder is None:
            self.objects().put(key, content)
        else:
            rewritten(folder / key, content)

    def remove(self, key):
        """Remove a file behind the registry's back."""
        folder = local_folder(self.url)
        if folder is None:
            self.objects().remove([key])
        else:
            unsealed(folder)
            (folder / key).unlink()
