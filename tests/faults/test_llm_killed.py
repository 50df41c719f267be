"""A run that asks a language model is killed, started again, and asks nothing twice that was answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from embedtune.pairs.llm.writer import LlmWriter
from llm_samples import NO_KEY, mark_of, sections, settings
from llm_server import LlmServer, good
from quiet_server import Response

SECTIONS = 40
WORKERS = 4

PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from embedtune.errors import InterruptedRunError
    from embedtune.pairs.llm.writer import LlmWriter
    from llm_samples import sections, settings

    url, journal, count, workers = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    try:
        LlmWriter(settings(url, concurrency=workers), journal, {}).write_all(sections(count))
    except InterruptedRunError as error:
        sys.stderr.write(str(error))
        sys.exit(3)
    """
)


class Run:
    """The program in a process of its own, and what the server does to it at a certain request."""

    def __init__(self, server, journal):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, server.url, journal, str(SECTIONS), str(WORKERS)],
            env=dict(os.environ, PYTHONPATH=str(Path(__file__).resolve().parents[1])),
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self):
        errors = self.process.communicate(timeout=120)[1]
        return self.process.returncode, errors


def answered(journal):
    """The sections with a whole answer in the journal."""
    if not journal.exists():
        return set()
    lines = journal.read_bytes().split(b"\n")[:-1]
    return {json.loads(line)["section_id"] for line in lines}


def test_nothing_answered_is_asked_again_after_a_kill(tmp_path):
    journal = tmp_path / "answers.jsonl"
    marks = {mark_of(sample, settings()): sample.id for sample in sections(SECTIONS)}
    blows = [7, 9, 12]
    state = {"left": 0, "run": None}
    lock = threading.Lock()

    def script(request):
        with lock:
            state["left"] -= 1
            strike = state["left"] == 0
        if strike:
            state["run"].process.send_signal(signal.SIGKILL)
        return good(request)

    with LlmServer(script) as server:
        for blow in blows:
            before, log = answered(journal), len(server.log)
            with lock:
                state["left"] = blow
                state["run"] = Run(server, journal)
            assert state["run"].ended() == (-signal.SIGKILL, "")
            asked = {marks[request.mark] for request in server.log[log:]}
            assert not asked & before
            assert len(answered(journal)) > len(before)
        before, log = answered(journal), len(server.log)
        found = LlmWriter(settings(server.url), journal, NO_KEY).write_all(sections(SECTIONS))
        asked = Counter(marks[request.mark] for request in server.log[log:])

    assert set(asked) == {sample.id for sample in sections(SECTIONS)} - before
    assert asked.total() <= len(asked) + WORKERS  # a request of the killed run may be read late
    assert len(found.questions) == SECTIONS
    assert found.from_journal == len(before)
    # asked twice were only those whose answer a kill kept from arriving
    assert len(server.log) <= SECTIONS + len(blows) * WORKERS


def test_interrupted_run_keeps_what_is_in_flight(tmp_path):
    journal = tmp_path / "answers.jsonl"
    started = {}

    def script(request):
        if request.number == 9:
            started["run"].process.send_signal(signal.SIGINT)
        elif request.number > 9:
            time.sleep(0.2)
        return good(request)

    with LlmServer(script) as server:
        started["run"] = Run(server, journal)
        code, errors = started["run"].ended()
    assert code == 3
    assert errors.startswith("Stopped while the language model wrote questions")
    assert "Traceback" not in errors
    assert len(answered(journal)) == len(server.log)
    assert 10 <= len(server.log) < SECTIONS


def test_second_interrupt_does_not_wait_for_a_server_that_stalls(tmp_path):
    with LlmServer(lambda request: Response(stall=True)) as server:
        run = Run(server, tmp_path / "answers.jsonl")
        while len(server.log) < WORKERS:
            time.sleep(0.01)
        run.process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            run.process.wait(0.5)
        run.process.send_signal(signal.SIGINT)
        assert run.ended()[0] == -signal.SIGINT
        assert len(server.log) == WORKERS
