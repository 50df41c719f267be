from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.artifacts.folder_check import compare_folder, describe_files, hashed, read_entry
from embedtune.artifacts.manifest import VersionFacts, build_manifest
from embedtune.artifacts.problems import FileProblem, ProblemKind
from embedtune.errors import ModelError
from embedtune.vocabulary.versions import FileEntry, Lineage
from file_trees import trees, write_tree

HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # echo -n hello | sha256sum
FACTS = VersionFacts("m", "v1.0", "2030-01-02T03:04:05Z", Lineage("base", "sha256:0"), {}, {})
quick = settings(max_examples=40, deadline=None)


def test_entries_hold_path_size_and_digest(tmp_path):
    write_tree(tmp_path, {"model/b.txt": b"hello", "a.json": b"", "manifest.json": b"{}", "manifest.sig": b"x"})
    entries = [(entry.path, entry.size, entry.sha256) for entry in build_manifest(tmp_path, FACTS).files]
    assert [entry[:2] for entry in entries] == [("a.json", 0), ("model/b.txt", 5)]
    assert entries[1][2] == HELLO


def test_only_the_top_level_manifest_is_left_out(tmp_path):
    write_tree(tmp_path, {"model/manifest.json": b"{}", "manifest.json": b"{}"})
    assert [entry.path for entry in build_manifest(tmp_path, FACTS).files] == ["model/manifest.json"]


@pytest.mark.parametrize(
    "name",
    ["w.bin", "w.pt", "w.pth", "w.pkl", "code.py", "w.PKL", "noend", ".hidden.json", ".git/config.json", "a\nb.txt"],
)
def test_unfit_files_are_refused_by_name(tmp_path, name):
    write_tree(tmp_path, {name: b"x", "fine.json": b"x"})
    with pytest.raises(ModelError) as caught:
        build_manifest(tmp_path, FACTS)
    assert str(tmp_path / name) in caught.value.message


@pytest.mark.parametrize("target", ["fine.json", "folder", "nowhere"])
def test_links_are_refused(tmp_path, target):
    write_tree(tmp_path, {"fine.json": b"x", "folder/in.json": b"x"})
    (tmp_path / "link.json").symlink_to(tmp_path / target)
    with pytest.raises(ModelError, match=r"link\.json is a symbolic link"):
        build_manifest(tmp_path, FACTS)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ModelError, match="not a regular file"):
        build_manifest(tmp_path, FACTS)


@quick
@given(trees, st.data())
def test_every_single_change_is_named(tree, data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tree(folder, tree)
        manifest = build_manifest(folder, FACTS)
        assert compare_folder(folder, manifest) == ()
        victim = data.draw(st.sampled_from(sorted(tree)))
        change = data.draw(st.sampled_from(["flip", "grow", "remove", "add", "rename"]))
        path = folder / victim
        if change == "flip" and tree[victim]:
            content = bytearray(tree[victim])
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            path.write_bytes(content)
            expected = {(victim, ProblemKind.ALTERED)}
        elif change in ("grow", "flip"):
            path.write_bytes(tree[victim] + b"!")
            expected = {(victim, ProblemKind.ALTERED)}
        elif change == "remove":
            path.unlink()
            expected = {(victim, ProblemKind.MISSING)}
        elif change == "add":
            (folder / "new.bin").write_bytes(b"")
            expected = {("new.bin", ProblemKind.ADDED)}
        else:
            path.rename(folder / "renamed.txt")
            expected = {(victim, ProblemKind.MISSING), ("renamed.txt", ProblemKind.ADDED)}
        problems = compare_folder(folder, manifest)
    assert {(problem.path, problem.kind) for problem in problems} == expected
    assert len(problems) == len(expected)
    assert list(problems) == sorted(problems, key=lambda problem: problem.path)


def test_problems_say_what_differs(tmp_path):
    write_tree(tmp_path, {"a.txt": b"hello", "b.txt": b"hello", "c.txt": b"hello", "d.txt": b"hello"})
    manifest = build_manifest(tmp_path, FACTS)
    (tmp_path / "a.txt").write_bytes(b"hallo")
    (tmp_path / "b.txt").write_bytes(b"hello!")
    (tmp_path / "c.txt").unlink()
    (tmp_path / "c.txt").symlink_to(tmp_path / "d.txt")
    (tmp_path / "d.txt").rename(tmp_path / ".d.txt")
    problems = {problem.path: problem for problem in compare_folder(tmp_path, manifest)}
    assert set(problems) == {"a.txt", "b.txt", "c.txt", "d.txt", ".d.txt"}
    assert HELLO[:19] in problems["a.txt"].detail
    assert problems["b.txt"].detail == "6 bytes, the manifest says 5"
    assert problems["c.txt"] == FileProblem("c.txt", ProblemKind.ALTERED, "it is no longer a regular file")
    assert str(problems["d.txt"]).startswith("d.txt: missing (")
    assert problems[".d.txt"].kind is ProblemKind.ADDED


def test_a_file_that_cannot_be_read_is_altered(tmp_path, monkeypatch):
    write_tree(tmp_path, {"a.txt": b"hello"})
    manifest = build_manifest(tmp_path, FACTS)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    expected = FileProblem("a.txt", ProblemKind.ALTERED, "it cannot be read: Permission denied")
    assert compare_folder(tmp_path, manifest) == (expected,)


def test_a_folder_behind_a_link_does_not_count(tmp_path):
    write_tree(tmp_path / "v", {"model/a.txt": b"hello"})
    manifest = build_manifest(tmp_path / "v", FACTS)
    (tmp_path / "v" / "model").rename(tmp_path / "elsewhere")
    (tmp_path / "v" / "model").symlink_to(tmp_path / "elsewhere")
    found = [(problem.path, problem.kind) for problem in compare_folder(tmp_path / "v", manifest)]
    assert found == [("model", ProblemKind.ADDED), ("model/a.txt", ProblemKind.MISSING)]


def test_of_a_folder_that_is_gone_everything_is_missing(tmp_path):
    write_tree(tmp_path / "v", {"b.txt": b"", "a.txt": b""})
    manifest = build_manifest(tmp_path / "v", FACTS)
    found = [(problem.path, problem.kind) for problem in compare_folder(tmp_path / "nowhere", manifest)]
    assert found == [("a.txt", ProblemKind.MISSING), ("b.txt", ProblemKind.MISSING)]


@pytest.mark.parametrize(
    "content",
    [b"\x80\x04\x95pickle", b"PK\x03\x04zip", b"\x1f\x8bgzip", b"\x7fELF", b"MZ\x90", b"#!/bin/sh"],
    ids=["pickle", "zip", "gzip", "elf", "exe", "script"],
)
@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "notes.txt", "model.onnx"])
def test_code_under_another_name_is_refused(tmp_path, name, content):
    write_tree(tmp_path, {name: content})
    with pytest.raises(ModelError, match="begins like a pickle, an archive or a program") as caught:
        describe_files(tmp_path)
    assert name in caught.value.message


def test_the_length_of_a_header_is_not_taken_for_a_pickle(tmp_path):
    write_tree(tmp_path, {"model.safetensors": (0x0480).to_bytes(8, "little") + b'{"w": {}}'})
    assert [entry.path for entry in describe_files(tmp_path)] == ["model.safetensors"]


def test_the_kinds_that_a_version_holds_pass(tmp_path):
    names = ["w.safetensors", "c.json", "m.jsonl", "vocab.txt", "README.md", "t.log", "model.onnx", "q.tsv", "r.trec"]
    write_tree(tmp_path, dict.fromkeys(names, b"x"))
    assert {entry.path for entry in describe_files(tmp_path)} == set(names)


def test_names_that_differ_in_case_alone_are_refused(tmp_path):
    write_tree(tmp_path, {"model/Config.json": b"1", "model/config.json": b"2"})
    with pytest.raises(ModelError, match=r"config\.json has the name of model/Config\.json in another case"):
        describe_files(tmp_path)


def test_a_pipe_in_a_files_place_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    entry = FileEntry("a.txt", 5, HELLO)
    assert read_entry(tmp_path / "a.txt", entry) == "it is no longer a regular file"


def test_a_file_without_end_is_not_read_to_its_end():
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size=-1):
            assert size > 0
            self.read_bytes += size
            return b"x" * size

    endless = Endless()
    hashed(endless, 3_000_000)
    assert endless.read_bytes == 3_000_000


def test_what_is_copied_is_what_was_hashed(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"hello")
    assert read_entry(tmp_path / "a.txt", FileEntry("a.txt", 5, HELLO), tmp_path / "copy") == ""
    assert (tmp_path / "copy").read_bytes() == b"hello"
    assert "the manifest says sha256:000" in read_entry(tmp_path / "a.txt", FileEntry("a.txt", 5, "sha256:" + "0" * 64))
