from __future__ import annotations

import json
import re

from embedtune.training.records.recording import LOG, METRICS, PROGRESS, RunRecord, seconds_spent


def rows(run):
    return [json.loads(line) for line in (run / METRICS).read_text().splitlines()]


def test_metric_rows_are_appended_in_the_order_of_their_fields(tmp_path):
    record = RunRecord(tmp_path, 10, 2)
    record.metric({"epoch": 1, "step": 100, "loss": 0.245})
    record.metric({"epoch": 1, "step": 100, "mrr": 0.5})

    lines = (tmp_path / METRICS).read_text().splitlines()
    assert lines == ['{"epoch": 1, "step": 100, "loss": 0.245}', '{"epoch": 1, "step": 100, "mrr": 0.5}']


def test_rewinding_drops_rows_after_the_step(tmp_path):
    record = RunRecord(tmp_path, 10, 2)
    for step in (0, 10, 10, 20, 30):
        record.metric({"step": step})

    record.rewind(20)

    assert [row["step"] for row in rows(tmp_path)] == [0, 10, 10, 20]


def test_rewinding_drops_a_row_torn_by_a_crash(tmp_path):
    (tmp_path / METRICS).write_text('{"step": 10}\n{"loss": 1.0}\n[]\n{"step": 20, "lo')

    RunRecord(tmp_path, 10, 2).rewind(40)

    assert (tmp_path / METRICS).read_text() == '{"step": 10}\n'


def test_rewinding_without_rows_writes_none(tmp_path):
    RunRecord(tmp_path, 10, 2).rewind(5)

    assert list(tmp_path.iterdir()) == []


def test_progress_holds_what_scripts_rely_on(tmp_path):
    RunRecord(tmp_path, 36, 8).progress(completed=True, epoch=3.0, step=15, best_step=12, best_metric=0.81)

    value = json.loads((tmp_path / PROGRESS).read_text())
    assert 0 <= value.pop("duration_seconds") < 60
    assert value == {
        "training_completed": True,
        "train_examples": 36,
        "eval_examples": 8,
        "epoch": 3.0,
        "step": 15,
        "best_step": 12,
        "best_metric": 0.81,
    }


def test_time_of_earlier_parts_counts(tmp_path):
    first = RunRecord(tmp_path, 36, 8, seconds_before=100.0)
    first.progress(completed=False, epoch=1.0, step=5, best_step=0, best_metric=0.0)

    assert 100 <= seconds_spent(tmp_path) < 160
    assert RunRecord(tmp_path, 36, 8, seconds_spent(tmp_path)).seconds >= 100


def test_a_run_without_progress_has_spent_nothing(tmp_path):
    assert seconds_spent(tmp_path) == 0.0


def test_log_lines_carry_the_time_in_utc(tmp_path):
    record = RunRecord(tmp_path, 10, 2)
    record.log("step 10")
    record.log("step 20")

    first, second = (tmp_path / LOG).read_text().splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 step 10", first)
    assert second.endswith(" step 20")
