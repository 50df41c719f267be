"""Two processes train what one would train on their joint batches; what happens to one of them happens to both."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file
from training_ranks import ranks_job

import embedtune.errors
from embedtune.files import digest_file
from embedtune.pairs.formats.pairs_file import write_pairs_file
from embedtune.pipeline.training import run_origin
from embedtune.training.trainer import train_model
from tiny_models import write_tiny_bert
from training_samples import sample_pairs

TESTS = Path(__file__).parents[1]
SOURCE = Path(embedtune.errors.__file__).parents[1]
MODELS = ("model", "checkpoint-best", "checkpoint-epoch-1", "checkpoint-epoch-2")
CONFIG = """
[training]
base_model = "{model}"
epochs = 2
batch_size = 4
learning_rate = 2e-3
max_seq_length = 48
base_share = 0.0
device = "cpu"
"""


def torchrun(*arguments) -> subprocess.CompletedProcess[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    process = subprocess.Popen(
        [*command, "--master-addr", "127.0.0.1", "--master-port", str(port), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SOURCE, TESTS)))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        output, errors = process.communicate(timeout=150)
    finally:
        process.terminate()  # it ends the processes that it started
        process.wait()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def difference(one: Path, other: Path) -> float:
    """Return the greatest difference between the weights of two models."""
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    return max(float((first[name] - second[name]).abs().max()) for name in first)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model without dropout: random numbers are each process's own."""
    return write_tiny_bert(tmp_path_factory.mktemp("plain") / "model", dropout=0.0)


@pytest.fixture(scope="module")
def alone(model, tmp_path_factory):
    """The run of one process with the joint batch."""
    run = tmp_path_factory.mktemp("alone") / "run"
    train_model(ranks_job(model, run, 1))
    return run


@pytest.fixture(scope="module")
def together(model, tmp_path_factory):
    """The folder of the runs of two processes, and how they ended in each."""
    folder = tmp_path_factory.mktemp("together")
    done = torchrun(TESTS / "faults" / "training_ranks.py", model, folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


def test_two_processes_train_as_one_with_their_joint_batch(alone, together):
    folder, ended = together

    assert [rank["whole"] for rank in ended] == [[], []]
    for name in MODELS:
        assert difference(folder / "whole" / name, alone / name) < 1e-5, name
    assert difference(folder / "whole" / "model", alone / "checkpoint-epoch-1") > 1e-4  # it did learn
    logs = [(run / "metrics.jsonl").read_text().splitlines() for run in (folder / "whole", alone)]
    rows = [[json.loads(line) for line in log] for log in logs]
    assert [row["step"] for row in rows[0]] == [row["step"] for row in rows[1]]
    losses = [[row["loss"] for row in some if "loss" in row] for some in rows]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


def test_a_signal_to_one_process_stops_both_and_they_go_on_bit_by_bit(together):
    folder, ended = together

    stopped = ["InterruptedRunError", "Stopped by SIGTERM at step 3 of 10; the state is saved."]
    assert [rank["stopped"] for rank in ended] == [stopped, stopped]
    assert [rank["stopped resumed"] for rank in ended] == [[], []]
    for name in MODELS:
        assert difference(folder / "stopped" / name, folder / "whole" / name) == 0, name


def test_a_full_disk_of_the_first_process_stops_both_and_the_checkpoint_before_is_whole(together):
    folder, ended = together

    kind, message = ended[0]["full"]
    assert (kind, ended[1]["full"][0]) == ("InputError", "InputError")
    assert str(folder / "full") in message
    assert ended[1]["full"][1] == f"Process 0: {message}"
    assert [rank["full resumed"] for rank in ended] == [[], []]
    for name in MODELS:
        assert difference(folder / "full" / name, folder / "whole" / name) == 0, name


def test_an_error_in_the_middle_of_a_step_ends_both(together):
    _, ended = together

    assert ended[1]["broken"] == ["ValueError", "shapes differ"]
    assert ended[0]["broken"] == ["InputError", "Another process of this training ended."]


def test_torchrun_starts_the_command_line(model, tmp_path):
    pairs, config, run = tmp_path / "pairs.jsonl", tmp_path / "two.toml", tmp_path / "run"
    write_pairs_file(pairs, sample_pairs())
    config.write_text(CONFIG.format(model=model))

    done = torchrun("-m", "embedtune", "train", pairs, "--json", "-o", run, "--config", config)

    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout)["run"] == str(run)  # one result, and nothing else
    assert run_origin(run).pairs_hash == digest_file(pairs)
    assert "processes 2" in (run / "training.log").read_text()
    assert difference(run / "model", model) > 1e-4
