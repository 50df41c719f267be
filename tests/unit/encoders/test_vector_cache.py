from __future__ import annotations

import multiprocessing
import os
import time

import numpy as np
import pytest

from embedtune.encoders.cache import VectorCache
from embedtune.events import Alert

TEXTS = ["oil level", "brake fluid"]
VECTORS = np.array([[1, 0, 0.5], [-0.25, 3, 2]], dtype=np.float32)


@pytest.fixture
def cache(tmp_path):
    return VectorCache(tmp_path / "vectors", 1 << 20)


def files(cache):
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def put_many(cache, count, rows=10):
    for number in range(count):
        cache.put("m", [f"text {number}"] * rows, np.full((rows, 8), number, dtype=np.float32))


def test_what_was_put_comes_back_to_the_last_bit(cache):
    assert cache.get("m", TEXTS) is None
    cache.put("m", TEXTS, VECTORS)
    found = VectorCache(cache.folder, 1).get("m", TEXTS)
    assert found.dtype == np.float32
    assert found.tobytes() == VECTORS.tobytes()


@pytest.mark.parametrize(
    ("model", "texts"),
    [("other", TEXTS), ("m", TEXTS[::-1]), ("m", TEXTS[:1]), ("m", ["oil levelbrake fluid", ""]), ("m", [])],
)
def test_nothing_else_comes_back(cache, model, texts):
    cache.put("m", TEXTS, VECTORS)
    assert cache.get(model, texts) is None


def test_flip_of_any_byte_is_noticed(cache):
    cache.put("m", TEXTS, VECTORS)
    (path,) = files(cache)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = cache.get("m", TEXTS)
        assert found is None or found.tobytes() == VECTORS.tobytes(), place
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert cache.get("m", TEXTS) is None, length


def test_vectors_of_a_flipped_file_never_come_back(cache):
    cache.put("m", TEXTS, VECTORS)
    (path,) = files(cache)
    whole = path.read_bytes()
    for place in range(len(whole) - VECTORS.nbytes, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 128]) + whole[place + 1 :])
        assert cache.get("m", TEXTS) is None, place
    cache.put("m", TEXTS, VECTORS)
    assert cache.get("m", TEXTS).tobytes() == VECTORS.tobytes()


def test_file_of_other_texts_in_its_place_is_noticed(cache):
    cache.put("m", TEXTS, VECTORS)
    (first,) = files(cache)
    cache.put("m", ["x", "y"], VECTORS + 1)
    (second,) = set(files(cache)) - {first}
    second.replace(first)
    assert cache.get("m", TEXTS) is None


def test_what_was_not_used_for_longest_goes_first(cache):
    put_many(cache, 6)
    size = files(cache)[0].stat().st_size
    for number, path in enumerate(sorted(files(cache), key=lambda path: path.stat().st_mtime_ns)):
        os.utime(path, (1000 + number, 1000 + number))
    kept = {number for number in range(6) if cache.get("m", [f"text {number}"] * 10) is not None}
    assert kept == set(range(6))
    for path in files(cache):
        os.utime(path, (1000, 1000))
    assert cache.get("m", ["text 0"] * 10) is not None
    small = VectorCache(cache.folder, 3 * size)
    small.put("m", ["one more"] * 10, np.zeros((10, 8), dtype=np.float32))
    assert sum(path.stat().st_size for path in files(cache)) <= 3 * size
    assert small.get("m", ["one more"] * 10) is not None
    assert small.get("m", ["text 0"] * 10) is not None


def test_budget_holds_through_many_blocks(cache):
    put_many(cache, 1)
    budget = 7 * files(cache)[0].stat().st_size
    small = VectorCache(cache.folder, budget)
    put_many(small, 60)
    assert 3 * budget / 7 <= sum(path.stat().st_size for path in files(cache)) <= budget
    assert small.get("m", ["text 59"] * 10) is not None


def test_block_larger_than_the_room_is_not_kept(tmp_path):
    small = VectorCache(tmp_path / "vectors", 8)
    small.put("m", TEXTS, VECTORS)
    assert not small.folder.exists()


def test_what_a_killed_process_left_is_removed(cache):
    put_many(cache, 1)
    shelf = files(cache)[0].parent
    old, young = shelf / "tmp1.unfinished", shelf / "tmp2.unfinished"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    VectorCache(cache.folder, 1 << 20).put("m", TEXTS, VECTORS)
    assert not old.exists()
    assert young.exists()


def test_folder_that_cannot_be_written_is_told_once(tmp_path):
    (tmp_path / "vectors").write_text("a file")
    told = []
    broken = VectorCache(tmp_path / "vectors", 1 << 20, told.append)
    for _ in range(3):
        broken.put("m", TEXTS, VECTORS)
        assert broken.get("m", TEXTS) is None
    assert len(told) == 1
    assert isinstance(told[0], Alert)
    assert "Vectors are not kept" in told[0].message


def _write_and_read(folder, seed):
    draws = np.random.default_rng(seed)
    cache = VectorCache(folder, 6000)
    for _ in range(150):
        number = int(draws.integers(12))
        texts = [f"text {number}"] * 10
        found = cache.get("m", texts)
        if found is None:
            cache.put("m", texts, np.full((10, 8), number, dtype=np.float32))
        elif not (found == number).all():
            raise AssertionError(number)


def test_processes_share_a_folder(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_write_and_read, args=(tmp_path / "vectors", seed)) for seed in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert [path for path in (tmp_path / "vectors").rglob("*") if path.suffix == ".unfinished"] == []
