from __future__ import annotations

import json

import pytest

from embedtune.errors import ConfigError, InputError
from embedtune.training.records.checkpoints import (
    ResumePoint,
    discard_other_states,
    discard_run_state,
    read_resume_point,
    write_resume_point,
)

POINT = ResumePoint("checkpoint-20", 20, "sha256:inputs", 10, 0.25, 1.1, 3, waited=2)


@pytest.fixture
def run(tmp_path):
    write_resume_point(tmp_path, POINT)
    (tmp_path / "state" / "checkpoint-20").mkdir(parents=True)
    return tmp_path


def test_a_point_is_read_as_written_to_the_last_bit(run):
    assert read_resume_point(run, "sha256:inputs") == POINT


def test_no_point_no_resume(tmp_path):
    assert read_resume_point(tmp_path, "sha256:inputs") is None


def test_a_point_whose_checkpoint_is_gone_is_none(run):
    (run / "state" / "checkpoint-20").rmdir()

    assert read_resume_point(run, "sha256:inputs") is None


def test_other_inputs_are_refused(run):
    with pytest.raises(ConfigError, match="trained with other pairs or settings"):
        read_resume_point(run, "sha256:others")


@pytest.mark.parametrize("text", ["[]", '{"step": 3}', "3", "not json"])
def test_a_damaged_point_is_an_input_error_that_names_it(run, text):
    (run / "resume.json").write_text(text)

    with pytest.raises(InputError, match=r"resume\.json"):
        read_resume_point(run, "sha256:inputs")


def test_other_states_go_and_the_points_own_stays(run):
    for name in ("checkpoint-10", "checkpoint-30"):
        (run / "state" / name).mkdir()
    (run / "state" / "checkpoint-30" / "model.safetensors").write_bytes(b"half")
    (run / "checkpoint-best").mkdir()

    (run / "failed-batch.jsonl").write_text("rows")
    (run / ".resume.json.x1y2").write_text("half")
    (run / ".checkpoint-epoch-1.new").mkdir()

    discard_other_states(run, POINT)

    assert [path.name for path in (run / "state").iterdir()] == ["checkpoint-20"]
    assert sorted(path.name for path in run.iterdir()) == ["checkpoint-best", "resume.json", "state"]


def test_discarding_removes_all_of_a_run_and_nothing_else(run):
    for name in ("checkpoint-best", "checkpoint-epoch-1", ".checkpoint-best.retired", ".model.new", "model", "notes"):
        (run / name).mkdir()
    (run / ".metrics.jsonl.x1y2").write_text("half")
    names = (
        "metrics.jsonl",
        "training_progress.json",
        "training.log",
        "parameters.json",
        "failed-batch.jsonl",
        "pairs.jsonl",
        "receipt.json",
    )
    for name in names:
        (run / name).write_text(json.dumps(name))

    discard_run_state(run)

    assert sorted(path.name for path in run.iterdir()) == ["notes", "pairs.jsonl", "receipt.json"]


def test_discarding_an_empty_folder_does_nothing(tmp_path):
    discard_run_state(tmp_path)

    assert list(tmp_path.iterdir()) == []
