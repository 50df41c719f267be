from __future__ import annotations

import errno
import os
import shutil

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from embedtune.errors import FormatError, InputError, ModelError
from embedtune.index.exact_files import KeptExactIndex
from embedtune.vocabulary.corpus import Passage

MODEL = "sha256:model"
QUERY = np.random.default_rng(9).standard_normal(8).astype(np.float32)


def opened(folder):
    return KeptExactIndex.open(folder, 8, MODEL)


def fill(index, first=0, count=20, seed=3):
    rows = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    names = [Passage(f"s{n}#0", f"s{n}", "text") for n in range(first, first + count)]
    index.upsert(names, rows, ["x", "y"] * (count // 2), [["kind=other"]] * count)


@pytest.fixture
def folder(tmp_path):
    index = opened(tmp_path / "vectors")
    fill(index)
    index.close()
    return tmp_path / "vectors"


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_batch_is_on_the_disk_before_the_index_is_closed(tmp_path):
    index = opened(tmp_path)
    fill(index)
    fill(index, first=20)
    other = opened(tmp_path)
    assert other.search(QUERY, 40) == index.search(QUERY, 40)
    assert other.filtered(["kind=other"]).search(QUERY, 40, "y") == index.search(QUERY, 40, "y")
    assert len(files(tmp_path)) == 2


def test_closing_joins_the_files(tmp_path):
    index = opened(tmp_path)
    fill(index)
    fill(index, first=10, seed=4)
    before = index.search(QUERY, 40)
    index.remove(["s0#0"])
    index.close()
    assert files(tmp_path) == ["vectors.safetensors"]
    assert opened(tmp_path).search(QUERY, 40) == [hit for hit in before if hit[0] != "s0#0"]


def test_one_that_was_only_searched_writes_nothing(folder):
    writer = opened(folder)
    fill(writer, first=50)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    reader = opened(folder)
    reader.search(QUERY, 3)
    reader.close()
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    writer.close()


def test_same_contents_give_the_same_bytes_however_they_came(folder, tmp_path):
    index = opened(tmp_path / "again")
    fill(index, first=10, count=10, seed=8)
    index.remove(["s11#0"])
    fill(index)
    fill(index, first=30)
    index.remove([f"s{number}#0" for number in range(30, 50)])
    index.close()
    assert files(tmp_path / "again") == files(folder)
    for name in files(folder):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_what_a_dead_writer_left_is_joined_by_the_next(folder):
    writer = opened(folder)
    fill(writer, first=50)
    assert files(folder) == ["0000000001.safetensors", "vectors.safetensors"]
    following = opened(folder)
    following.flush()
    assert files(folder) == ["vectors.safetensors"]
    assert len(opened(folder)) == 40


def test_opening_while_the_writer_joins_the_files(folder, monkeypatch):
    index = opened(folder)
    fill(index, first=50)
    read = KeptExactIndex._read
    calls = []

    def joined_meanwhile(self, path):
        calls.append(path)
        if len(calls) == 2:
            index.close()
        return read(self, path)

    monkeypatch.setattr(KeptExactIndex, "_read", joined_meanwhile)
    assert len(opened(folder)) == 40


def test_another_model_is_refused(folder):
    with pytest.raises(ModelError, match="sha256:other"):
        KeptExactIndex.open(folder, 8, "sha256:other")
    with pytest.raises(ModelError, match="8 dimensions, not of 16"):
        KeptExactIndex.open(folder, 16, MODEL)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_reported(folder, part):
    (path,) = folder.iterdir()
    os.truncate(path, int(part * path.stat().st_size))
    with pytest.raises(FormatError, match=r"damaged.*Index the corpus again"):
        opened(folder)


def test_changed_vectors_are_reported(folder):
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(FormatError, match=r"the vectors of vectors\.safetensors were changed"):
        opened(folder)


@pytest.mark.parametrize(
    ("tensors", "keeps_header"),
    [
        ({"other": np.ones((20, 8), dtype=np.float32)}, True),
        ({"vectors": np.ones((20, 8), dtype=np.float64)}, True),
        ({"vectors": np.ones((19, 8), dtype=np.float32)}, True),
        ({"vectors": np.ones((20, 8), dtype=np.float32)}, False),
    ],
)
def test_files_of_another_kind_are_reported(folder, tensors, keeps_header):
    (path,) = folder.iterdir()
    with safe_open(path, framework="numpy") as stream:
        header = stream.metadata()
    save_file(tensors, path, header if keeps_header else None)
    with pytest.raises(FormatError, match="damaged"):
        opened(folder)


def test_a_full_disk_is_reported_and_leaves_what_was_there(folder, monkeypatch):
    index = opened(folder)
    before = files(folder)

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"cannot be written: .*No space left.*free space"):
        fill(index, first=50)
    monkeypatch.undo()
    assert files(folder) == before
    assert len(index) == len(opened(folder)) == 20
    fill(index, first=50)
    index.close()
    assert len(opened(folder)) == 40


def test_a_copied_folder_still_works(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    assert opened(tmp_path / "copy").search(QUERY, 5) == opened(folder).search(QUERY, 5)
