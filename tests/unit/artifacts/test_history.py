from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedtune.artifacts.history import Action, Deed, History
from embedtune.artifacts.storage import LocalStorage
from embedtune.errors import VerificationError
from embedtune.files import canonical_json


def deed(number):
    return Deed(action=Action.PUBLISHED, version=f"m-v{number}", manifest=f"sha256:{number}", date="2030-01-02")


def log_of(folder, count):
    storage = LocalStorage(folder)
    history = History(storage)
    for number in range(1, count + 1):
        with storage.writing():
            history.append(history.following(history.entries(), deed(number)))
    return history


@pytest.fixture
def history(tmp_path):
    return log_of(tmp_path, 4)


def file_of(folder, number):
    return folder / ".registry" / "log" / f"{number:08d}.json"


def test_entries_come_in_order_each_with_the_digest_of_the_one_before(history):
    entries = history.entries()
    assert [entry.number for entry in entries] == [1, 2, 3, 4]
    assert [entry.deed.version for entry in entries] == ["m-v1", "m-v2", "m-v3", "m-v4"]
    assert [entry.previous for entry in entries] == ["", *(entry.digest for entry in entries[:-1])]


def test_an_empty_registry_has_no_entries(tmp_path):
    assert History(LocalStorage(tmp_path / "nowhere")).entries() == ()


def test_an_entry_is_not_written_twice(history, tmp_path):
    with pytest.raises(FileExistsError):
        history.append(history.entries()[-1])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 4), st.data())
def test_no_flipped_bit_goes_unnoticed(history, tmp_path, number, data):
    path = file_of(tmp_path, number)
    before = path.read_bytes()
    content = bytearray(before)
    content[data.draw(st.integers(0, len(content) - 2))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        with pytest.raises(VerificationError, match=r"\.registry/log/0000000"):
            history.entries()
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_removed_entry_is_missed(history, tmp_path, number):
    file_of(tmp_path, number).unlink()
    with pytest.raises(VerificationError, match=rf"0000000{number}\.json: missing"):
        history.entries()


def test_an_entry_that_is_written_while_the_log_is_read_leaves_no_gap(tmp_path, monkeypatch):
    """A listing made meanwhile may hold the later of two new entries and not the earlier one."""
    history = log_of(tmp_path, 4)
    listed = LocalStorage.names
    monkeypatch.setattr(
        LocalStorage, "names", lambda self, folder="": listed(self, folder)[:1] + listed(self, folder)[3:]
    )
    assert [entry.number for entry in history.entries()] == [1, 2, 3, 4]


def test_an_entry_rewritten_with_its_digest_breaks_the_chain(history, tmp_path):
    second = history.entries()[1]
    document = second.to_json()
    forged = type(second)(number=2, previous=second.previous, deed=deed(9)).to_json()
    assert forged["digest"] != document["digest"]
    file_of(tmp_path, 2).write_bytes(canonical_json(forged))
    with pytest.raises(VerificationError, match=r"00000003\.json: altered \(it does not follow"):
        history.entries()


def test_entries_in_each_others_place_are_noticed(history, tmp_path):
    one, two = file_of(tmp_path, 2), file_of(tmp_path, 3)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(VerificationError, match=r"00000002\.json: altered"):
        history.entries()


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", "[" * 100_000, '{"schema": 1}'])
def test_what_is_no_entry_is_refused(history, tmp_path, content):
    file_of(tmp_path, 2).write_text(content)
    with pytest.raises(VerificationError, match=r"00000002\.json: altered"):
        history.entries()


def test_a_stranger_in_the_log_is_noticed(history, tmp_path):
    file_of(tmp_path, 1).with_name("notes.txt").write_text("")
    with pytest.raises(VerificationError, match=r"notes\.txt: added"):
        history.entries()


def test_a_later_schema_is_refused(history, tmp_path):
    document = json.loads(file_of(tmp_path, 4).read_text())
    file_of(tmp_path, 4).write_text(json.dumps(document | {"schema": 2}))
    with pytest.raises(VerificationError, match=r"00000004\.json"):
        history.entries()
