from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.artifacts.manifest import (
    VersionFacts,
    build_manifest,
    manifest_digest,
    manifest_from_json,
    manifest_to_json,
    read_manifest,
    served_digest,
)
from embedtune.encoders.digests import model_digest
from embedtune.errors import VerificationError
from embedtune.files import canonical_json, digest_value
from embedtune.vocabulary.evaluation import Comparison
from embedtune.vocabulary.versions import Lineage
from file_trees import trees, write_tree

FACTS = VersionFacts(
    "m", "v1.0", "2030-01-02T03:04:05Z", Lineage("base", "sha256:0"), {"a": [1, 0.5, None]}, {"p": "1"}
)
COMPARISON = Comparison("ndcg@10", "base", "tuned", 0.4, 0.6, 0.1, 0.3, 0.0004, 266)
quick = settings(max_examples=40, deadline=None)


def resealed(document):
    document = {key: value for key, value in document.items() if key != "digest"}
    return canonical_json(document | {"digest": digest_value(document)}).decode() + "\n"


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


@pytest.fixture
def text(tmp_path):
    write_tree(tmp_path / "v", {"a.txt": b"hello", "model/b.txt": b""})
    return manifest_to_json(build_manifest(tmp_path / "v", FACTS))


def test_what_was_measured_is_part_of_the_identity(tmp_path):
    write_tree(tmp_path, {"a.txt": b"hello"})
    plain = build_manifest(tmp_path, FACTS)
    measured = build_manifest(tmp_path, replace(FACTS, metrics=(COMPARISON,)))
    assert manifest_from_json(manifest_to_json(measured), "here").metrics == (COMPARISON,)
    assert manifest_digest(plain) != manifest_digest(measured)
    assert plain.files_digest == measured.files_digest


def test_the_served_model_is_known_without_reading_it(tmp_path):
    model = {"modules.json": b"[]", "model.safetensors": b"w", "1_Dense/config.json": b"{}", "notes.md": b"x"}
    exported = {"onnx/config.json": b"{}", "a-b/config.json": b"1", "a/config.json": b"2"}
    write_tree(tmp_path, {f"model/{name}": content for name, content in (model | exported).items()})
    write_tree(tmp_path, {"config.json": b"of no model"})
    assert served_digest(build_manifest(tmp_path, FACTS)) == model_digest(tmp_path / "model")


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
    with pytest.raises(VerificationError, match="schema version 99; this embedtune reads 2"):
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
