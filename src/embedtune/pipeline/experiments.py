"""Keep the experiments of a project: begin, read, change, watch."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from embedtune.artifacts.places import absolute_place
from embedtune.errors import EmbedtuneError, FormatError, InputError
from embedtune.events import Alert
from embedtune.files import read_json, write_json
from embedtune.pipeline.project import Project
from embedtune.pipeline.searching import OpenedIndex
from embedtune.retrieval.abtest.experiment import Experiment
from embedtune.vocabulary.retrieval import Mode

FOLDER = "abtest"
_EXPERIMENT = "experiment.json"
_LOG = "log.jsonl"
_ADAPTER = TypeAdapter(Experiment)


def experiment_folder(project: Project, name: str) -> Path:
    """Return where an experiment's files lie."""
    return project.workspace.folder(FOLDER) / name


def log_file(project: Project, name: str) -> Path:
    """Return where an experiment's log lies."""
    return experiment_folder(project, name) / _LOG


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


def between_indexes(project: Project, experiment: Experiment) -> Experiment:
    """Return an experiment whose searches are indexes, named so that they are found from anywhere.

    Args:
        project: The project.
        experiment: With index folders or servers as its searches; relative folders start at the current one, as
            those of ``index --store`` and ``search --store`` do.

    Raises:
        InputError: One of them holds no index, or cannot be read.
    """
    places = [absolute_place(place) for place in (experiment.control, experiment.candidate)]
    for place in places:
        OpenedIndex(project, place, mode=Mode.BM25).close()
    return replace(experiment, control=places[0], candidate=places[1])


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


class WatchedExperiment:
    """An experiment as it is now; its file is read again when it has changed.

    While the file is gone or damaged the experiment goes on as it was when it was last read, and an alert says so.
    One that could not be read from the beginning shows everybody the control.

    Raises:
        InputError: There is no such experiment.
    """

    def __init__(self, project: Project, name: str) -> None:
        self._project = project
        self._name = name
        self._path = experiment_folder(project, name) / _EXPERIMENT
        if not self._path.parent.is_dir():
            raise InputError(f"There is no experiment {name}.", "`embedtune abtest start` begins one.")
        self._stamped = self._stamp()
        self._last = self._read(Experiment(name, "control", "candidate", stopped=True))

    def __call__(self) -> Experiment:
        """Return it."""
        stamp = self._stamp()
        if stamp != self._stamped:
            self._stamped = stamp
            self._last = self._read(self._last)
        return self._last

    def _read(self, last: Experiment) -> Experiment:
        try:
            return read_experiment(self._project, self._name)
        except EmbedtuneError as error:
            state = "stopped" if last.stopped else f"at share {last.share:g}"
            self._project.report(
                Alert(f"The experiment {self._name} goes on as it was, {state}: {error.message} {error.remedy}")
            )
            return last

    def _stamp(self) -> tuple[int, int] | None:
        """Return what changes whenever the file is replaced."""
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_mtime_ns, state.st_ino
