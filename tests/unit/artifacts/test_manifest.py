from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.artifacts.manifest import (
    FileProblem,
    ProblemKind,
    VersionFacts,
    build_manifest,
    compare_folder,
    manifest_digest,
    manifest_from_json,
    manifest_to_json,
    read_manifest,
)
from embedtune.errors import ModelError, VerificationError
from embedtune.files import canonical_json, digest_value
from embedtune.vocabulary.versions import Lineage

HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # echo -n hello | sha256sum
FACTS = VersionFacts(
    "m", "v1.0", "2030-01-02T03:04:05Z", Lineage("base", "sha256:0"), {"a": [1, 0.5, None]}, {"p": "1"}
)

segments = st.text("abcdefgé0123_- ", min_size=1, max_size=6).filter(lambda name: name.strip() == name)
paths = st.tuples(st.lists(segments.map("d".__add__), max_size=2), segments, st.sampled_from([".json", ".txt", ".md"]))
trees = st.dictionaries(
    paths.map(lambda parts: "/".join([*parts[0], "f" + parts[1] + parts[2]])),
    st.binary(max_size=20),
    min_size=1,
    max_size=6,
)
quick = settings(max_examples=40, deadline=None)


def write_tree(folder, tree):
    for relative, content in tree.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def resealed(document):
    document = {key: value for key, value in document.items() if key != "digest"}
    return canonical_json(document | {"digest": digest_value(document)}).decode() + "\n"


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
@given(trees, st.randoms(use_true_random=False))
def test_the_manifest_does_not_depend_on_the_order_of_writing(tree, rng):
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        write_tree(Path(one), tree)
        shuffled = list(tree.items())
        rng.shuffle(shuffled)
        write_tree(Path(two), dict(shuffled))
        first, second = build_manifest(Path(one), FACTS), build_manifest(Path(two), FACTS)
    assert manifest_to_json(first) == manifest_to_json(second)
    assert [entry.path for entry in first.files] == sorted(tree)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@quick
@given(trees, st.dictionaries(st.text(), json_values, max_size=3), st.text(), st.text())
def test_json_gives_back_the_manifest(tree, extra, base, commit):
    facts = VersionFacts("m", "v1", "now", Lineage(base, "", code_commit=commit), extra, {base: commit})
    with tempfile.TemporaryDirectory() as folder:
        write_tree(Path(folder), tree)
        manifest = build_manifest(Path(folder), facts)
    assert manifest_from_json(manifest_to_json(manifest), "here") == manifest


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

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("embedtune.artifacts.manifest.digest_file", refuse)
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


@pytest.fixture
def text(tmp_path):
    write_tree(tmp_path / "v", {"a.txt": b"hello", "model/b.txt": b""})
    return manifest_to_json(build_manifest(tmp_path / "v", FACTS))


def test_the_digest_names_all_that_is_stated(text):
    manifest = manifest_from_json(text, "here")
    document = json.loads(text)
    stated = document.pop("digest")
    assert manifest_digest(manifest) == stated == digest_value(document)


def test_no_flipped_byte_of_the_manifest_goes_unnoticed(text):
    raw = text.encode()
    for position in range(len(raw)):
        altered = bytearray(raw)
        altered[position] ^= 1 << position % 7
        with pytest.raises(VerificationError):
            manifest_from_json(altered.decode(), "here")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_manifest_is_refused(text, share):
    with pytest.raises(VerificationError, match=r"^here is not a whole manifest"):
        manifest_from_json(text[: int(len(text) * share)], "here")


def test_another_schema_is_refused_with_both_numbers(text):
    document = json.loads(text) | {"schema": 99}
    with pytest.raises(VerificationError, match="schema version 99; this embedtune reads 1"):
        manifest_from_json(resealed(document), "here")


@pytest.mark.parametrize("other", ["[]", "{}", "null", "[" * 100_000, '{"schema": 1}', '{"schema": 1, "name": NaN}'])
def test_what_is_no_manifest_is_refused(other):
    with pytest.raises(VerificationError):
        manifest_from_json(other, "here")


@pytest.mark.parametrize("path", ["../a.txt", "/etc/passwd", "x/../a.txt", "./a.txt", "", "a\\b.txt", "x//a.txt"])
def test_a_path_out_of_the_version_is_refused_even_with_a_right_digest(text, path):
    document = json.loads(text)
    document["files"] = [document["files"][0] | {"path": path}]
    with pytest.raises(VerificationError, match="not a path inside the version"):
        manifest_from_json(resealed(document), "here")


def test_entries_that_cannot_be_right_are_refused(text):
    document = json.loads(text)
    first, second = document["files"]
    for files in ([second, first], [first, first], [first | {"size": -1}], [first | {"sha256": "sha256:12"}]):
        with pytest.raises(VerificationError):
            manifest_from_json(resealed(document | {"files": files}), "here")
    with pytest.raises(VerificationError, match="more"):
        manifest_from_json(resealed(document | {"more": 1}), "here")


def test_a_number_that_json_does_not_know_is_refused(text):
    with pytest.raises(VerificationError, match="not a whole manifest"):
        manifest_from_json(text.replace('"a":[1,0.5,null]', '"a":NaN'), "here")


def test_reading_from_a_folder(tmp_path, text):
    folder = tmp_path / "v"
    with pytest.raises(VerificationError, match="does not exist"):
        read_manifest(folder)
    (folder / "manifest.json").write_text(text)
    assert manifest_to_json(read_manifest(folder)) == text
    (folder / "manifest.json").write_bytes(b"\xff\xfe")
    with pytest.raises(VerificationError, match="codec"):
        read_manifest(folder)
    (folder / "manifest.json").rename(tmp_path / "real.json")
    (folder / "manifest.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(VerificationError, match="symbolic link"):
        read_manifest(folder)
