"""One of several processes that compute the ranking loss of a joint batch; run by a test."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from embedtune.training.engine.lean_forward import LeanForward
from embedtune.training.losses.ranking import MultipleNegativesRanking
from loss_samples import ROWS, columns_of, mixed_pairs, quiet_model, tokens

SPLIT = 6  # rows of the first process; the second has five


@dataclass(frozen=True)
class Case:
    micro_batch: int = 0
    lean: bool = False
    options: dict = field(default_factory=dict)

    def loss(self, model):
        columns = columns_of(mixed_pairs())
        loss = MultipleNegativesRanking(
            model,
            columns.positive_clusters,
            columns.negative_clusters,
            answers=columns.answers,
            joined=self.lean,
            **self.options,
        )
        loss.micro_batch = self.micro_batch
        return loss

    def forward(self, model):
        return LeanForward(model).installed() if self.lean else contextlib.nullcontext()


CASES = {
    "plain": Case(),
    "symmetric": Case(options={"symmetric": True, "dims": (16, 4)}),
    "lean": Case(lean=True),
    "cached": Case(micro_batch=4, lean=True, options={"symmetric": True}),
}


def main(rank: int, folder: Path, base: Path) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=2)
    rows = ROWS[:SPLIT] if rank == 0 else ROWS[SPLIT:]
    found = {}
    for name, case in CASES.items():
        model = quiet_model(base)
        loss = case.loss(model)
        wrapped = DistributedDataParallel(model)
        loss.model = wrapped
        with case.forward(model):
            value = loss(*tokens(model, columns_of(mixed_pairs()), rows))
            value.backward()
        found[f"{name}/loss"] = value.detach().clone()
        found |= {f"{name}/{key}": weight.grad for key, weight in model.named_parameters() if weight.requires_grad}
    save_file(found, folder / f"{rank}.safetensors")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    faulthandler.dump_traceback_later(90, exit=True)  # a process that hangs says where
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
    os._exit(0)  # gloo's threads now and then keep a process from ending whose work is done
