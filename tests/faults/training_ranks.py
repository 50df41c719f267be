"""What test_two_ranks.py has torchrun start in each process: trainings in which something happens to one of them.

Run as ``training_ranks.py MODEL FOLDER``; each process writes how its trainings ended to ``FOLDER/<process>.json``.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import torch

from embedtune.errors import EmbedtuneError
from embedtune.training.processes import ranks
from embedtune.training.steps.library_trainer import LibraryTrainer
from embedtune.training.trainer import train_model
from training_samples import sample_job, sample_pairs

BATCH = 4
FAULT_STEP = 3


def ranks_job(model: Path, run: Path, processes: int):
    """Return a job of 35 pairs: five steps an epoch with 7 of them, which two processes cannot share evenly."""
    pairs = sample_pairs()[1:]
    return sample_job(model, run, pairs=pairs, batch_size=BATCH * 2 // processes, epochs=2, eval_steps=2)


def at_step(rank: int, fault):
    """Have something happen when one of the processes is about to compute a step."""
    whole = LibraryTrainer._own_step

    def faulty(self, *arguments):
        if self.state.global_step + 1 == FAULT_STEP and ranks_index() == rank:
            fault()
        return whole(self, *arguments)

    LibraryTrainer._own_step = faulty
    return lambda: setattr(LibraryTrainer, "_own_step", whole)


def at_save(rank: int):
    """Have the disk be full when the state of the fourth step is written."""
    whole = torch.save

    def faulty(value, path, *arguments, **options):
        if "checkpoint-4" in str(path) and ranks_index() == rank:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return whole(value, path, *arguments, **options)

    torch.save = faulty
    return lambda: setattr(torch, "save", whole)


def ranks_index() -> int:
    return int(os.environ["RANK"])


def terminated() -> None:
    signal.raise_signal(signal.SIGTERM)


def broken() -> None:
    raise ValueError("shapes differ")


def train(model: Path, run: Path) -> list[str]:
    """Return how a training ended: the kind of error and what it says, or nothing."""
    try:
        train_model(ranks_job(model, run, 2), resume=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
        text = error.message if isinstance(error, EmbedtuneError) else str(error)
        return [type(error).__name__, text]
    return []


def main(model: str, folder: str) -> None:
    torch.set_num_threads(1)
    ranks._LAST_WORD = timedelta(seconds=1)
    place, ended = Path(folder), {}
    ended["whole"] = train(Path(model), place / "whole")
    faults = (
        ("stopped", lambda: at_step(1, terminated)),
        ("full", lambda: at_save(0)),
        ("broken", lambda: at_step(1, broken)),
    )
    for name, prepare in faults:
        undo = prepare()
        ended[name] = train(Path(model), place / name)
        undo()
        if name != "broken":
            ended[f"{name} resumed"] = train(Path(model), place / name)
    (place / f"{ranks_index()}.json").write_text(json.dumps(ended))


if __name__ == "__main__":
    main(*sys.argv[1:])
