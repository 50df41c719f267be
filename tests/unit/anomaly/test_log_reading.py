"""A report meets a log that is being written and set aside."""

import multiprocessing
import shutil
import time
from pathlib import Path

import pytest
from anomaly_samples import QUESTIONS, TokenEncoder

from embedtune.anomaly.log_reading import read_log
from embedtune.anomaly.query_log import QueryLog
from embedtune.config.anomaly_settings import QueryLogSettings
from embedtune.errors import FormatError

SETTINGS = QueryLogSettings(text=True, megabytes=1e-6, files=999)
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def write(detector, tmp_path):
    """Logs questions, each in a file of its own."""
    vectors = TokenEncoder().encode(QUESTIONS)
    advisories = detector.score(QUESTIONS, vectors)

    def append(rows):
        log = QueryLog(tmp_path / "queries.log", SETTINGS)
        for row in rows:
            log.append(detector, QUESTIONS[row : row + 1], vectors[row : row + 1], advisories[row : row + 1])

    return append


def texts(*paths):
    return [entry.text for entry in read_log(*paths)]


def test_what_is_set_aside_while_a_report_begins_is_read_once(write, tmp_path, monkeypatch):
    write(range(4))
    plain, more = Path.open, list(range(4, 12))

    def opened(path, *arguments, **values):
        stream = plain(path, *arguments, **values)
        if more:
            with monkeypatch.context() as patch:
                patch.setattr(Path, "open", plain)
                write([more.pop()])
        return stream

    monkeypatch.setattr(Path, "open", opened)
    assert texts(tmp_path / "queries.log") == QUESTIONS[:4]


def test_the_moment_between_two_logs_and_a_crash_in_it(write, tmp_path):
    path = tmp_path / "queries.log"
    write(range(3))
    path.rename(tmp_path / "queries.log.9")
    assert texts(path) == [QUESTIONS[2], *QUESTIONS[:2]]
    for left in tmp_path.glob("queries.log.[0-9]"):
        left.unlink()
    with pytest.raises(FormatError, match="cannot be read"):
        texts(path)


def test_a_copy_is_read_and_nothing_written_beside_it(write, tmp_path):
    write([0])
    copy = tmp_path / "elsewhere" / "copy.log"
    copy.parent.mkdir()
    shutil.copy(tmp_path / "queries.log", copy)
    assert texts(copy) == QUESTIONS[:1]
    assert [file.name for file in copy.parent.iterdir()] == ["copy.log"]


def test_several_processes_set_logs_aside_while_others_read(write, tmp_path):
    path = tmp_path / "queries.log"
    write([0])
    writers = [FORK.Process(target=write, args=(range(start, 120, 3),)) for start in (1, 2, 3)]
    for process in writers:
        process.start()
    seen = 1
    deadline = time.monotonic() + 60
    while any(process.is_alive() for process in writers) and time.monotonic() < deadline:
        found = texts(path)
        assert len(found) == len(set(found)) >= seen
        seen = len(found)
    for process in writers:
        process.join(30)
    assert [process.exitcode for process in writers] == [0] * 3
    assert sorted(texts(path)) == sorted(QUESTIONS[:120])
