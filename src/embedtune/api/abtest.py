"""Compare two searches on the people who use them."""

from __future__ import annotations

from pathlib import Path

from embedtune.events import Report, silent
from embedtune.pipeline.abtest import change_experiment, experiment_folder, open_trial, report_experiment
from embedtune.pipeline.abtest import start_experiment as begin
from embedtune.pipeline.project import open_project
from embedtune.retrieval.abtest.experiment import Experiment
from embedtune.retrieval.abtest.outcome import Outcome
from embedtune.retrieval.abtest.trial import Search, Shown


class ABTest:
    """An experiment of a project, begun here or with ``embedtune abtest start``.

    Share and switch may be changed from elsewhere while it runs; it takes note at the next search. It may be
    shared by threads where the searches may.

    Args:
        name: The experiment; it is begun if there is none of this name.
        control: The search in use, such as a `FineTunedRetrieval`; it stays the caller's to close.
        candidate: The new one.
        share: Share of units that meets the candidate, where the experiment is begun.
        interleave: Whether those are shown the results of both, where the experiment is begun.
        folder: The project's folder.
        report: Where alerts go.

    Raises:
        InputError: The name or the share is none, or the folder cannot be written.
    """

    def __init__(
        self,
        name: str,
        control: Search,
        candidate: Search,
        *,
        share: float = 0.1,
        interleave: bool = False,
        folder: str | Path = ".",
        report: Report = silent,
    ) -> None:
        self._project = open_project(folder=Path(folder), report=report)
        self._name = name
        if not experiment_folder(self._project, name).is_dir():
            begin(self._project, Experiment(name, "control", "candidate", share, interleave))
        self._trial = open_trial(self._project, name, control, candidate)

    def search(self, unit: str, query: str, limit: int = 10) -> Shown:
        """Return what a unit is shown for a question, and note it; the question itself is not noted."""
        return self._trial.search(unit, query, limit)

    def click(self, impression: str, section_id: str) -> None:
        """Note a click on a result of a list that was shown."""
        self._trial.click(impression, section_id)

    def set_share(self, share: float) -> None:
        """Show the candidate to another share of the units; this sets the kill switch back."""
        change_experiment(self._project, self._name, share=share)

    def stop(self) -> None:
        """Show everybody the control from now on."""
        change_experiment(self._project, self._name, stop=True)

    def report(self, alpha: float = 0.05) -> Outcome:
        """Return what the experiment has shown so far; its intervals hold however often this is called."""
        return report_experiment(self._project, self._name, alpha)
