from __future__ import annotations

import importlib.util
import signal
import struct

import pytest

from embedtune.errors import InterruptedRunError, UnavailableError
from embedtune.events import Progress
from embedtune.training.records import tensorboard as module
from embedtune.training.trainer import train_model
from training_samples import sample_job, sample_pairs


def records(path):
    """Yield the records of an event file: length, check sum, content, check sum."""
    data = path.read_bytes()
    place = 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        yield data[place + 12 : place + 12 + length]
        place += length + 16


def scalars(folder):
    """Return (tag, step) of all scalars, file by file."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.iterdir()):
        events = [Event.FromString(record) for record in records(path)]
        found.append([(value.tag, event.step) for event in events for value in event.summary.value])
    return found


def test_without_a_package_the_extra_is_named_before_anything_is_touched(tiny_model, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        module.importlib.util, "find_spec", lambda name: None if name == "tensorboardX" else found(name)
    )

    with pytest.raises(UnavailableError, match=r"training\.tensorboard") as caught:
        train_model(sample_job(tiny_model, tmp_path / "run", tensorboard=True))

    assert "embedtune[tensorboard]" in caught.value.remedy
    assert not (tmp_path / "run").exists()


def test_figures_go_into_the_run_folder_and_no_text_of_a_pair(tiny_model, tmp_path):
    run = tmp_path / "run"

    train_model(sample_job(tiny_model, run, tensorboard=True))

    (found,) = scalars(run / "tensorboard")
    assert {("train/loss", 10), ("train/loss", 15), ("eval/mrr", 2), ("eval/mrr", 15)} <= set(found)
    written = b"".join(path.read_bytes() for path in (run / "tensorboard").iterdir())
    assert not any(pair.positive.encode() in written for pair in sample_pairs())


def test_a_run_that_goes_on_adds_a_file_and_one_begun_anew_removes_them(tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path / "run", tensorboard=True)

    def stop(event):
        if isinstance(event, Progress) and event.activity == "Training" and event.done == 7:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(InterruptedRunError):
        train_model(job, report=stop)
    train_model(job, resume=True)

    first, second = scalars(job.run / "tensorboard")
    assert max(step for _, step in first) <= 7
    assert min(step for tag, step in second if tag == "eval/mrr") == 8
    train_model(job)
    assert len(scalars(job.run / "tensorboard")) == 1
