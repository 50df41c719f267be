"""An update of an index in a process that dies at a given step, and what must hold afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from embedtune.events import silent
from embedtune.index import qdrant_shard
from embedtune.index.folder_records import FolderRecords
from embedtune.index.folder_store import FolderStore
from embedtune.index.held_sections import HeldSection
from embedtune.pipeline.indexing import build_index

ACKNOWLEDGED = "acknowledged"


def killed_update(request, folder: Path, steps: Steps, log: Path) -> bool:
    """Update an index in a process that kills itself at a step; tell whether it did.

    ``log`` gets one line for every acknowledgement, once it was given.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            steps.arm()
            _note_acknowledgements(log)
            build_index(request, FolderStore(folder), silent)
            (log.with_suffix(".steps")).write_text(str(steps.taken))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the update failed by itself"
    return False


def steps_of(request, folder: Path, log: Path) -> int:
    """Update an index to the end; return how many steps that takes."""
    assert not killed_update(request, folder, Steps(0), log)
    return int(log.with_suffix(".steps").read_text()) - 1


def copied_index(folder: Path, target: Path) -> Path:
    """Copy an index; ``cp`` leaves the holes in the engine's files what they are."""
    subprocess.run(["cp", "-r", str(folder), str(target)], check=True)
    return target


class Steps:
    """Counts what changes the disk or the engine, and strikes at a number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.taken = 0

    def strike(self) -> None:
        self.taken += 1
        if self.taken == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        def hook(event, arguments):
            writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if writing or event in {"os.rename", "os.remove", "os.rmdir", "os.truncate", "os.mkdir"}:
                self.strike()

        sys.addaudithook(hook)
        for name in ("upsert", "remove", "create"):
            setattr(qdrant_shard, name, self._counted(getattr(qdrant_shard, name)))

    def _counted(self, call):
        def counted(*arguments):
            self.strike()
            done = call(*arguments)
            self.strike()
            return done

        return counted


def _note_acknowledgements(log: Path) -> None:
    put, remove = FolderRecords.put, FolderRecords.remove
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def noted_put(self, sections: list[HeldSection]) -> None:
        put(self, sections)
        os.write(handle, "".join(f"+ {one.id} {one.digest}\n" for one in sections).encode())

    def noted_remove(self, section_ids) -> None:
        remove(self, section_ids)
        os.write(handle, "".join(f"- {id_}\n" for id_ in section_ids).encode())

    FolderRecords.put, FolderRecords.remove = noted_put, noted_remove


def acknowledged(log: Path) -> dict[str, str | None]:
    """Return the last acknowledged content of each section; ``None`` for one that is gone."""
    found: dict[str, str | None] = {}
    for line in log.read_text().splitlines() if log.exists() else ():
        sign, id_, *digest = line.split()
        found[id_] = digest[0] if sign == "+" else None
    return found
