from __future__ import annotations

import json
import resource
from threading import Thread

import pytest

from embedtune.errors import InputError
from embedtune.retrieval.abtest.experiment import Arm
from embedtune.retrieval.abtest.log import Click, ExperimentLog, Impression, read_log


def impression(id_="i1", **changes):
    return Impression(
        **{"id": id_, "time": 1.5, "unit": "u", "arm": Arm.CANDIDATE, "share": 0.5}
        | {"sections": ("s1", "s2"), "teams": (Arm.CONTROL, Arm.CANDIDATE)}
        | changes
    )


def test_what_is_written_is_read_again(tmp_path):
    log = ExperimentLog(tmp_path / "log.jsonl")
    entries = [impression(), impression("i2", arm=Arm.CONTROL, teams=(), failed="gone"), Click("i1", "s2", 2.0)]
    for entry in entries:
        log.write(entry)

    content = read_log(tmp_path / "log.jsonl")

    assert content.impressions == tuple(entries[:2])
    assert content.clicks == (entries[2],)
    assert content.skipped == 0
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["kind"] for row in rows] == ["impression", "impression", "click"]


def test_a_line_that_a_crash_cut_off_costs_that_line_alone(tmp_path):
    path = tmp_path / "log.jsonl"
    log = ExperimentLog(path)
    log.write(impression())
    log.write(impression("i2"))
    path.write_bytes(path.read_bytes()[:-20] + b"\n\xff[]\n[1]\n" + b"[" * 100_000 + b'\n{"kind": "click"}\n')

    content = read_log(path)

    assert [entry.id for entry in content.impressions] == ["i1"]
    assert content.skipped == 5


def test_of_two_lists_with_one_name_the_first_counts(tmp_path):
    log = ExperimentLog(tmp_path / "log.jsonl")
    log.write(impression(unit="first"))
    log.write(impression(unit="second"))
    assert [entry.unit for entry in read_log(tmp_path / "log.jsonl").impressions] == ["first"]


def test_no_log_is_an_empty_one(tmp_path):
    assert read_log(tmp_path / "log.jsonl").impressions == ()


def test_threads_do_not_mix_their_lines(tmp_path):
    log = ExperimentLog(tmp_path / "log.jsonl")
    long = tuple(f"section-{number}" for number in range(500))

    def write(name):
        for number in range(20):
            log.write(impression(f"{name}{number}", sections=long))

    threads = [Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = read_log(tmp_path / "log.jsonl")
    assert (len(content.impressions), content.skipped) == (80, 0)


def test_a_log_that_cannot_be_written_or_read_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        ExperimentLog(tmp_path / "no" / "log.jsonl").write(Click("i", "s", 1.0))
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path)


def test_an_entry_after_a_torn_line_is_not_lost_with_it(tmp_path):
    path = tmp_path / "log.jsonl"
    log = ExperimentLog(path)
    log.write(impression())
    log.write(impression("torn"))
    path.write_bytes(path.read_bytes()[:-20])

    log.write(impression("i3"))
    ExperimentLog(path).write(Click("i3", "s1", 2.0))

    content = read_log(path)
    assert [entry.id for entry in content.impressions] == ["i1", "i3"]
    assert (len(content.clicks), content.skipped) == (1, 1)


def test_an_entry_that_finds_no_room_is_told_and_harms_no_other(tmp_path):
    path = tmp_path / "log.jsonl"
    log = ExperimentLog(path)
    log.write(impression())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, before[1]))
    try:
        with pytest.raises(InputError, match="cannot be written"):
            log.write(impression("i2"))
        assert not path.read_bytes().endswith(b"\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    log.write(impression("i3"))

    content = read_log(path)
    assert [entry.id for entry in content.impressions] == ["i1", "i3"]
    assert content.skipped == 1


@pytest.mark.parametrize("changes", [{"share": 1.5}, {"share": float("nan")}, {"time": float("inf")}])
def test_what_no_experiment_can_have_noted_is_left_out(tmp_path, changes):
    log = ExperimentLog(tmp_path / "log.jsonl")
    log.write(impression(**changes))
    content = read_log(tmp_path / "log.jsonl")
    assert (content.impressions, content.skipped) == ((), 1)
