"""Ask about one section until there is an answer, the attempts are used up, or the run is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from embedtune.endpoints.retries import backoff_seconds
from embedtune.pairs.llm.answers import AnswerError, DraftedQuestion, parse_answer
from embedtune.pairs.llm.budget import Budget, Usage
from embedtune.pairs.llm.client import Failure, Refusal
from embedtune.pairs.llm.completions import Reply
from embedtune.pairs.llm.dialect import Dialect, Negotiation
from embedtune.pairs.llm.journal import AnswerRow, FailureRow
from embedtune.pairs.llm.prompt import Prompt, estimated_tokens

if TYPE_CHECKING:
    from embedtune.config.data_settings import LlmSettings
    from embedtune.pairs.llm.journal import Journal

Wait = Callable[[threading.Event, float], object]
"""Waits so many seconds, or until the event is set: `threading.Event.wait`, unless a test has no time."""


class Asked(Protocol):
    """What answers: a `ChatClient`."""

    def ask(self, prompt: Prompt, dialect: Dialect) -> Reply | Failure | Refusal:
        """Send a request and wait for what comes of it."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A request to be made.

    Attributes:
        key: The digest of everything that decides the answer.
        section_id: The section it is about; of sections with equal texts, the first.
        prompt: The messages.
    """

    key: str
    section_id: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Answered:
    """The questions of a job; they are in the journal."""

    job: Job
    questions: tuple[DraftedQuestion, ...]


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A job that failed once too often.

    Attributes:
        job: The job.
        reason: Why it failed the last time, in a few fixed words.
        detail: What the endpoint said about it.
    """

    job: Job
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unasked:
    """A job that was not done: the budget is used up, or the run was stopped."""

    job: Job


Outcome = Answered | GivenUp | Unasked


class Asker:
    """Works on jobs for all workers of a run.

    Args:
        client: Who is asked.
        settings: Attempts, and the most an answer can have.
        budget: What may be spent.
        journal: Where answers and costs go, before anybody hears of them.
        wait: How to wait.
    """

    def __init__(self, client: Asked, settings: LlmSettings, budget: Budget, journal: Journal, wait: Wait) -> None:
        self._client = client
        self._settings = settings
        self._budget = budget
        self._journal = journal
        self._wait = wait
        self._negotiation = Negotiation()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Start no more requests; those that wait for their next attempt give it up."""
        self._stop.set()
        self._budget.close()

    def ask(self, job: Job) -> Outcome:
        """Return what comes of a job.

        Raises:
            InputError: No request can succeed, or the journal cannot be written.
        """
        attempt = 0
        while not self._stop.is_set():
            dialect = self._negotiation.dialect
            result = self._requested(job, dialect)
            if isinstance(result, Refusal):
                if not self._negotiation.refused(dialect, result.message):
                    return GivenUp(job, "the endpoint refused the request", result.message)
            elif isinstance(result, Failure):
                if attempt == self._settings.max_retries:
                    return GivenUp(job, result.reason)
                pause = backoff_seconds(attempt, job.key)
                self._wait(self._stop, max(pause, result.wait or 0.0))
                attempt += 1
            elif isinstance(result, Answered):
                self._negotiation.accepted(dialect)
                return result
            else:
                break
        return Unasked(job)

    def _requested(self, job: Job, dialect: Dialect) -> Answered | Failure | Refusal | None:
        """Make one request within the budget; ``None`` if there is no room for it."""
        most = Usage(job.prompt.estimated_tokens, self._settings.max_answer_tokens)
        if not self._budget.reserve(most):
            return None
        used = Usage()
        try:
            said = self._client.ask(job.prompt, dialect)
            if isinstance(said, Reply):
                used = said.usage or Usage(most.input_tokens, estimated_tokens(said.text))
            elif isinstance(said, Failure) and said.may_cost:
                used = most
            result = self._judged(job, said, used) if isinstance(said, Reply) else said
            if isinstance(result, Failure) and used.tokens:
                self._journal.append(
                    FailureRow(
                        key=job.key,
                        reason=result.reason,
                        input_tokens=used.input_tokens,
                        output_tokens=used.output_tokens,
                    )
                )
            return result
        finally:
            self._budget.settle(most, used)

    def _judged(self, job: Job, reply: Reply, used: Usage) -> Answered | Failure:
        """Read an answer; one that can be used is in the journal before it is returned."""
        if reply.fault:
            return Failure(reply.fault)
        try:
            questions = parse_answer(reply.text)
        except AnswerError as error:
            return Failure(str(error))
        self._journal.append(
            AnswerRow(
                key=job.key,
                section_id=job.section_id,
                model=self._settings.model,
                questions=questions,
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
            )
        )
        return Answered(job, questions)
