from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from embedtune.errors import InputError
from embedtune.events import Alert
from embedtune.training.steps.memory import MemoryRelief, is_out_of_memory

CPU = "[enforce fail at alloc_cpu.cpp:128] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate"


@dataclass
class Loss:
    micro_batch: int = 0


class Step:
    """Runs out of memory until few enough texts run at a time; draws a random number as dropout would."""

    def __init__(self, loss, most, error=None):
        self.loss, self.most, self.drawn = loss, most, []
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    def __call__(self):
        self.drawn.append(float(torch.rand(())))
        if not 0 < self.loss.micro_batch <= self.most:
            raise self.error
        return torch.tensor(self.drawn[-1])


def relief(loss, **changes):
    told, cleared = [], []
    return MemoryRelief(loss, lambda: cleared.append(1), told.append, **changes), told, cleared


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError(CPU),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("[enforce fail] not enough memory: you tried to allocate 8 bytes."),
        MemoryError(),
    ],
)
def test_every_device_says_it_in_its_own_way(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("out of memory"), KeyError("x")])
def test_other_errors_are_others(error):
    assert not is_out_of_memory(error)


def test_a_step_that_fits_is_done_once():
    loss = Loss(8)
    step = Step(loss, 8)
    guard, told, cleared = relief(loss)

    guard.run(step, 64)

    assert (len(step.drawn), told, cleared, loss.micro_batch) == (1, [], [], 8)


@pytest.mark.parametrize("error", [None, RuntimeError(CPU), MemoryError()])
def test_it_halves_until_the_step_fits_and_draws_the_same_numbers_each_time(error):
    loss = Loss()
    step = Step(loss, 10, error)
    guard, told, cleared = relief(loss)
    torch.manual_seed(5)

    value = guard.run(step, 64)

    assert loss.micro_batch == 8  # of 64: 32, 16, 8
    assert len(step.drawn) == 4
    assert set(step.drawn) == {float(value)}
    assert len(cleared) == 3
    assert [type(event) for event in told] == [Alert] * 3
    assert "8 texts at a time" in told[-1].message


def test_a_micro_batch_larger_than_the_batch_counts_as_the_batch():
    loss = Loss(1000)
    guard, _, _ = relief(loss)

    guard.run(Step(loss, 4), 8)

    assert loss.micro_batch == 4


@pytest.mark.parametrize("loss", [Loss(1), Loss(6), object()])
def test_where_nothing_can_be_halved_it_stops_with_a_remedy(loss):
    guard, _, _ = relief(loss)

    def step():
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nand much more")

    with pytest.raises(InputError) as caught:
        guard.run(step, 8)

    assert caught.value.message == "A training step ran out of memory: CUDA out of memory. Tried to allocate 2.00 GiB."
    assert "training.micro_batch" in caught.value.remedy


def test_several_processes_do_not_repeat_a_step():
    loss = Loss(8)
    step = Step(loss, 4)
    guard, _, _ = relief(loss, processes=2)

    with pytest.raises(InputError):
        guard.run(step, 8)

    assert len(step.drawn) == 1


def test_another_error_passes_and_nothing_is_repeated():
    loss = Loss(8)
    step = Step(loss, 1, RuntimeError("shapes differ"))
    guard, _, cleared = relief(loss)

    with pytest.raises(RuntimeError, match="shapes differ"):
        guard.run(step, 8)

    assert (len(step.drawn), cleared) == (1, [])


def test_what_the_failed_step_held_is_free_before_it_is_repeated():
    import weakref

    loss = Loss()
    held = []

    def step():
        if held:
            assert held[0]() is None
            return torch.zeros(())
        activations = torch.ones(3)
        held.append(weakref.ref(activations))
        raise torch.OutOfMemoryError("CUDA out of memory.")

    relief(loss)[0].run(step, 8)
