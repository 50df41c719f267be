import multiprocessing
import time

import pytest
from anomaly_samples import FOREIGN, QUESTIONS, TokenEncoder

from embedtune.anomaly.log_reading import read_log
from embedtune.anomaly.query_log import QueryLog
from embedtune.config.anomaly_settings import QueryLogSettings

TEXTS = [QUESTIONS[0], FOREIGN[0]]
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def write(detector, tmp_path):
    vectors = TokenEncoder().encode(TEXTS)
    advisories = detector.score(TEXTS, vectors)

    def append(times):
        log = QueryLog(tmp_path / "queries.log", QueryLogSettings())
        for _ in range(times):
            log.append(detector, TEXTS, vectors, advisories)

    return append


def test_several_processes_may_write(write, tmp_path):
    running = [FORK.Process(target=write, args=(20,)) for _ in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join(30)
    assert [process.exitcode for process in running] == [0] * 3
    entries = list(read_log(tmp_path / "queries.log"))
    assert len(entries) == 120
    assert len({entry.query for entry in entries}) == 2


@pytest.mark.parametrize("after", [10, 60])
def test_a_process_that_is_killed_leaves_a_log_that_others_go_on_with(write, tmp_path, after):
    path = tmp_path / "queries.log"
    process = FORK.Process(target=write, args=(100_000,))
    process.start()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (not path.exists() or path.stat().st_size < after * 100):
        time.sleep(0.001)
    process.kill()
    process.join(30)
    assert process.exitcode == -9
    whole = len(list(read_log(path)))
    assert whole >= 1
    write(1)
    assert len(list(read_log(path))) == whole + 2
