from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from embedtune.config.training_settings import SpeedSettings
from embedtune.errors import ConfigError, InterruptedRunError
from embedtune.training.processes.interruption import StopFlag
from embedtune.training.processes.ranks import (
    _MESSAGE_BYTES,
    Ranks,
    _buckets,
    _PeerFailedError,
    _raise_written,
    _written,
    in_first_process,
    joined,
)


def test_alone_nothing_is_waited_for_and_nothing_changes():
    with joined("cpu") as ranks:
        parameter = torch.nn.Parameter(torch.ones(3))
        parameter.grad = torch.full((3,), 2.0)
        stop = StopFlag("SIGTERM")

        assert (ranks.first, ranks.count) == (True, 1)
        assert ranks.meet(stop, 5) == 5
        assert ranks.by_first(lambda: "done") == "done"
        assert ranks.averaged(iter([parameter]), torch.tensor(0.5)) == 0.5
        assert parameter.grad.tolist() == [2.0, 2.0, 2.0]
        assert stop.signal_name == "SIGTERM"
        ranks.tell(ValueError("no one listens"))


def test_an_error_alone_stays_what_it_is():
    with pytest.raises(RuntimeError, match="Connection lost"), joined("cpu"):
        raise RuntimeError("Connection lost")


@pytest.mark.parametrize(("number", "first"), [(None, True), ("0", True), ("3", False)])
def test_the_first_process_is_known_by_its_number(monkeypatch, number, first):
    monkeypatch.delenv("RANK", raising=False)
    if number:
        monkeypatch.setenv("RANK", number)

    assert in_first_process() is first


def test_the_processes_of_a_machine_share_memory_and_disk():
    speed = Ranks(5, 8, 4).share_of(SpeedSettings(frozen_cache_mb=1000, frozen_cache_disk_mb=3, tokens_at_once=7))

    assert (speed.frozen_cache_mb, speed.frozen_cache_disk_mb, speed.tokens_at_once) == (250, 0, 7)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ConfigError("The key is wrong.", "Mend it."), ConfigError, "Process 2: The key is wrong. Mend it."),
        (InterruptedRunError("Stopped.", "Go on."), InterruptedRunError, "Process 2: Stopped. Go on."),
        (KeyError("x"), RuntimeError, "Process 2: KeyError: 'x'"),
    ],
)
def test_an_error_reaches_another_process_as_one_of_its_kind(error, kind, said):
    with pytest.raises(_PeerFailedError) as caught:
        _raise_written(_written(error), 2)

    assert type(caught.value.told) is kind
    assert str(caught.value.told) == said


def test_however_long_a_message_is_it_fits():
    for letter in ("x", "\0", '"', "ü", "\N{GRINNING FACE}"):
        assert len(_written(ConfigError(letter * 100_000, letter * 100_000))) <= _MESSAGE_BYTES


@given(st.lists(st.integers(1, 9), max_size=20))
def test_buckets_hold_every_tensor_once_and_in_order(sizes):
    tensors = [torch.zeros(size, dtype=[torch.float32, torch.float16][size % 2]) for size in sizes]

    buckets = list(_buckets(tensors))

    assert [id(tensor) for bucket in buckets for tensor in bucket] == [id(tensor) for tensor in tensors]
    assert all(len({tensor.dtype for tensor in bucket}) == 1 for bucket in buckets)
