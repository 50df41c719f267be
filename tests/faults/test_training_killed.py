"""A training stopped or killed anywhere and then resumed ends as if nothing had happened, to the bit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from killed_trainings import PLACES, REMINING_PLACES, outcome, remining_job, step_of, stop_at

import embedtune.errors
from embedtune.config.training_settings import SpeedSettings
from embedtune.errors import ConfigError, InterruptedRunError
from embedtune.events import Notice
from embedtune.training.trainer import train_model
from training_samples import sample_dev, sample_job, sample_pairs

SOURCE = Path(embedtune.errors.__file__).parents[1]
STEPS = 15  # 3 epochs of 5 steps; a state at every second one, a loss row at 10 and 15


def negatives(run):
    """Return the negatives that were mined while training, by file."""
    return {path.name: path.read_bytes() for path in run.glob("negatives-*")}


def interrupt(job, step, *, resume=False):
    with pytest.raises(InterruptedRunError, match=f"Stopped by SIGTERM at step {step} of {STEPS}"):
        train_model(job, resume=resume, report=stop_at(step))


@pytest.fixture(scope="module")
def uninterrupted(tiny_model, tmp_path_factory):
    run = tmp_path_factory.mktemp("uninterrupted") / "run"
    train_model(sample_job(tiny_model, run))
    return outcome(run)


@pytest.fixture(scope="module")
def stopped(tiny_model, tmp_path_factory):
    """A run stopped at step 7, to be copied."""
    run = tmp_path_factory.mktemp("stopped") / "run"
    interrupt(sample_job(tiny_model, run), 7)
    return run


@pytest.fixture(scope="module")
def uninterrupted_remining(tiny_model, tmp_path_factory):
    run = tmp_path_factory.mktemp("remining") / "run"
    train_model(remining_job(tiny_model, run))
    return outcome(run), negatives(run)


@pytest.fixture(scope="module")
def killed(tiny_model, tmp_path_factory):
    """The folder of all run folders that killed processes left."""
    out = tmp_path_factory.mktemp("killed") / "out"
    script = Path(__file__).with_name("killed_trainings.py")
    done = subprocess.run(
        [sys.executable, script, tiny_model, out],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return out


@pytest.mark.parametrize("step", [1, 5, 9, 10])  # before any state, at an epoch's end, between rows, at a row
def test_stopped_by_a_signal(uninterrupted, tiny_model, tmp_path, step):
    job = sample_job(tiny_model, tmp_path / "run")
    interrupt(job, step)
    notices = []

    train_model(job, resume=True, report=notices.append)

    assert Notice(f"Going on from step {step}.") in notices
    assert outcome(job.run) == uninterrupted


def test_stopped_without_the_memory_of_frozen_layers(tiny_model, tmp_path):
    train_model(
        sample_job(tiny_model, tmp_path / "whole", speed=SpeedSettings(frozen_cache_mb=0, frozen_cache_disk_mb=0))
    )
    job = sample_job(tiny_model, tmp_path / "run", speed=SpeedSettings(frozen_cache_mb=0, frozen_cache_disk_mb=0))
    interrupt(job, 7)

    train_model(job, resume=True)

    assert outcome(job.run) == outcome(tmp_path / "whole")


def test_stopped_again_and_again(uninterrupted, tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path / "run")
    interrupt(job, 3)
    interrupt(job, 4, resume=True)
    interrupt(job, 12, resume=True)

    train_model(job, resume=True)

    assert outcome(job.run) == uninterrupted


def test_stopped_at_the_last_step(uninterrupted, tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path / "run")
    interrupt(job, STEPS)
    assert not (job.run / "model").exists()

    train_model(job, resume=True)

    assert outcome(job.run) == uninterrupted


def test_a_stopped_run_says_so_and_has_no_result_yet(stopped):
    progress = json.loads((stopped / "training_progress.json").read_text())

    assert progress["training_completed"] is False
    assert progress["step"] == 7
    assert not (stopped / "model").exists()


def test_killed_at_the_worst_places_and_terminated_from_outside(uninterrupted, killed, tiny_model):
    """One test for all, because making the killed runs is the slow part; see killed_trainings.py."""
    for place in (*(place.__name__ for place in PLACES), "terminated"):
        run = killed / place
        assert not (run / "model").exists(), place
        notices = []

        train_model(sample_job(tiny_model, run), resume=True, report=notices.append)

        assert [event for event in notices if isinstance(event, Notice)], place  # it went on, not anew
        assert outcome(run) == uninterrupted, place


def test_killed_at_the_worst_places_of_mining_again(uninterrupted_remining, killed, tiny_model):
    for place in (place.__name__ for place in REMINING_PLACES):
        run = killed / place
        assert not (run / "model").exists(), place
        notices = []

        train_model(remining_job(tiny_model, run), resume=True, report=notices.append)

        assert [event for event in notices if isinstance(event, Notice)], place
        assert (outcome(run), negatives(run)) == uninterrupted_remining, place


@pytest.mark.parametrize("step", [3, 5, 6, 10, 13])  # in each epoch, and at the borders where negatives are mined
def test_stopped_in_a_run_that_mines_again(uninterrupted_remining, tiny_model, tmp_path, step):
    job = remining_job(tiny_model, tmp_path / "run")
    interrupt(job, step)

    train_model(job, resume=True)

    assert (outcome(job.run), negatives(job.run)) == uninterrupted_remining


def test_a_half_written_newer_state_is_never_used_nor_counted(uninterrupted, stopped, tiny_model, tmp_path):
    run = shutil.copytree(stopped, tmp_path / "run")
    half = run / "state" / "checkpoint-8"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    for newer in ("checkpoint-99", "checkpoint-100"):
        (run / "state" / newer).mkdir()
    seen = []

    def watch(event):
        if step_of(event):
            point = json.loads((run / "resume.json").read_text())
            seen.append((run / "state" / point["checkpoint"] / "trainer_state.json").is_file())

    train_model(sample_job(tiny_model, run), resume=True, report=watch)

    assert seen == [True] * (STEPS - 7)  # the state that the pointer names is there at every step
    assert outcome(run) == uninterrupted


def test_killed_between_moving_the_best_model_away_and_putting_the_new_one_there(
    uninterrupted, stopped, tiny_model, tmp_path
):
    run = shutil.copytree(stopped, tmp_path / "run")
    (run / "checkpoint-best").rename(run / ".checkpoint-best.retired")
    (run / ".checkpoint-best.new").mkdir()

    train_model(sample_job(tiny_model, run), resume=True)

    assert outcome(run) == uninterrupted


def test_the_random_state_is_part_of_it(uninterrupted, stopped, tiny_model, tmp_path):
    """Without the generators' state the result differs: the other tests would see a dropout not resumed."""
    run = shutil.copytree(stopped, tmp_path / "run")
    (run / "state" / "checkpoint-7" / "rng_state.pth").unlink()

    train_model(sample_job(tiny_model, run), resume=True)

    assert outcome(run)[0]["checkpoint-epoch-3"] != uninterrupted[0]["checkpoint-epoch-3"]


def test_resuming_a_finished_run_changes_nothing(uninterrupted, tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path / "run")
    first = train_model(job)

    again = train_model(job, resume=True)

    assert replace(again, seconds=0) == replace(first, seconds=0)
    assert again.seconds > first.seconds
    assert outcome(job.run) == uninterrupted


def test_resuming_where_nothing_is_starts_anew(uninterrupted, tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path / "run")

    train_model(job, resume=True)

    assert outcome(job.run) == uninterrupted


def test_without_resume_it_starts_anew(uninterrupted, stopped, tiny_model, tmp_path):
    run = shutil.copytree(stopped, tmp_path / "run")
    steps = []

    train_model(sample_job(tiny_model, run), report=steps.append)

    assert next(step for step in map(step_of, steps) if step) == 1
    assert outcome(run) == uninterrupted


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 1e-3},
        {"epochs": 4},
        {"seed": 4},
        {"pairs": sample_pairs()[1:]},
        {"dev": replace(sample_dev(), queries=sample_dev().queries[1:])},
    ],
    ids=["rate", "epochs", "seed", "pairs", "dev"],
)
def test_resuming_with_other_inputs_is_refused_and_harms_nothing(stopped, tiny_model, tmp_path, changes):
    run = shutil.copytree(stopped, tmp_path / "run")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}

    with pytest.raises(ConfigError, match="trained with other pairs or settings") as caught:
        train_model(sample_job(tiny_model, run, **changes), resume=True)

    assert "another run folder" in caught.value.remedy
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_time_before_the_stop_counts(stopped, tiny_model, tmp_path):
    run = shutil.copytree(stopped, tmp_path / "run")
    progress = json.loads((run / "training_progress.json").read_text())
    (run / "training_progress.json").write_text(json.dumps(progress | {"duration_seconds": 1000.0}))

    result = train_model(sample_job(tiny_model, run), resume=True)

    assert 1000 < result.seconds < 1100
