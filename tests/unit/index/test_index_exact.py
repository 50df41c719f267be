from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from embedtune.errors import FormatError, InputError, ModelError
from embedtune.index.exact import ENTRIES_FILE, VECTORS_FILE, ExactIndex
from embedtune.vocabulary.corpus import Passage

MODEL = "sha256:model"


def filled(count=50, dimension=8, seed=3):
    index = ExactIndex(dimension)
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    index.upsert([Passage(f"s{n}#0", f"s{n}", "text") for n in range(count)], rows, ["x", "y"] * (count // 2))
    return index


@pytest.fixture
def saved(tmp_path):
    filled().save(tmp_path / "vectors", MODEL)
    return tmp_path / "vectors"


def test_search_many_is_search_of_each_to_the_last_bit():
    index = filled(count=200)
    queries = np.random.default_rng(4).standard_normal((300, 8)).astype(np.float32)
    for domain in (None, "y"):
        together = index.search_many(queries, 7, domain)
        assert len(together) == 300
        assert together == [index.search(query, 7, domain) for query in queries]


def test_equal_vectors_score_equal_in_whatever_batch_they_came():
    index = ExactIndex(385)
    row = np.random.default_rng(0).standard_normal((1, 385)).astype(np.float32)
    for number in reversed(range(40)):
        index.upsert([Passage(f"s{number:02d}#0", "s", "")], row, ["x"])
    query = np.random.default_rng(1).standard_normal(385).astype(np.float32)
    found = index.search(query, 25)
    assert [id_ for id_, _ in found] == [f"s{number:02d}#0" for number in range(25)]
    assert len({score for _, score in found}) == 1


def test_search_many_of_no_queries_and_in_an_empty_index():
    assert filled().search_many(np.zeros((0, 8), dtype=np.float32), 3) == []
    assert ExactIndex(8).search_many(np.ones((2, 8), dtype=np.float32), 3) == [[], []]


def test_saved_and_loaded_answers_to_the_last_bit(saved):
    query = np.random.default_rng(9).standard_normal(8).astype(np.float32)
    loaded = ExactIndex.load(saved, 8, MODEL)
    assert loaded.search(query, 50) == filled().search(query, 50)
    assert loaded.search(query, 50, "y") == filled().search(query, 50, "y")
    assert loaded.dimension == 8


def test_saving_writes_the_same_bytes_twice(saved, tmp_path):
    filled().save(tmp_path / "again", MODEL)
    for name in (VECTORS_FILE, ENTRIES_FILE):
        assert (saved / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_saving_over_something_is_refused_and_changes_nothing(saved):
    before = (saved / VECTORS_FILE).read_bytes()
    with pytest.raises(InputError, match="holds something already"):
        filled(seed=8).save(saved, MODEL)
    assert (saved / VECTORS_FILE).read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["vectors"]


def test_another_model_is_refused(saved):
    with pytest.raises(ModelError, match="sha256:other"):
        ExactIndex.load(saved, 8, "sha256:other")
    with pytest.raises(ModelError, match="8 dimensions, not of 16"):
        ExactIndex.load(saved, 16, MODEL)


@pytest.mark.parametrize("name", [VECTORS_FILE, ENTRIES_FILE])
def test_damage_is_reported(saved, name):
    whole = (saved / name).read_bytes()
    for damaged in (b"", b"\x00\x01", whole[: len(whole) // 2]):
        (saved / name).write_bytes(damaged)
        with pytest.raises(FormatError, match=r"damaged.*Index the corpus again"):
            ExactIndex.load(saved, 8, MODEL)
    (saved / name).unlink()
    with pytest.raises(FormatError, match="damaged"):
        ExactIndex.load(saved, 8, MODEL)


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries["passage_ids"].pop(),
        lambda entries: entries["domains"].append("x"),
        lambda entries: entries["passage_ids"].__setitem__(0, entries["passage_ids"][1]),
        lambda entries: entries.pop("domains"),
        lambda entries: entries.update(passage_ids="s1"),
    ],
)
def test_files_that_do_not_fit_each_other_are_reported(saved, change):
    entries = json.loads((saved / ENTRIES_FILE).read_text())
    change(entries)
    (saved / ENTRIES_FILE).write_text(json.dumps(entries))
    with pytest.raises(FormatError, match="damaged"):
        ExactIndex.load(saved, 8, MODEL)


@pytest.mark.parametrize(
    "tensors",
    [
        {"other": np.ones((50, 8), dtype=np.float32)},
        {"vectors": np.ones((50, 8), dtype=np.float64)},
        {"vectors": np.full((50, 8), np.nan, dtype=np.float32)},
    ],
)
def test_vectors_of_another_kind_are_reported(saved, tensors):
    save_file(tensors, saved / VECTORS_FILE)
    with pytest.raises(FormatError, match="damaged"):
        ExactIndex.load(saved, 8, MODEL)


def test_growing_by_batches_is_filling_at_once():
    rows = np.random.default_rng(3).standard_normal((5000, 8)).astype(np.float32)
    passages = [Passage(f"s{number}#0", "s", "") for number in range(5000)]
    domains = [f"d{number % 3}" for number in range(5000)]
    at_once, by_batches = ExactIndex(8), ExactIndex(8)
    at_once.upsert(passages, rows, domains)
    for start in range(0, 5000, 333):
        batch = slice(max(0, start - 5), start + 333)  # five are replaced by themselves
        by_batches.upsert(passages[batch], rows[batch], domains[batch])
    query = np.random.default_rng(4).standard_normal(8).astype(np.float32)
    assert len(by_batches) == 5000
    for domain in (None, "d1"):
        assert by_batches.search(query, 40, domain) == at_once.search(query, 40, domain)


def test_batch_that_is_refused_changes_nothing():
    index = filled()
    rows = np.ones((3000, 8), dtype=np.float32)
    rows[2999, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        index.upsert([Passage(f"t{number}#0", "t", "") for number in range(3000)], rows, ["x"] * 3000)
    assert len(index) == 50
    assert index.search(np.ones(8, dtype=np.float32), 50) == filled().search(np.ones(8, dtype=np.float32), 50)


def test_cosines_of_some_passages():
    index = filled()
    query = np.random.default_rng(9).standard_normal(8).astype(np.float32)
    found = dict(index.search(query, 50))
    assert index.cosines(query, ["s7#0", "s3#0"]).tolist() == [found["s7#0"], found["s3#0"]]
    with pytest.raises(KeyError):
        index.cosines(query, ["nowhere#0"])
