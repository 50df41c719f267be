from __future__ import annotations

import json

import pytest

from embedtune.errors import FormatError, InputError
from embedtune.index.description import Engine
from embedtune.index.folder_store import POINTER_FILE, FolderStore
from embedtune.index.stores import Pointer


@pytest.fixture
def store(tmp_path):
    made = FolderStore(tmp_path / "store")
    for name in ("a", "b", "c", "d"):
        (tmp_path / "store" / "collections" / name).mkdir(parents=True)
        (tmp_path / "store" / "collections" / name / "file").write_text(name)
    return made


def collections(store):
    return sorted(path.name for path in (store._folder / "collections").iterdir())


def test_an_absent_index_points_nowhere(tmp_path):
    assert FolderStore(tmp_path / "nowhere").pointer() is None
    assert not (tmp_path / "nowhere").exists()


def test_switching_keeps_what_is_pointed_to_and_drops_the_rest(store):
    store.switch(Pointer("a", "b", "c"))
    assert store.pointer() == Pointer("a", "b", "c")
    assert collections(store) == ["a", "b", "c"]
    store.switch(Pointer("c"))
    assert collections(store) == ["c"]
    assert store.pointer() == Pointer("c")


def test_a_switch_that_fails_leaves_the_old_one_in_force(store, monkeypatch):
    store.switch(Pointer("a", "b", "c"))

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("embedtune.files.os.replace", full)
    with pytest.raises(InputError, match="No space left"):
        store.switch(Pointer("c"))
    assert (store.pointer(), collections(store)) == (Pointer("a", "b", "c"), ["a", "b", "c"])


def test_halves_of_files_of_a_killed_process_are_swept_and_stop_nobody(store):
    halves = [store._folder / ".store.json.k1ll3d", store._folder / "collections" / "a" / ".sections.jsonl.k1ll3d"]
    for path in halves:
        path.write_text("{")
    with store.writing():
        assert not any(path.exists() for path in halves)
    assert (store._folder / "collections" / "a" / "file").exists()
    (store._folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something that is no index"), store.writing():
        pass


def test_dropping_what_is_gone_is_no_error(store):
    store.drop("d")
    store.drop("d")
    assert collections(store) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "schema None"),
        ('{"schema": 1, "current": "a"}', "schema 1, not 2"),
        ('{"schema": 2}', "does not name collections"),
        ('{"schema": 2, "current": "../../etc"}', "outside of it"),
    ],
)
def test_a_damaged_pointer_is_reported(store, text, reason):
    (store._folder / POINTER_FILE).write_text(text)
    with pytest.raises(FormatError, match=reason):
        store.pointer()


def test_engines_of_a_folder(store):
    assert store.engine(10, None) is Engine.EXACT
    assert store.engine(10_000, None) is Engine.QDRANT
    assert store.engine(10, "qdrant") is Engine.QDRANT
    with pytest.raises(InputError, match="not a server"):
        store.engine(10, "server")


def test_one_writer_at_a_time(store):
    with (
        store.writing(),
        pytest.raises(InputError, match=r"Another process is writing.*Wait"),
        FolderStore(store._folder).writing(),
    ):
        pass
    with store.writing():
        pass


def test_a_pointer_is_plain_json(store):
    store.switch(Pointer("a", None, "b"))
    row = json.loads((store._folder / POINTER_FILE).read_text())
    assert row == {"schema": 2, "current": "a", "baseline": None, "previous": "b"}
