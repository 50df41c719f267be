"""Questions for many sections from a language model: asked at most once, kept, and within a budget."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.config.data_settings import LlmSettings
from embedtune.endpoints.address import Endpoint
from embedtune.errors import InputError, InterruptedRunError
from embedtune.events import Alert, Notice, Progress, Report, silent
from embedtune.files import digest_value
from embedtune.pairs.llm.answers import ANSWER_SCHEMA, DraftedQuestion
from embedtune.pairs.llm.asking import Answered, Asker, GivenUp, Job, Outcome, Wait
from embedtune.pairs.llm.budget import Budget, Limits, Usage
from embedtune.pairs.llm.client import ChatClient
from embedtune.pairs.llm.endpoint import endpoint_of
from embedtune.pairs.llm.grounding import WrittenQuestion, grounded
from embedtune.pairs.llm.journal import Journal
from embedtune.pairs.llm.prompt import section_prompt
from embedtune.pairs.llm.workers import Workers

if TYPE_CHECKING:
    from embedtune.vocabulary.corpus import Section

_HOPELESS = 8
"""So many sections given up in a row, and the endpoint is taken for broken."""


@dataclass(frozen=True, slots=True)
class LlmQuestions:
    """What a language model wrote, and an account of the rest. It is a `QueryWriter`: `write` looks up.

    Attributes:
        questions: Section id to its questions; a section without an answer is absent.
        from_journal: Sections whose answer was there before.
        given_up: Reason to the number of sections that were given up for it.
        unasked: Sections that were not asked about because the budget was used up.
        ungrounded: Questions left out because the words they quote do not stand in the section.
        spent: Tokens of all runs together.
        cost: What they cost, at the prices of the settings.
    """

    questions: Mapping[str, tuple[WrittenQuestion, ...]]
    from_journal: int
    given_up: Mapping[str, int]
    unasked: int
    ungrounded: int
    spent: Usage
    cost: float

    def write(self, section: Section, seed: int) -> Iterable[tuple[str, int | None]]:
        """Yield the section's questions, each with the body word where its answer begins or ``None``."""
        for question in self.questions.get(section.id, ()):
            yield question.text, question.answer_word


class LlmWriter:
    """Asks a language model for questions about sections.

    An answer is found again by a digest of everything that decides it: prompt, section, schema, model and
    temperature. The address is no part of it, so that an endpoint may move. Sections with equal texts share
    one answer. Sections are asked about in the order of their digests, so that a budget that ends early has
    reached all parts of the corpus alike.

    Args:
        settings: Which model, how it is asked, and what it may cost.
        journal: The file of answers and costs; it outlives the run.
        environment: Where the key, and the address if the settings have none, are taken from.
        wait: How to wait between attempts.

    Raises:
        ConfigError: No model or address is given, or the address cannot be used.
    """

    def __init__(
        self,
        settings: LlmSettings,
        journal: Path,
        environment: Mapping[str, str] = os.environ,
        *,
        wait: Wait = threading.Event.wait,
    ) -> None:
        self._settings = settings
        self._journal_path = journal
        self._endpoint: Endpoint = endpoint_of(settings, environment)
        self._wait = wait

    def write_all(self, sections: Sequence[Section], report: Report = silent) -> LlmQuestions:
        """Return questions for sections, asking only about those without an answer in the journal.

        A used-up budget and sections that were given up are no errors; they are reported as alerts.

        Args:
            sections: What to ask about.
            report: Where progress and alerts go; called in the caller's thread only.

        Raises:
            UnavailableError: The package ``openai`` is not installed.
            ConfigError: The endpoint refuses every request: key, address or model are wrong.
            InputError: The endpoint fails again and again, or the journal cannot be used.
            InterruptedRunError: Ctrl-C; the answers so far, those in flight included, are in the journal.
        """
        jobs = {section.id: self._job(section) for section in sections}
        with Journal(self._journal_path) as journal:
            recorded = journal.recorded
            if recorded.unreadable:
                report(Alert(f"{recorded.unreadable} lines of {self._journal_path} cannot be read and do not count."))
            open_jobs = {job.key: job for job in jobs.values() if job.key not in recorded.answers}
            keys = {job.key for job in jobs.values()}
            run = _Run(recorded.answers, total=len(keys), done=len(keys) - len(open_jobs))
            budget = Budget(Limits.of(self._settings), recorded.spent)
            if open_jobs:
                self._ask(sorted(open_jobs.values(), key=lambda job: job.key), run, budget, journal, report)
        found = self._account(sections, jobs, run, set(open_jobs), budget.spent)
        self._report(found, len(sections), report)
        return found

    def _job(self, section: Section) -> Job:
        prompt = section_prompt(section, self._settings.questions_per_section, self._settings.max_section_words)
        identity = [self._settings.model, self._settings.temperature, prompt.system, prompt.user, ANSWER_SCHEMA]
        return Job(digest_value(identity), section.id, prompt)

    def _ask(self, jobs: Sequence[Job], run: _Run, budget: Budget, journal: Journal, report: Report) -> None:
        client = ChatClient(
            self._endpoint,
            seconds=self._settings.timeout_seconds,
            max_answer_tokens=self._settings.max_answer_tokens,
            temperature=self._settings.temperature,
        )
        asker = Asker(client, self._settings, budget, journal, self._wait)
        workers = Workers(asker.ask, jobs, min(self._settings.concurrency, len(jobs)))
        try:
            for outcome in workers.results():
                run.add(outcome)
                report(Progress("Asking the language model", run.done, run.total, "sections"))
                if run.failed_in_a_row >= _HOPELESS:
                    raise self._broken(run)
        except KeyboardInterrupt:
            report(Notice("Waiting for the answers in flight; Ctrl-C again gives them up."))
            raise InterruptedRunError(
                f"Stopped while the language model wrote questions; its answers are kept in {self._journal_path}.",
                "Run the command again to go on: no section with an answer is asked about twice.",
            ) from None
        finally:
            asker.stop()
            workers.finish()
            client.close()
        if run.given_up and not run.answers:
            raise self._broken(run)

    def _broken(self, run: _Run) -> InputError:
        return InputError(
            f"The language model at {self._endpoint.base_url} failed for {run.failed_in_a_row} sections in a row; "
            f"the last time: {run.last_reason}.",
            "Check the endpoint and the model, then run the command again: every answer so far is kept.",
        )

    def _account(
        self, sections: Sequence[Section], jobs: Mapping[str, Job], run: _Run, asked: set[str], spent: Usage
    ) -> LlmQuestions:
        questions: dict[str, tuple[WrittenQuestion, ...]] = {}
        ungrounded = 0
        for section in sections:
            drafts = run.answers.get(jobs[section.id].key, ())[: self._settings.questions_per_section]
            if drafts:
                questions[section.id] = grounded(section, drafts)
                ungrounded += len({draft.question for draft in drafts}) - len(questions[section.id])
        reasons = Counter(run.given_up[job.key] for job in jobs.values() if job.key in run.given_up)
        return LlmQuestions(
            questions,
            from_journal=sum(job.key not in asked for job in jobs.values()),
            given_up=dict(sorted(reasons.items())),
            unasked=len(jobs) - len(questions) - reasons.total(),
            ungrounded=ungrounded,
            spent=spent,
            cost=Limits.of(self._settings).cost_of(spent),
        )

    def _report(self, found: LlmQuestions, total: int, report: Report) -> None:
        if found.unasked:
            report(
                Alert(
                    f"The budget of {Limits.of(self._settings)} is used up ({found.spent.tokens} tokens, all runs "
                    f"together): {len(found.questions)} of {total} sections have questions from the language model."
                )
            )
        for reason, count in found.given_up.items():
            report(Alert(f"{count} of {total} sections got no questions from the language model: {reason}."))
        if found.ungrounded:
            report(
                Notice(f"{found.ungrounded} questions quote words that are not in their section; they are left out.")
            )


class _Run:
    """What has come of the jobs so far."""

    def __init__(self, answers: Mapping[str, tuple[DraftedQuestion, ...]], *, total: int, done: int) -> None:
        self.answers = dict(answers)
        self.given_up: dict[str, str] = {}
        self.failed_in_a_row = 0
        self.last_reason = ""
        self.total = total
        self.done = done

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        if isinstance(outcome, Answered):
            self.answers[outcome.job.key] = outcome.questions
            self.failed_in_a_row = 0
            self.done += 1
        elif isinstance(outcome, GivenUp):
            self.given_up[outcome.job.key] = outcome.reason
            self.last_reason = f"{outcome.reason}: {outcome.detail}" if outcome.detail else outcome.reason
            self.failed_in_a_row += 1
            self.done += 1
