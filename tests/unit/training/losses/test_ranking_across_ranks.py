"""Two processes with a part of a batch each compute what one process computes with all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import ranking_rank
from embedtune.training.losses.across_ranks import joint_batch, mean_over_ranks
from loss_samples import assert_alike, columns_of, mixed_pairs, outcome, quiet_model

PARTS = Path(ranking_rank.__file__)


@pytest.fixture(scope="module")
def two_ranks(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    paths = os.pathsep.join(path for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": paths, "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, "-W", "error::FutureWarning", str(PARTS)]
    running = [subprocess.Popen([*command, str(rank), folder, tiny_model], env=environment) for rank in range(2)]
    try:
        assert [process.wait(timeout=180) for process in running] == [0, 0]
    finally:
        for process in running:
            process.kill()
    return [load_file(folder / f"{rank}.safetensors") for rank in range(2)]


def part(found, case):
    named = {name.removeprefix(f"{case}/"): value for name, value in found.items() if name.startswith(f"{case}/")}
    return named.pop("loss").item(), named


@pytest.mark.parametrize("case", ranking_rank.CASES)
def test_loss_and_gradients_are_those_of_one_process_with_the_joint_batch(two_ranks, tiny_model, case):
    model = quiet_model(tiny_model)
    chosen = ranking_rank.CASES[case]
    with chosen.forward(model):
        alone = outcome(model, chosen.loss(model), columns_of(mixed_pairs()))

    for found in two_ranks:
        assert_alike(alone, part(found, case))


def test_one_process_is_left_as_it_is():
    columns, rows = [torch.randn(3, 2), torch.randn(3, 2)], torch.arange(3)

    batch = joint_batch(columns, rows)

    assert all(one is other for one, other in zip(batch.columns, columns, strict=True))
    assert (batch.own, batch.ranks, batch.share) == (slice(0, 3), 1, 1.0)
    assert mean_over_ranks(rows, 1) is rows
