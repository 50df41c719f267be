from __future__ import annotations

import multiprocessing

import pytest

from embedtune.errors import InputError
from embedtune.training.processes.run_lock import sole_training
from embedtune.training.trainer import train_model
from training_samples import sample_job


def hold(run, held, done):
    with sole_training(run):
        held.set()
        done.wait(60)


def test_a_second_training_in_the_same_folder_is_refused_until_the_first_one_ends(tiny_model, tmp_path):
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path / "run", held, done))
    other.start()
    assert held.wait(60)
    with pytest.raises(InputError, match="Another training is writing into"):
        train_model(sample_job(tiny_model, tmp_path / "run", epochs=1))
    assert not (tmp_path / "run").exists()
    done.set()
    other.join(60)
    train_model(sample_job(tiny_model, tmp_path / "run", epochs=1))
    assert (tmp_path / "run" / "model").is_dir()


def test_a_killed_training_holds_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path / "run", held, done))
    other.start()
    assert held.wait(60)
    other.kill()
    other.join(60)
    with sole_training(tmp_path / "run"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), sole_training(tmp_path / "file" / "run"):
        pass
