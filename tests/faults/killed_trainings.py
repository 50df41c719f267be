"""Train in processes that are killed at the worst places: ``killed_trainings.py BASE OUT``.

Leaves one run folder a place under OUT, each as the kill left it. The libraries are imported once; every
training is a fork.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from embedtune import files
from embedtune.errors import InterruptedRunError
from embedtune.events import Progress, silent
from embedtune.training import trainer
from embedtune.training.batching import remining
from embedtune.training.steps import callback, library_trainer
from training_samples import sample_job, sample_remining

STOPPED = 3
MODELS = ("model", "checkpoint-best", "checkpoint-epoch-1", "checkpoint-epoch-2", "checkpoint-epoch-3")


def outcome(run):
    """Return all that a run leaves for others: weights, rows, progress, the names in its folder."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    progress = json.loads((run / "training_progress.json").read_text())
    return (
        {name: (run / name / "model.safetensors").read_bytes() for name in MODELS},
        [{key: value for key, value in row.items() if key != "tokens_per_second"} for row in rows],
        {key: value for key, value in progress.items() if key != "duration_seconds"},
        sorted(path.name for path in run.iterdir()),
    )


def step_of(event):
    """Return the training step that an event tells of, 0 if it tells of something else."""
    return event.done if isinstance(event, Progress) and event.activity == "Training" else 0


def stop_at(*steps):
    """Return a reporter that sends SIGTERM to this process at the given steps."""

    def report(event):
        if step_of(event) in steps:
            signal.raise_signal(signal.SIGTERM)

    return report


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def half_a_state():
    """Die with half of the third state written (step 6)."""
    save, calls = library_trainer.save_model, []

    def save_half(model, folder):
        calls.append(folder)
        save(model, folder)
        if len(calls) == 3:
            weights = folder / "model.safetensors"
            weights.write_bytes(weights.read_bytes()[:1000])
            die()

    library_trainer.save_model = save_half


def a_state_that_nothing_names():
    """Die between the third state and the pointer to it."""
    write, calls = callback.write_resume_point, []

    def write_two(run, point):
        calls.append(point)
        if len(calls) == 3:
            die()
        write(run, point)

    callback.write_resume_point = write_two


def half_a_pointer():
    """Die with the third pointer written beside its place and not yet moved there."""
    replace, calls = os.replace, []

    def replace_two(source, target):
        if Path(target).name == "resume.json":
            calls.append(target)
            if len(calls) == 3:
                die()
        replace(source, target)

    files.os.replace = replace_two


def half_an_epoch_model():
    """Die with half of the second epoch's model written."""
    save = callback.save_model

    def save_half(model, folder):
        save(model, folder)
        if "epoch-2" in folder.name:
            (folder / "config.json").unlink()
            die()

    callback.save_model = save_half


PLACES = (half_a_state, a_state_that_nothing_names, half_a_pointer, half_an_epoch_model)


def half_the_negatives():
    """Die with the third epoch's negatives written beside their place and not yet moved there."""
    replace = os.replace

    def replace_others(source, target):
        if Path(target).name == "negatives-epoch-3.jsonl":
            die()
        replace(source, target)

    files.os.replace = replace_others


def negatives_that_no_row_counts():
    """Die between the second epoch's negatives and the row about them."""
    remining._read = die


def negatives_that_no_state_names():
    """Die in the first step that trains on the second epoch's negatives."""
    step, calls = library_trainer.LibraryTrainer.training_step, []

    def step_five(self, *arguments):
        calls.append(arguments)
        if len(calls) > 5:
            die()
        return step(self, *arguments)

    library_trainer.LibraryTrainer.training_step = step_five


REMINING_PLACES = (half_the_negatives, negatives_that_no_row_counts, negatives_that_no_state_names)


def remining_job(base, run):
    """Return a job that mines negatives before each epoch but the first."""
    return replace(sample_job(base, run, remine_epochs=1), remining=sample_remining())


def in_a_child(work):
    """Run ``work`` in a fork; returns the child's id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except InterruptedRunError:
        os._exit(STOPPED)
    os._exit(0)


def killed(job, place):
    """Train in a child that dies at a place."""

    def work():
        place()
        trainer.train_model(job, report=silent)

    _, status = os.waitpid(in_a_child(work), 0)
    if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
        sys.exit(f"{place.__name__}: status {status}")


def terminated(base, run):
    """Train in a child that gets SIGTERM from outside after some steps."""
    mark = run.with_suffix(".started")

    def slow(event):
        if step_of(event):
            if event.done == 3:
                mark.touch()
            time.sleep(0.1)

    child = in_a_child(lambda: trainer.train_model(sample_job(base, run), report=slow))
    while not mark.exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != STOPPED:
        sys.exit(f"terminated: status {status}")


def main(base: Path, out: Path) -> None:
    """Leave all run folders."""
    for place in PLACES:
        killed(sample_job(base, out / place.__name__), place)
    for place in REMINING_PLACES:
        killed(remining_job(base, out / place.__name__), place)
    terminated(base, out / "terminated")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
