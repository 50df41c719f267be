"""Many sections against a server that fails in every way there is."""

from __future__ import annotations

import json
import logging
import random
import threading
import traceback
from collections import Counter

import pytest

from embedtune.errors import ConfigError, InputError
from embedtune.events import Alert, Progress
from embedtune.pairs.llm.journal import Journal
from embedtune.pairs.llm.writer import LlmWriter
from llm_samples import NO_KEY, mark_of, no_wait, section, sections, settings
from llm_server import FAULTS, LlmServer, complaint, completion, faulty_once, good, questions_about
from quiet_server import Response

KEY = "sk-norvex-4711"


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "answers.jsonl"


def write(server, journal, samples, *, environment=NO_KEY, report=None, **changes):
    writer = LlmWriter(settings(server.url, **changes), journal, environment, wait=no_wait)
    return writer.write_all(samples, report or (lambda event: None))


def test_questions_come_with_the_place_of_their_answers(journal):
    with LlmServer() as server:
        found = write(server, journal, sections(5))
    for sample in sections(5):
        expected = [(entry["question"], n) for n, entry in enumerate(questions_about(sample.text))]
        assert list(found.write(sample, 0)) == expected
    assert list(found.write(section(99), 0)) == []
    assert found.spent.tokens == 5 * 150


def test_same_answers_make_the_same_questions_whatever_the_order(journal, tmp_path):
    with LlmServer() as server:
        first = write(server, journal, sections(20), concurrency=8)
        second = write(server, tmp_path / "other.jsonl", sections(20), concurrency=1)
    assert first.questions == second.questions
    assert list(first.questions) == [sample.id for sample in sections(20)]


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_each_fault_is_overcome(journal, fault):
    with LlmServer(faulty_once(fault)) as server:
        found = write(server, journal, sections(2), timeout_seconds=0.5 if fault == "stall" else 20.0)
    assert len(found.questions) == 2
    assert set(server.asked.values()) == {2}


def test_a_fifth_of_all_answers_fails_and_every_section_is_answered(journal):
    kinds = sorted(FAULTS)

    def script(request):
        draw = random.Random(f"{request.mark}:{request.attempt}:1")
        return FAULTS[draw.choice(kinds)] if draw.random() < 0.2 else good(request)

    with LlmServer(script) as server:
        found = write(server, journal, sections(100), concurrency=8, timeout_seconds=1.0)
    failed = sum(count - 1 for count in server.asked.values())
    assert len(found.questions) == 100
    assert found.given_up == {}
    assert 12 <= failed <= 40


def test_second_run_asks_nothing(journal):
    with LlmServer() as server:
        first = write(server, journal, sections(6))
        second = write(server, journal, sections(6))
    assert len(server.log) == 6
    assert second.questions == first.questions
    assert (first.from_journal, second.from_journal) == (0, 6)
    assert second.spent == first.spent


def test_only_what_changed_is_asked_again(journal):
    changed = [*sections(5), section(5, "Quite another text about the Norvex pump.")]
    with LlmServer() as server:
        write(server, journal, sections(6))
        write(server, journal, changed)
        assert server.log[-1].mark == mark_of(changed[-1], settings())
        assert len(server.log) == 7
        write(server, journal, changed, model="other")
        assert len(server.log) == 13
    with LlmServer() as moved:
        write(moved, journal, changed)
    assert moved.log == []


def test_equal_sections_share_one_answer(journal):
    twins = [section(n, "Turn the Norvex knob until it clicks twice.") for n in range(4)]
    with LlmServer() as server:
        found = write(server, journal, twins)
    assert len(server.log) == 1
    assert len(found.questions) == 4


def test_no_more_requests_at_a_time_than_allowed(journal):
    gate = threading.Barrier(3, timeout=10)

    def script(request):
        gate.wait()
        return good(request)

    with LlmServer(script) as server:
        write(server, journal, sections(9), concurrency=3)
    assert server.peak == 3


def test_wording_is_settled_once_for_all_sections(journal):
    def script(request):
        offered = request.body.get("response_format", {}).get("type")
        return complaint(400, f"unknown {offered}") if offered else good(request)

    with LlmServer(script) as server:
        found = write(server, journal, sections(30), concurrency=3)
    assert len(found.questions) == 30
    assert len(server.log) <= 30 + 2 * 3


def test_section_too_long_for_the_model_is_given_up_alone(journal):
    def script(request):
        return complaint(400, "maximum context length exceeded") if "valve 3 " in request.text else good(request)

    events = []
    with LlmServer(script) as server:
        found = write(server, journal, sections(8), report=events.append)
    assert len(found.questions) == 7
    assert found.given_up == {"the endpoint refused the request": 1}
    assert [event.message for event in events if isinstance(event, Alert)] == [
        "1 of 8 sections got no questions from the language model: the endpoint refused the request."
    ]


def test_progress_counts_what_was_there_before(journal):
    events = []
    with LlmServer() as server:
        write(server, journal, sections(3))
        write(server, journal, sections(5), report=events.append)
    assert [(event.done, event.total) for event in events if isinstance(event, Progress)] == [(4, 5), (5, 5)]


PRICES = {"price_per_million_input_tokens": 100, "price_per_million_output_tokens": 100}


@pytest.mark.parametrize("limit", [{"max_tokens_budget": 6000}, {"max_cost": 0.6, **PRICES}])
def test_budget_stops_the_run_cleanly_and_counts_failures_and_earlier_runs(journal, limit):
    def script(request):
        questions = questions_about(request.text) if request.number else []
        return completion(json.dumps({"questions": questions}), usage=(900, 100))

    events = []
    with LlmServer(script) as server:
        with pytest.raises(InputError, match="wrong schema"):
            write(server, journal, sections(1), max_retries=0, **limit)
        found = write(server, journal, sections(40), report=events.append, max_answer_tokens=400, **limit)
        asked = len(server.log)
        again = write(server, journal, sections(40), max_answer_tokens=400, **limit)
    assert len(server.log) == asked
    assert again.questions == found.questions
    assert 3 <= len(found.questions) <= 5
    assert found.unasked == 40 - len(found.questions)
    assert found.spent.tokens == 1000 * asked <= 6000
    assert asked == 1 + len(found.questions)
    (alert,) = [event.message for event in events if isinstance(event, Alert)]
    assert "is used up" in alert
    assert f"{len(found.questions)} of 40 sections" in alert


def test_larger_budget_goes_on_where_the_smaller_one_ended(journal):
    with LlmServer() as server:
        small = write(server, journal, sections(10), max_tokens_budget=3300)
        large = write(server, journal, sections(10), max_tokens_budget=40_000)
    assert 0 < len(small.questions) < 10
    assert len(large.questions) == len(server.log) == 10


def test_model_that_never_answers_well_is_an_error_soon(journal):
    with (
        LlmServer(lambda request: FAULTS["malformed"]) as server,
        pytest.raises(InputError, match="malformed JSON in the answer") as caught,
    ):
        write(server, journal, sections(50), concurrency=1, max_retries=1)
    assert 16 <= len(server.log) < 30
    assert "8 sections in a row" in str(caught.value)


def test_endpoint_that_dies_on_the_way_is_an_error_and_the_rest_is_kept(journal):
    with (
        LlmServer(lambda request: good(request) if request.number < 5 else FAULTS["broken"]) as server,
        pytest.raises(InputError, match="HTTP 500"),
    ):
        write(server, journal, sections(50), concurrency=1, max_retries=0)
    with LlmServer() as server:
        found = write(server, journal, sections(50))
    assert (found.from_journal, len(server.log)) == (5, 45)


def test_wrong_key_ends_the_run_at_once(journal):
    with (
        LlmServer(lambda request: complaint(401, f"wrong key {KEY}")) as server,
        pytest.raises(ConfigError, match="HTTP 401"),
    ):
        write(server, journal, sections(50), environment={"OPENAI_API_KEY": KEY}, concurrency=2)
    assert len(server.log) <= 4


def test_questions_beyond_those_asked_for_are_left_out(journal):
    with LlmServer(lambda r: completion(json.dumps({"questions": questions_about(r.text, 8)}))) as server:
        found = write(server, journal, sections(1), questions_per_section=4)
    assert [len(questions) for questions in found.questions.values()] == [4]


def test_invented_quotes_are_counted(journal):
    made_up = [{"question": "Why?", "answer_quote": "the gasket was replaced yesterday", "kind": "natural"}]

    def script(request):
        return completion(json.dumps({"questions": [*made_up, *questions_about(request.text)]}))

    with LlmServer(script) as server:
        found = write(server, journal, sections(2))
    assert found.ungrounded == 2
    assert [len(questions) for questions in found.questions.values()] == [3, 3]


def test_journal_in_other_hands_is_an_error(journal):
    with LlmServer() as server, Journal(journal), pytest.raises(InputError, match="Another process"):
        write(server, journal, sections(1))
    assert server.log == []


def test_unreadable_lines_are_told(journal):
    journal.write_text("what is this\n")
    events = []
    with LlmServer() as server:
        write(server, journal, sections(1), report=events.append)
    assert "1 lines of" in events[0].message


def test_nothing_to_ask_needs_no_endpoint(journal):
    writer = LlmWriter(settings("http://127.0.0.1:9/v1"), journal, NO_KEY)
    assert writer.write_all([]).questions == {}


def test_key_appears_nowhere(journal, caplog):
    caplog.set_level(logging.DEBUG)
    events, errors = [], []

    def script(request):
        assert request.headers["authorization"] == f"Bearer {KEY}"
        echo = {"question": f"Is {KEY} the key?", "answer_quote": request.text[:20], "kind": "natural"}
        return completion(json.dumps({"questions": [echo]}))

    environment = {"OPENAI_API_KEY": KEY}
    with LlmServer(script) as server:
        found = write(server, journal, sections(3), environment=environment, report=events.append)
    for status in (400, 401, 403, 404, 500):
        with LlmServer(lambda request, status=status: complaint(status, f"bad key {KEY}")) as server:
            try:
                write(server, journal, [section(9)], environment=environment, report=events.append)
            except InputError as error:
                errors += traceback.format_exception(error)
    assert len(errors) > 3
    told = [repr(found), repr(events), *errors, caplog.text, journal.read_text()]
    assert [text for text in told if KEY in text] == []
    assert len(found.questions) == 3


def test_every_answer_counts_towards_one_answer_a_section(journal):
    """The server's log and the journal tell the same story."""
    with LlmServer(faulty_once("cut off")) as server:
        write(server, journal, sections(10))
    rows = Counter(json.loads(line)["row"] for line in journal.read_text().splitlines())
    assert rows == {"answer": 10, "failure": 10}
    assert len(server.log) == 20


def test_stalled_server_does_not_hang_the_run(journal):
    with (
        LlmServer(lambda request: Response(stall=True)) as server,
        pytest.raises(InputError, match="no answer in time"),
    ):
        write(server, journal, sections(3), timeout_seconds=0.2, max_retries=1)
