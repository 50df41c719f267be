"""Answer the searches of an experiment, and note what was shown."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Protocol

from embedtune.errors import EmbedtuneError
from embedtune.retrieval.abtest.experiment import Arm, Experiment
from embedtune.retrieval.abtest.interleaving import team_draft
from embedtune.retrieval.abtest.log import Click, ExperimentLog, Impression

if TYPE_CHECKING:
    from embedtune.vocabulary.retrieval import Hit


class Search(Protocol):
    """Anything that answers a question with hits, such as `FineTunedRetrieval`."""

    def search(self, query: str, limit: int = 10) -> list[Hit]:
        """Return at most ``limit`` hits, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """What a unit is shown.

    Attributes:
        impression: The name of this list, to report clicks with.
        arm: What the unit takes part in.
        hits: The results. Interleaved ones carry the scores of the search that put them there, so that the
            scores do not fall from first to last.
    """

    impression: str
    arm: Arm
    hits: tuple[Hit, ...]


class Trial:
    """Shows each unit its search, and the control's results wherever the candidate fails.

    It may be shared by threads where the searches may.

    Args:
        experiment: Returns the experiment as it is now: share and switch may be changed while it runs.
        control: The search in use.
        candidate: The new one.
        log: Where impressions and clicks go.
        clock: The time in seconds since 1970.
        identify: Returns a new name for an impression.
    """

    def __init__(
        self,
        experiment: Callable[[], Experiment],
        control: Search,
        candidate: Search,
        log: ExperimentLog,
        clock: Callable[[], float] = time.time,
        identify: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._experiment = experiment
        self._searches = {Arm.CONTROL: control, Arm.CANDIDATE: candidate}
        self._log = log
        self._clock = clock
        self._identify = identify

    def search(self, unit: str, query: str, limit: int = 10) -> Shown:
        """Return what a unit is shown for a question, and note it; the question itself is not noted.

        Args:
            unit: Whoever should always meet the same search.
            query: The question.
            limit: At most so many results.

        Raises:
            InputError: The question is empty, or the log cannot be written.
        """
        experiment, impression = self._experiment(), self._identify()
        arm = experiment.arm(unit)
        failed = ""
        teams: tuple[Arm, ...] = ()
        try:
            hits, teams = self._answer(arm, query, limit, impression)
        except EmbedtuneError as error:
            if arm is Arm.CONTROL:
                raise
            failed = error.message
            hits = self._searches[Arm.CONTROL].search(query, limit)
        sections = tuple(hit.section_id for hit in hits)
        self._log.write(
            Impression(
                id=impression,
                time=self._clock(),
                unit=experiment.pseudonym(unit),
                arm=arm,
                share=experiment.effective_share,
                sections=sections,
                teams=teams,
                failed=failed,
            )
        )
        return Shown(impression, arm, tuple(hits))

    def click(self, impression: str, section_id: str) -> None:
        """Note a click.

        Args:
            impression: Which list it was on; see `Shown.impression`.
            section_id: The result.

        Raises:
            InputError: The log cannot be written.
        """
        self._log.write(Click(impression, section_id, self._clock()))

    def _answer(self, arm: Arm, query: str, limit: int, impression: str) -> tuple[list[Hit], tuple[Arm, ...]]:
        if arm is not Arm.INTERLEAVED:
            return self._searches[arm].search(query, limit), ()
        found = {team: self._searches[team].search(query, limit) for team in (Arm.CONTROL, Arm.CANDIDATE)}
        ids = {team: [hit.section_id for hit in hits] for team, hits in found.items()}
        picks = team_draft(ids[Arm.CONTROL], ids[Arm.CANDIDATE], limit, Random(impression))  # noqa: S311 - a coin
        by_id = {team: {hit.section_id: hit for hit in hits} for team, hits in found.items()}
        return [by_id[pick.team][pick.section_id] for pick in picks], tuple(pick.team for pick in picks)
