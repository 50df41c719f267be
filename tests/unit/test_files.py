import errno
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune import files
from embedtune.errors import InputError
from embedtune.files import (
    atomic_writer,
    canonical_json,
    digest_bytes,
    digest_file,
    digest_tree,
    digest_value,
    read_json,
    recover_folder,
    replaced_folder,
    staged_folder,
    write_json,
    write_json_lines,
    write_text,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def stop_while_writing(writer, error):
    with writer as stream:
        stream.write("new")
        raise error


def stop_while_filling(folder_writer):
    with folder_writer as folder:
        (folder / "a").write_text("new")
        raise ValueError("stop")


def no_space(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# Atomic writes.


def test_a_file_appears_whole_with_its_folder(tmp_path):
    path = tmp_path / "new" / "deep" / "a.txt"
    with atomic_writer(path) as stream:
        stream.write("é\nb")
        assert not path.exists()
    assert path.read_bytes() == b"\xc3\xa9\nb"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


def test_a_file_has_the_usual_mode(tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    write_text(tmp_path / "a.txt", "x")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(error):
        stop_while_writing(atomic_writer(path), error)
    assert contents(tmp_path) == {"a.txt": "old"}


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, call):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    monkeypatch.setattr(os, call, no_space)
    with pytest.raises(InputError, match="No space left") as caught:
        write_text(path, "new")
    assert str(path) in caught.value.message
    monkeypatch.undo()
    assert contents(tmp_path) == {"a.txt": "old"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    made = files.tempfile.mkstemp

    def on_a_full_disk(**where):
        handle, name = made(**where)
        os.close(handle)
        return os.open("/dev/full", os.O_WRONLY), name

    monkeypatch.setattr(files.tempfile, "mkstemp", on_a_full_disk)
    with pytest.raises(InputError, match="No space left"):
        write_text(path, "new" * 100_000)
    assert contents(tmp_path) == {"a.txt": "old"}


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "x")


# JSON.


def test_json_is_indented_sorted_and_readable(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "a": "é",\n  "b": 1\n}\n'
    assert read_json(tmp_path / "a.json") == {"a": "é", "b": 1}


def test_json_lines_keep_the_order_of_keys(tmp_path):
    write_json_lines(tmp_path / "a.jsonl", iter([{"b": "x\ny", "a": None}, [1]]))
    assert (tmp_path / "a.jsonl").read_text() == '{"b": "x\\ny", "a": null}\n[1]\n'


def test_a_number_that_json_has_not_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json_lines(tmp_path / "a.jsonl", [{"a": 1.0}, {"a": float("nan")}])
    assert contents(tmp_path) == {}


def test_broken_json_is_reported_with_its_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{\n "a": ,\n}')
    with pytest.raises(InputError, match="line 2, column 7"):
        read_json(path)


def test_missing_and_unreadable_json(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_json(tmp_path / "none.json")
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read"):
        read_json(tmp_path / "a.json")


def test_a_byte_order_mark_is_read_over(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(tmp_path / "a.json") == [1]


def test_canonical_json_of_an_example():
    assert canonical_json({"b": [1, 2.5, None, True], "a": "é"}) == '{"a":"é","b":[1,2.5,null,true]}'.encode()


@given(VALUES)
def test_canonical_json_reads_back_and_stays(value):
    data = canonical_json(value)
    assert json.loads(data) == value
    assert canonical_json(json.loads(data)) == data
    assert b"\n" not in data


@given(st.dictionaries(st.text(), SCALARS, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_canonical_json_forgets_the_order_of_keys(value, random):
    keys = random.sample(list(value), len(value))
    assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)


@given(VALUES, VALUES)
def test_different_values_have_different_digests(one, other):
    if digest_value(one) == digest_value(other):
        assert one == other


def test_canonical_json_refuses_what_json_has_not():
    with pytest.raises(ValueError, match="JSON"):
        canonical_json([float("inf")])
    with pytest.raises(TypeError):
        canonical_json({1, 2})


# Digests.

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_digests_of_known_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert (digest_bytes(b""), digest_bytes(b"abc"), digest_file(tmp_path / "abc")) == (EMPTY, ABC, ABC)


def test_a_file_longer_than_a_chunk(tmp_path):
    data = bytes(range(256)) * 5000
    (tmp_path / "long").write_bytes(data)
    assert digest_file(tmp_path / "long") == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_the_digest_of_a_tree_is_that_of_names_and_contents(tmp_path):
    def tree(name, **texts):
        for path, text in texts.items():
            write_text(tmp_path / name / path.replace("__", "/"), text)
        return digest_tree(tmp_path / name)

    first = tree("one", a="1", sub__b="2")
    assert first == tree("two", sub__b="2", a="1")
    assert len({first, tree("three", a="1", b="2"), tree("four", a="1", sub__b="3"), tree("five", a="1")}) == 4


# Folders.


def test_a_staged_folder_appears_whole(tmp_path):
    target = tmp_path / "new" / "v1"
    with staged_folder(target) as folder:
        (folder / "a").write_text("1")
        assert not target.exists()
    assert contents(tmp_path) == {"new/v1/a": "1"}


def test_a_staged_folder_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="stop"):
        stop_while_filling(staged_folder(tmp_path / "v1"))
    assert list(tmp_path.iterdir()) == []


def test_a_staged_folder_refuses_an_existing_target(tmp_path):
    write_text(tmp_path / "v1" / "a", "old")
    with pytest.raises(FileExistsError), staged_folder(tmp_path / "v1") as folder:
        (folder / "a").write_text("new")
    assert contents(tmp_path) == {"v1/a": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


def test_of_two_that_stage_one_target_the_first_wins(tmp_path):
    target = tmp_path / "v1"
    late = staged_folder(target)
    (late.__enter__() / "a").write_text("late")
    with staged_folder(target) as early:
        (early / "a").write_text("early")
    with pytest.raises(FileExistsError):
        late.__exit__(None, None, None)
    assert contents(tmp_path) == {"v1/a": "early"}


def test_a_staged_folder_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"), staged_folder(tmp_path / "file" / "v1"):
        pass


def test_a_replaced_folder_takes_the_place_of_the_old(tmp_path):
    target = tmp_path / "stage"
    for text in ("old", "new"):
        with replaced_folder(target) as folder:
            assert list(folder.iterdir()) == []
            (folder / text).write_text(text)
    assert contents(tmp_path) == {"stage/new": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["stage"]


def test_a_replaced_folder_that_fails_leaves_the_old(tmp_path):
    target = tmp_path / "stage"
    write_text(target / "a", "old")
    with pytest.raises(ValueError, match="stop"):
        stop_while_filling(replaced_folder(target))
    assert contents(tmp_path) == {"stage/a": "old"}


CRASH = """
import os, sys
from pathlib import Path
from embedtune.files import replaced_folder

target, survives = Path(sys.argv[1]), int(sys.argv[2])
done = 0
rename = os.rename
def counted(*names):
    global done
    if done == survives:
        os._exit(9)
    done += 1
    return rename(*names)
os.rename = counted
with replaced_folder(target) as folder:
    (folder / "a").write_text("new")
os._exit(9)
"""


@pytest.mark.parametrize(("renames", "text"), [(0, "old"), (1, "old"), (2, "new")])
def test_a_crash_between_the_renames_loses_nothing(tmp_path, renames, text):
    target = tmp_path / "stage"
    write_text(target / "a", "old")
    source = str(Path(files.__file__).parents[1])
    command = [sys.executable, "-c", textwrap.dedent(CRASH), str(target), str(renames)]
    assert subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": source}).returncode == 9
    recover_folder(target)
    assert contents(target) == {"a": text}
    with replaced_folder(target) as folder:
        (folder / "a").write_text("next")
    assert contents(tmp_path) == {"stage/a": "next"}


def test_there_is_nothing_to_recover(tmp_path):
    recover_folder(tmp_path / "stage")
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n"])).map(b"".join), st.integers(1, 7))
def test_whole_lines_end_with_the_last_newline(data, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK_BYTES", chunk)
        assert files.whole_lines_end(io.BytesIO(data)) == data.rfind(b"\n") + 1
