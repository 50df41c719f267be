"""Compare two searches on the people who use them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from embedtune.events import Report, silent
from embedtune.pipeline.abtest import open_experiment, report_experiment
from embedtune.pipeline.experiments import change_experiment, experiment_folder, start_experiment
from embedtune.pipeline.project import open_project
from embedtune.retrieval.abtest.experiment import Experiment
from embedtune.retrieval.abtest.live import Search, Shown
from embedtune.retrieval.abtest.outcome import Outcome
from embedtune.retrieval.abtest.reckoning import SETTLE


class ABTest:
    """An experiment of a project, begun here or with ``embedtune abtest start``.

    Share and switch may be changed from elsewhere while it runs; it takes note at the next search. It may be
    shared by threads where the searches may.

    Whatever the candidate does, and whatever happens to the experiment's files, a search gives what the control
    finds; an alert says what is wrong. The candidate is asked in threads of its own and has
    ``search.timeout_seconds`` to answer.

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
            start_experiment(self._project, Experiment(name, "control", "candidate", share, interleave))
        self._live = open_experiment(self._project, name, control, candidate)

    def __enter__(self) -> Self:
        """Use it until the block ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let the candidate's threads end; both searches stay open."""
        self._live.close()

    def search(self, unit: str, query: str, limit: int = 10) -> Shown:
        """Return what a unit is shown for a question, and note it; the question itself is not noted."""
        return self._live.search(unit, query, limit)

    def click(self, impression: str, section_id: str) -> None:
        """Note a click on a result of a list that was shown; a log that cannot be written is reported alone."""
        self._live.click(impression, section_id)

    def set_share(self, share: float) -> None:
        """Show the candidate to another share of the units; this sets the kill switch back."""
        change_experiment(self._project, self._name, share=share)

    def stop(self) -> None:
        """Show everybody the control from now on."""
        change_experiment(self._project, self._name, stop=True)

    def report(self, alpha: float = 0.05, settle: float = SETTLE) -> Outcome:
        """Return what the experiment has shown so far; its intervals hold however often this is called.

        Args:
            alpha: How often an interval may miss the truth, at any time.
            settle: Seconds that a list waits for its clicks: it counts when they have passed, with the clicks within
                them. Keep to one value: the intervals hold for it alone.

        Raises:
            InputError: The log cannot be read, or ``alpha`` or ``settle`` is impossible.
        """
        return report_experiment(self._project, self._name, alpha, settle)
