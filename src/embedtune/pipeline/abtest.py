"""Keep the experiments of a project: start, widen, stop, take part, report."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from embedtune.artifacts.places import is_url
from embedtune.errors import FormatError, InputError
from embedtune.files import read_json, write_json
from embedtune.pipeline.project import Project
from embedtune.pipeline.searching import OpenedIndex
from embedtune.retrieval.abtest.experiment import Experiment
from embedtune.retrieval.abtest.log import Click, ExperimentLog, read_log
from embedtune.retrieval.abtest.outcome import Outcome, outcome
from embedtune.retrieval.abtest.trial import Search, Shown, Trial

FOLDER = "abtest"
_EXPERIMENT = "experiment.json"
_LOG = "log.jsonl"
_ADAPTER = TypeAdapter(Experiment)


def experiment_folder(project: Project, name: str) -> Path:
    """Return where an experiment's files lie."""
    return project.workspace.folder(FOLDER) / name


def start_experiment(project: Project, experiment: Experiment) -> Path:
    """Begin an experiment; returns its folder.

    Raises:
        InputError: There is one of this name, or it cannot be written.
    """
    folder = experiment_folder(project, experiment.name)
    if (folder / _EXPERIMENT).exists():
        raise InputError(
            f"There is an experiment {experiment.name} already.", "Take another name: its log must not be mixed."
        )
    write_json(folder / _EXPERIMENT, asdict(experiment))
    return folder


def read_experiment(project: Project, name: str) -> Experiment:
    """Return an experiment as it is now.

    Raises:
        InputError: There is none of this name.
        FormatError: Its file is malformed.
    """
    path = experiment_folder(project, name) / _EXPERIMENT
    if not path.is_file():
        raise InputError(f"There is no experiment {name}.", "`embedtune abtest start` begins one.")
    try:
        return _ADAPTER.validate_python(read_json(path))
    except (ValidationError, InputError) as error:
        raise FormatError(f"{path} does not describe an experiment.", "Restore it, or begin another.") from error


def change_experiment(project: Project, name: str, *, share: float | None = None, stop: bool = False) -> Experiment:
    """Show the candidate to another share of the units, or to nobody any more; running searches take note at once.

    Args:
        project: The project.
        name: The experiment.
        share: The new share; ``None`` leaves it.
        stop: Set the kill switch; a new share sets it back.

    Raises:
        InputError: There is no such experiment, or the share is not from 0 to 1.
    """
    before = read_experiment(project, name)
    stopped = stop or (before.stopped and share is None)
    changed = replace(before, share=before.share if share is None else share, stopped=stopped)
    write_json(experiment_folder(project, name) / _EXPERIMENT, asdict(changed))
    return changed


def open_trial(project: Project, name: str, control: Search, candidate: Search) -> Trial:
    """Return what answers the searches of an experiment; it reads the experiment's file whenever that changes.

    Raises:
        InputError: There is no such experiment.
    """
    log = ExperimentLog(experiment_folder(project, name) / _LOG)
    return Trial(_Watched(project, name), control, candidate, log)


def search_in_experiment(project: Project, name: str, unit: str, query: str, limit: int) -> Shown:
    """Search as a unit of an experiment whose control and candidate are indexes.

    Raises:
        InputError: There is no such experiment, or an index cannot be opened.
    """
    experiment = read_experiment(project, name)
    control = OpenedIndex(project, _place(project, experiment.control))
    try:
        candidate = OpenedIndex(project, _place(project, experiment.candidate))
        try:
            return open_trial(project, name, control, candidate).search(unit, query, limit)
        finally:
            candidate.close()
    finally:
        control.close()


def note_click(project: Project, name: str, impression: str, section_id: str) -> None:
    """Note a click on a list that was shown.

    Raises:
        InputError: There is no such experiment.
    """
    read_experiment(project, name)
    log = ExperimentLog(experiment_folder(project, name) / _LOG)
    known = {entry.id: entry for entry in read_log(experiment_folder(project, name) / _LOG).impressions}
    if impression not in known or section_id not in known[impression].sections:
        raise InputError(
            f"{section_id} was not shown in the list {impression}.", "Give both as `abtest search` printed them."
        )
    log.write(Click(impression, section_id, time.time()))


def report_experiment(project: Project, name: str, alpha: float) -> Outcome:
    """Return what an experiment has shown so far.

    Raises:
        InputError: There is no such experiment, or its log cannot be read.
    """
    read_experiment(project, name)
    return outcome(read_log(experiment_folder(project, name) / _LOG), alpha)


def _place(project: Project, index: str) -> str | Path:
    return index if is_url(index) else project.workspace.resolve(index)


class _Watched:
    """An experiment as it is now; its file is read again when it has changed."""

    def __init__(self, project: Project, name: str) -> None:
        self._project = project
        self._name = name
        self._path = experiment_folder(project, name) / _EXPERIMENT
        self._seen = (self._stamp(), read_experiment(project, name))

    def __call__(self) -> Experiment:
        """Return it."""
        stamp = self._stamp()
        if stamp != self._seen[0]:
            self._seen = (stamp, read_experiment(self._project, self._name))
        return self._seen[1]

    def _stamp(self) -> tuple[int, int] | None:
        """Return what changes whenever the file is replaced."""
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_mtime_ns, state.st_ino
