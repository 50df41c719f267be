"""A project's working folder: one folder a stage, with a receipt of what it was made from."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from embedtune import __version__
from embedtune.config.base import Settings
from embedtune.errors import InputError
from embedtune.events import Report, StageFinished, StageSkipped, StageStarted
from embedtune.files import (
    JsonValue,
    digest_file,
    digest_tree,
    digest_value,
    read_json,
    recover_folder,
    replaced_folder,
    write_json,
)

FOLDER = ".embedtune"
CACHE = "cache"
_RECEIPT = "receipt.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """A stage before it runs.

    Attributes:
        stage: Its name, which is its folder's.
        description: What it does, for people.
        inputs: Name to digest of everything it reads.
        settings: The parts of the configuration it uses.
        outputs: Paths within its folder that it must leave.
        in_place: Whether it continues in its own folder (a training that resumes) instead of filling a
            new one that replaces it. A folder begun under another plan is emptied first.
        grows: Whether a stage in place goes on from what another plan left.
        present: Paths within its folder that must be there, while their contents may change with use.
    """

    stage: str
    description: str
    inputs: Mapping[str, str]
    settings: tuple[Settings | str | int, ...]
    outputs: tuple[str, ...]
    in_place: bool = False
    present: tuple[str, ...] = ()
    grows: bool = False

    @property
    def digest(self) -> str:
        """Digest of inputs, settings and code version: two equal plans give equal outputs."""
        settings = [part.model_dump(mode="json") if isinstance(part, Settings) else part for part in self.settings]
        return digest_value([self.stage, dict(self.inputs), settings, __version__])


@dataclass(frozen=True, slots=True)
class Workspace:
    """The ``.embedtune`` folder of a project.

    Attributes:
        project: The folder that holds the configuration.
    """

    project: Path

    @property
    def root(self) -> Path:
        """The working folder."""
        return self.project / FOLDER

    def folder(self, stage: str) -> Path:
        """Return the folder of a stage."""
        return self.root / stage

    def resolve(self, path: str) -> Path:
        """Return a path of the configuration: relative ones start at the project folder."""
        return Path(path) if Path(path).is_absolute() else self.project / path

    def is_done(self, plan: Plan) -> bool:
        """Tell whether a stage's receipt matches its plan and its outputs are as they were left."""
        receipt = self._receipt(plan)
        if receipt.get("plan") != plan.digest or receipt.get("outputs") != self._digests(plan):
            return False
        return all((self.folder(plan.stage) / name).exists() for name in plan.present)

    def run_stage(self, plan: Plan, work: Callable[[Path], str], report: Report) -> Path:
        """Run a stage unless its receipt says that it was done.

        Args:
            plan: The stage.
            work: Does it: writes into the folder it is given and returns one line for people.
            report: Where progress goes.

        Returns:
            The stage's folder.
        """
        folder = self.folder(plan.stage)
        recover_folder(folder)
        if self.is_done(plan):
            report(StageSkipped(plan.stage, "nothing changed"))
            return folder
        report(StageStarted(plan.stage, plan.description))
        started = time.monotonic()
        if plan.in_place:
            self._begin(plan)
            summary = work(folder)
        else:
            with replaced_folder(folder) as staging:
                summary = work(staging)
        receipt = {
            "stage": plan.stage,
            "plan": plan.digest,
            "inputs": dict(plan.inputs),
            "outputs": self._digests(plan),
        }
        write_json(folder / _RECEIPT, receipt)
        report(StageFinished(plan.stage, time.monotonic() - started, summary))
        return folder

    def _begin(self, plan: Plan) -> None:
        """Prepare the folder of a stage that works in place: keep what was begun under the same plan, or may grow."""
        folder = self.folder(plan.stage)
        if not plan.grows and folder.exists() and self._receipt(plan).get("plan") != plan.digest:
            shutil.rmtree(folder)
        write_json(folder / _RECEIPT, {"stage": plan.stage, "plan": plan.digest})

    def _receipt(self, plan: Plan) -> dict[str, JsonValue]:
        """Return a stage's receipt, empty where there is none that can be read."""
        try:
            receipt = read_json(self.folder(plan.stage) / _RECEIPT)
        except InputError:
            return {}
        return receipt if isinstance(receipt, dict) else {}

    def _digests(self, plan: Plan) -> dict[str, str]:
        folder = self.folder(plan.stage)
        return {name: _digest(folder / name) for name in plan.outputs}


def _digest(path: Path) -> str:
    if path.is_file():
        return digest_file(path)
    return digest_tree(path) if path.is_dir() else "missing"
