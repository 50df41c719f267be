"""A log that cannot be written is no burden on what it logs."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from embedtune.errors import InputError
from embedtune.events import Alert, Notice
from embedtune.pipeline.sparing_log import SparingLog


class Log:
    """Fails as often as it is told to, and notes what it is given."""

    def __init__(self, failures):
        self.failures = failures
        self.tries = 0
        self.texts = []

    def append(self, detector, texts, vectors, advisories, domains):
        self.tries += 1
        if self.failures:
            self.failures -= 1
            raise InputError("queries.log is held by another process.", "Wait for it.")
        self.texts += texts


@pytest.fixture
def events():
    return []


def appended(log, *texts):
    for text in texts:
        log.append(None, [text], None, [None])


def test_a_log_that_is_held_is_waited_for_once_and_told_of_once(events):
    held = Log(failures=1000)
    log = SparingLog(lambda: held, 3600.0, events.append)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: appended(log, str(number)), range(40)))
    assert held.tries <= 4
    assert [type(event) for event in events] == [Alert]
    assert str(events[0].message).startswith("Queries were judged and not logged (1): queries.log is held")


def test_what_was_not_logged_is_counted_once_the_log_is_back(events):
    held = Log(failures=2)
    log = SparingLog(lambda: held, 0, events.append)
    appended(log, "one", "two", "three", "four")
    assert held.texts == ["three", "four"]
    assert events[1:] == [Notice("Queries are logged again; 2 were not.")]


def test_a_log_that_cannot_be_opened_is_opened_later(events):
    broken, held = [InputError("The key cannot be used.", "Remove it.")], Log(failures=0)

    def opening():
        if broken:
            raise broken.pop()
        return held

    log = SparingLog(opening, 0, events.append)
    appended(log, "one", "two")
    assert held.texts == ["two"]
    assert [type(event) for event in events] == [Alert, Notice]
