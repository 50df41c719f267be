"""Answer the searches of an experiment, and note what was shown."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Protocol

from embedtune.errors import EmbedtuneError
from embedtune.events import Alert, Counted, Notice, Report, silent
from embedtune.retrieval.abtest.experiment import Arm, Experiment
from embedtune.retrieval.abtest.interleaving import team_draft
from embedtune.retrieval.abtest.log import Click, ExperimentLog, Impression
from embedtune.retrieval.breaker import CircuitBreaker
from embedtune.retrieval.fallback import Patience
from embedtune.retrieval.timed_calls import TimedCalls

if TYPE_CHECKING:
    from embedtune.vocabulary.retrieval import Hit

FAILED = "failed_candidate_searches"
"""The metric that counts questions which the candidate could not answer, so that the control did."""

UNLOGGED = "unlogged_experiment_entries"
"""The metric that counts lists and clicks which could not be noted."""


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


@dataclass(frozen=True, slots=True)
class _Answer:
    """Hits, the team of each where they were interleaved, and why the candidate had no part in them."""

    hits: tuple[Hit, ...]
    teams: tuple[Arm, ...] = ()
    failed: str = ""


class LiveExperiment:
    """Shows each unit its search, and the control's results wherever anything else fails.

    The candidate is asked in threads of its own and has so long to answer; after failures in a row it is left
    alone for a while. It may be shared by threads where the searches may.

    Args:
        experiment: Returns the experiment as it is now: share and switch may be changed while it runs.
        control: The search in use.
        candidate: The new one.
        log: Where impressions and clicks go.
        patience: How long the candidate may take, and when it is left alone.
        report: Told when the candidate or the log begins to fail and when that ends; each time is counted.
        clock: The time in seconds since 1970.
        identify: Returns a new name for an impression.
    """

    def __init__(
        self,
        experiment: Callable[[], Experiment],
        control: Search,
        candidate: Search,
        log: ExperimentLog,
        patience: Patience | None = None,
        report: Report = silent,
        clock: Callable[[], float] = time.time,
        identify: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._experiment = experiment
        self._control = control
        self._candidate = candidate
        self._log = log
        self._patience = patience or Patience()
        self._breaker = CircuitBreaker(self._patience.failures, self._patience.retry_seconds)
        self._calls = TimedCalls()
        self._report = report
        self._clock = clock
        self._identify = identify
        self._lock = threading.Lock()
        self._troubles: dict[str, str] = {}

    def search(self, unit: str, query: str, limit: int = 10) -> Shown:
        """Return what a unit is shown for a question, and note it; the question itself is not noted.

        Whatever the control raises is raised; what the candidate raises, and a log that cannot be written, are
        reported alone.

        Args:
            unit: Whoever should always meet the same search.
            query: The question.
            limit: At most so many results.
        """
        experiment, impression = self._experiment(), self._identify()
        arm = experiment.arm(unit)
        answer = self._answer(experiment.name, arm, query, limit, impression)
        self._note(
            experiment.name,
            Impression(
                id=impression,
                time=self._clock(),
                unit=experiment.pseudonym(unit),
                arm=arm,
                share=experiment.effective_share,
                sections=tuple(hit.section_id for hit in answer.hits),
                teams=answer.teams,
                failed=answer.failed,
            ),
        )
        return Shown(impression, arm, answer.hits)

    def click(self, impression: str, section_id: str) -> None:
        """Note a click; a log that cannot be written is reported alone.

        Args:
            impression: Which list it was on; see `Shown.impression`.
            section_id: The result.
        """
        self._note(self._experiment().name, Click(impression, section_id, self._clock()))

    def close(self) -> None:
        """Let the candidate's threads end; both searches stay the caller's to close."""
        self._calls.close()

    def _answer(self, name: str, arm: Arm, query: str, limit: int, impression: str) -> _Answer:
        shown = () if arm is Arm.CANDIDATE else tuple(self._control.search(query, limit))
        if arm is Arm.CONTROL:
            return _Answer(shown)
        instead = f"The candidate of the experiment {name} fails, and the control answers"
        if not self._breaker.allows():
            cause = self._troubles.get(instead, "")
            return self._by_control(arm, query, limit, shown, f"left alone after failures: {cause}")
        try:
            found = self._calls.run(
                lambda: _checked(self._candidate.search(query, limit), limit), self._patience.seconds
            )
            answer = _interleaved(shown, found, limit, impression) if arm is Arm.INTERLEAVED else _Answer(found)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the candidate does, nobody may be the worse for it
            answer = self._by_control(arm, query, limit, shown, _cause(error))
            # Not before the control has answered: a question that neither can answer is nobody's failure.
            self._breaker.failed()
            self._tell(instead, answer.failed)
            return answer
        self._breaker.succeeded()
        self._tell(instead, "")
        return answer

    def _by_control(self, arm: Arm, query: str, limit: int, shown: tuple[Hit, ...], failed: str) -> _Answer:
        """Return the control's results, which are at hand where they were to be interleaved."""
        hits = tuple(self._control.search(query, limit)) if arm is Arm.CANDIDATE else shown
        self._report(Counted(FAILED))
        return _Answer(hits, failed=failed)

    def _note(self, name: str, entry: Impression | Click) -> None:
        trouble = ""
        try:
            self._log.write(entry)
        except Exception as error:  # noqa: BLE001 - what was found is worth more than the note of it
            trouble = _cause(error)
            self._report(Counted(UNLOGGED))
        self._tell(f"What the experiment {name} shows is not noted", trouble)

    def _tell(self, what: str, trouble: str) -> None:
        """Report that something begins to fail, fails otherwise than before, or does so no more."""
        with self._lock:
            before = self._troubles.get(what, "")
            self._troubles[what] = trouble
        if trouble and trouble != before:
            self._report(Alert(f"{what}: {trouble.rstrip('.')}."))
        elif before and not trouble:
            self._report(Notice(f"No more: {what}."))


def _checked(hits: list[Hit], limit: int) -> tuple[Hit, ...]:
    """Return the hits of a search that may be anybody's, each section once; what are no hits fails here."""
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.section_id, hit)
    return tuple(best.values())[:limit]


def _interleaved(control: tuple[Hit, ...], candidate: tuple[Hit, ...], limit: int, impression: str) -> _Answer:
    ours, theirs = ({hit.section_id: hit for hit in hits} for hits in (control, candidate))
    picks = team_draft(list(ours), list(theirs), limit, Random(impression))  # noqa: S311 - a coin
    by_team = {Arm.CONTROL: ours, Arm.CANDIDATE: theirs}
    return _Answer(tuple(by_team[pick.team][pick.section_id] for pick in picks), tuple(pick.team for pick in picks))


def _cause(error: BaseException) -> str:
    """Return why something failed; the text of a foreign error may hold the question, which is not noted."""
    if isinstance(error, EmbedtuneError):
        return error.message
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
