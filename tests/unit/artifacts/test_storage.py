from __future__ import annotations

import pytest

from embedtune.artifacts import storage as room
from embedtune.artifacts.storage import LocalStorage
from embedtune.errors import InputError, ModelError
from embedtune.files import seal_folder


@pytest.fixture
def storage(tmp_path):
    return LocalStorage(tmp_path / "models")


def hidden(storage):
    return sorted(path.name for path in storage.root.glob(".*") if path.name != ".registry")


def test_what_is_committed_lies_in_its_place(storage):
    with storage.staged("m-v1") as staging:
        (staging.folder / "a.txt").write_text("x")
        with storage.writing():
            staging.commit()
    assert storage.names() == ("m-v1",)
    assert storage.read("m-v1/a.txt") == b"x"
    assert hidden(storage) == []
    assert list((storage.root / ".registry" / "staging").iterdir()) == []


def test_what_is_not_committed_leaves_nothing(storage):
    with storage.staged("m-v1") as staging:
        (staging.folder / "a.txt").write_text("x")
    assert storage.names() == ()
    assert hidden(storage) == []


def test_nothing_is_committed_over_something(storage):
    (storage.root / "m-v1").mkdir(parents=True)
    with storage.staged("m-v1") as staging, storage.writing(), pytest.raises(FileExistsError):
        staging.commit()


def test_a_living_publisher_is_not_swept_and_a_dead_one_is(storage):
    dead = storage.root / ".m-v1.abcdefgh"
    (dead / "model").mkdir(parents=True)
    (dead / "model" / "w").write_text("half")
    for path in (dead / "model" / "w", dead / "model", dead):
        path.chmod(0o555)
    strangers = [storage.root / ".git", storage.root / ".m.abcdefgh", storage.root / "m-v1.abcdefgh"]
    for stranger in strangers:
        stranger.mkdir()
    with storage.staged("m-v2") as staging:
        assert not dead.exists()
        with storage.writing():
            assert staging.folder.is_dir()
        (staging.folder / "a.txt").write_text("still here")
    assert all(stranger.is_dir() for stranger in strangers)


def test_half_written_files_of_the_state_are_swept(storage):
    for folder in ("log", "channels"):
        place = storage.root / ".registry" / folder
        place.mkdir(parents=True)
        (place / ".00000001.json.abcd").write_text("ha")
    with storage.writing():
        assert list((storage.root / ".registry").glob("*/.0*")) == []


def test_a_file_is_created_once_and_replaced_whole(storage):
    with storage.writing():
        storage.create("log/1.json", "one")
        with pytest.raises(FileExistsError):
            storage.create("log/1.json", "two")
        storage.replace("log/1.json", "three")
    assert storage.read("log/1.json") == b"three"
    assert storage.read("log/2.json") is None


def test_one_process_writes_at_a_time(storage, monkeypatch):
    monkeypatch.setattr(room, "_PATIENCE_SECONDS", 0.0)
    with (
        storage.writing(),
        pytest.raises(InputError, match="Another process is writing"),
        LocalStorage(storage.root).writing(),
    ):
        pytest.fail("two processes wrote at once")


def test_a_place_that_is_no_folder_is_reported(storage):
    storage.root.write_text("")
    with pytest.raises(InputError, match="Nothing can be written"), storage.writing():
        pytest.fail("there is nothing to write to")
    assert storage.names() == ()


def test_what_cannot_be_read_is_reported(storage, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(storage.root), "read_bytes", refuse)
    with pytest.raises(ModelError, match="cannot be read: Permission denied"):
        storage.read("log/1.json")


def test_a_removed_version_is_gone_at_once(storage):
    (storage.root / "m-v1" / "model").mkdir(parents=True)
    (storage.root / "m-v1" / "model" / "w").write_text("x")
    seal_folder(storage.root / "m-v1", 0o755)
    with storage.writing():
        storage.remove("m-v1")
    assert storage.names() == ()
    assert hidden(storage) == []
    with storage.writing(), pytest.raises(InputError, match="cannot be removed"):
        storage.remove("m-v1")
