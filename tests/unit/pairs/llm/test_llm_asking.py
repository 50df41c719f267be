"""One section: attempts, waits, refusals, and what they cost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from embedtune.pairs.llm.asking import Answered, Asker, GivenUp, Job, Unasked
from embedtune.pairs.llm.budget import Budget, Limits, Usage
from embedtune.pairs.llm.client import Failure, Refusal
from embedtune.pairs.llm.completions import Reply
from embedtune.pairs.llm.dialect import Dialect
from embedtune.pairs.llm.journal import Journal
from embedtune.pairs.llm.prompt import Prompt
from llm_samples import settings

JOB = Job("sha256:1", "s1", Prompt("rules", "section"))
GOOD = json.dumps({"questions": [{"question": "Why?", "answer_quote": "because", "kind": "natural"}]})
NO_LIMITS = Limits()
ANSWER = Reply(GOOD, Usage(100, 50))


@dataclass
class Scripted:
    """Says one thing after the other, the last for ever."""

    says: list
    dialects: list = field(default_factory=list)

    def ask(self, prompt, dialect):
        self.dialects.append(dialect)
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


@dataclass
class Bench:
    outcome: object
    client: Scripted
    waits: list
    spent: Usage
    recorded: object


@pytest.fixture
def worked(tmp_path):
    def run(*says, limits=NO_LIMITS, stop_at_wait=False, **changes):
        client, waits = Scripted(list(says)), []
        budget = Budget(limits, Usage())
        path = tmp_path / "answers.jsonl"
        with Journal(path) as journal:

            def wait(stop, seconds):
                waits.append(seconds)
                if stop_at_wait:
                    asker.stop()

            asker = Asker(client, settings(**changes), budget, journal, wait)
            outcome = asker.ask(JOB)
        with Journal(path) as journal:
            return Bench(outcome, client, waits, budget.spent, journal.recorded)

    return run


def test_answer_is_in_the_journal(worked):
    bench = worked(ANSWER)
    assert isinstance(bench.outcome, Answered)
    assert bench.recorded.answers == {JOB.key: bench.outcome.questions}
    assert bench.spent == bench.recorded.spent == Usage(100, 50)


def test_missing_bill_is_estimated(worked):
    assert worked(Reply(GOOD, None)).spent == Usage(JOB.prompt.estimated_tokens, -(-len(GOOD) // 3))


@pytest.mark.parametrize(
    ("trouble", "cost"),
    [
        (Failure("HTTP 500"), Usage()),
        (Failure("no answer in time", may_cost=True), Usage(JOB.prompt.estimated_tokens, 2000)),
        (Reply("{", Usage(100, 7)), Usage(100, 7)),
        (Reply('{"questions": []}', Usage(100, 7)), Usage(100, 7)),
        (Reply("half", Usage(100, 7), "the answer was cut off"), Usage(100, 7)),
    ],
)
def test_trouble_is_paid_for_and_tried_again(worked, trouble, cost):
    bench = worked(trouble, ANSWER)
    assert isinstance(bench.outcome, Answered)
    assert bench.spent == bench.recorded.spent == cost + Usage(100, 50)
    assert len(bench.waits) == 1


def test_attempts_are_bounded_and_waits_grow(worked):
    bench = worked(Failure("HTTP 500"), max_retries=4)
    assert bench.outcome == GivenUp(JOB, "HTTP 500")
    assert len(bench.client.dialects) == 5
    assert len(bench.waits) == 4
    assert bench.waits == sorted(bench.waits)


def test_without_retries_there_is_one_attempt(worked):
    bench = worked(Reply("{", Usage(1, 1)), max_retries=0)
    assert bench.outcome == GivenUp(JOB, "no JSON object in the answer")
    assert bench.waits == []


def test_server_is_waited_for_as_long_as_it_asks(worked):
    assert worked(Failure("HTTP 429", wait=7.0), ANSWER).waits == [7.0]


def test_wording_is_changed_without_an_attempt_lost(worked):
    bench = worked(Refusal("no json_schema"), Refusal("no json_object"), ANSWER, max_retries=0)
    assert isinstance(bench.outcome, Answered)
    assert bench.client.dialects == [Dialect(), Dialect("json_object"), Dialect("text")]
    assert bench.spent == Usage(100, 50)


def test_refusal_of_every_wording_gives_the_section_up(worked):
    bench = worked(Refusal("bad request"))
    assert bench.outcome == GivenUp(JOB, "the endpoint refused the request", "bad request")
    assert len(bench.client.dialects) == 3


def test_stop_ends_the_waiting(worked):
    bench = worked(Failure("HTTP 500"), stop_at_wait=True)
    assert bench.outcome == Unasked(JOB)
    assert len(bench.client.dialects) == 1


def test_no_request_without_room_for_its_worst_case(worked):
    bench = worked(ANSWER, limits=Limits(tokens=JOB.prompt.estimated_tokens + 1999))
    assert bench.outcome == Unasked(JOB)
    assert bench.client.dialects == []


def test_budget_ends_in_the_middle_of_a_section(worked):
    bench = worked(Reply("{", Usage(100, 1950)), limits=Limits(tokens=3000))
    assert bench.outcome == Unasked(JOB)
    assert len(bench.client.dialects) == 1
