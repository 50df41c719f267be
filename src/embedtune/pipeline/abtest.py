"""Take part in the experiments of a project, and report them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from embedtune.errors import InputError
from embedtune.pipeline.experiments import WatchedExperiment, log_file, read_experiment
from embedtune.pipeline.project import Project
from embedtune.pipeline.searching import OpenedIndex
from embedtune.retrieval.abtest.live import LiveExperiment, Search, Shown
from embedtune.retrieval.abtest.log import Click, ExperimentLog, read_log
from embedtune.retrieval.abtest.outcome import Outcome
from embedtune.retrieval.abtest.reckoning import outcome
from embedtune.retrieval.fallback import Patience
from embedtune.vocabulary.retrieval import Hit


def open_experiment(
    project: Project, name: str, control: Search, candidate: Search, patience: Patience | None = None
) -> LiveExperiment:
    """Return what answers the searches of an experiment; it reads the experiment's file whenever that changes.

    Args:
        project: The project.
        name: The experiment.
        control: The search in use.
        candidate: The new one.
        patience: How long the candidate may take; by default what the settings say of searches.

    Raises:
        InputError: There is no such experiment.
    """
    log = ExperimentLog(log_file(project, name))
    return LiveExperiment(
        WatchedExperiment(project, name), control, candidate, log, patience or _patience(project), project.report
    )


def search_in_experiment(project: Project, name: str, unit: str, query: str, limit: int) -> Shown:
    """Search as a unit of an experiment whose control and candidate are indexes.

    Raises:
        InputError: There is no such experiment, or the control's index cannot be opened.
    """
    experiment, patience = read_experiment(project, name), _patience(project)
    with contextlib.ExitStack() as opened:
        control = OpenedIndex(project, experiment.control)
        opened.callback(control.close)
        candidate = _OpenedWhenAsked(lambda: OpenedIndex(project, experiment.candidate))
        opened.callback(candidate.close)
        # The candidate is opened by whoever meets it, and fails then like any candidate.
        first = replace(patience, seconds=patience.opening_seconds + patience.seconds)
        live = open_experiment(project, name, control, candidate, first)
        opened.callback(live.close)
        return live.search(unit, query, limit)


def note_click(project: Project, name: str, impression: str, section_id: str) -> None:
    """Note a click on a list that was shown.

    Raises:
        InputError: There is no such experiment or list, or the log cannot be written.
    """
    read_experiment(project, name)
    path = log_file(project, name)
    known = {entry.id: entry for entry in read_log(path).impressions}
    if impression not in known or section_id not in known[impression].sections:
        raise InputError(
            f"{section_id} was not shown in the list {impression}.", "Give both as `abtest search` printed them."
        )
    ExperimentLog(path).write(Click(impression, section_id, time.time()))


def report_experiment(project: Project, name: str, alpha: float, settle: float) -> Outcome:
    """Return what an experiment has shown so far; see `outcome`.

    Raises:
        InputError: There is no such experiment, its log cannot be read, or ``alpha`` or ``settle`` is impossible.
    """
    read_experiment(project, name)
    return outcome(read_log(log_file(project, name)), alpha, settle, time.time())


def _patience(project: Project) -> Patience:
    settings = project.config.search
    return Patience(settings.timeout_seconds, settings.opening_seconds, settings.failures, settings.retry_seconds)


class _OpenedWhenAsked:
    """An index that is opened by the first question."""

    def __init__(self, open_: Callable[[], OpenedIndex]) -> None:
        self._open = open_
        self._lock = threading.Lock()
        self._opened: OpenedIndex | None = None

    def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Return at most ``limit`` hits, best first."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
        return self._opened.search(query, limit)

    def close(self) -> None:
        """Release the index, if it was opened."""
        if self._opened is not None:
            self._opened.close()
