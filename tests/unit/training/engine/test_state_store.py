from __future__ import annotations

import errno
import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from embedtune.training.engine import state_store
from embedtune.training.engine.state_store import StateStore

WIDTH = 4
ROW = 2 * WIDTH


def states(tokens: int, seed: int) -> torch.Tensor:
    return torch.randn(tokens, WIDTH, generator=torch.Generator().manual_seed(seed)).to(torch.float16)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(state_store, "_BLOCK_BYTES", 10 * ROW)


@pytest.mark.parametrize(("memory", "disk"), [(1 << 20, 0), (0, 1 << 20), (20 * ROW, 1 << 20)])
def test_what_was_put_in_comes_out(tmp_path, small_blocks, memory, disk):
    store = StateStore(WIDTH, memory, disk, tmp_path / "states")
    for number in range(12):
        assert store.put(bytes([number]), states(number + 1, number))
    for number in range(12):
        assert torch.equal(store.get(bytes([number])), states(number + 1, number))
        assert bytes([number]) in store
    assert len(store) == 12
    assert store.get(b"other") is None


def test_no_file_is_left_behind(tmp_path):
    store = StateStore(WIDTH, 0, 1 << 20, tmp_path / "states")
    assert store.put(b"a", states(3, 1))
    assert list((tmp_path / "states").iterdir()) == []


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(0, 60), st.integers(0, 60))
def test_budgets_hold(tmp_path_factory, lengths, memory, disk):
    store = StateStore(WIDTH, memory * ROW, disk * ROW, tmp_path_factory.getbasetemp())
    kept = [number for number, length in enumerate(lengths) if store.put(bytes([number]), states(length, number))]
    in_memory, on_disk = store.bytes_held
    assert in_memory <= memory * ROW
    assert on_disk <= disk * ROW
    for number in kept:
        assert torch.equal(store.get(bytes([number])), states(lengths[number], number))


def test_a_full_disk_ends_the_growth_and_nothing_else(tmp_path, small_blocks, monkeypatch):
    store = StateStore(WIDTH, 10 * ROW, 1 << 20, tmp_path)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(state_store, "_reserve", full)
    assert store.put(b"a", states(10, 1))
    assert not store.put(b"b", states(5, 2))
    assert torch.equal(store.get(b"a"), states(10, 1))
    assert store.bytes_held == (10 * ROW, 0)
