from __future__ import annotations

import json
from dataclasses import replace

import pytest

from embedtune.errors import FormatError, InputError
from embedtune.index.collection import (
    DESCRIPTION_FILE,
    EXACT_BELOW,
    PASSAGES_FILE,
    SECTIONS_FILE,
    VECTORS_FOLDER,
    Collection,
    Engine,
    IndexDescription,
    choose_engine,
    read_collection,
    write_collection,
)
from embedtune.vocabulary.corpus import Passage, Section, SectionKind, corpus_digest
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, PassageSettings

SECTIONS = (
    Section("s1", "d1", "hvac", ("Boiler", "Ignition"), SectionKind.PROCEDURE, "Open the valve.\nWait 5 s.", (3, 9)),
    Section("s2", "d1", "hvac", (), SectionKind.OTHER, "Größe \u201eM8\u201c \u2028 \u0085", (10, 10)),
)
PASSAGES = (
    Passage("s1#0", "s1", "Boiler > Ignition\nOpen the valve.", 18),
    Passage("s1#1", "s1", "Boiler > Ignition\nWait 5 s. \u2028 \u0085 \x0c", 18),
    Passage("s2#0", "s2", "Größe \u201eM8\u201c"),
)


def described(sections=SECTIONS, passages=PASSAGES, words=32):
    description = IndexDescription(
        model_digest="sha256:model",
        dimension=8,
        version="v1.0",
        corpus_digest=corpus_digest(sections),
        passages=PassageSettings(words, 0.25),
        fusion=FusionSettings(FusionMethod.CONVEX, 0.7),
        engine=Engine.EXACT,
        section_count=len(sections),
        passage_count=len(passages),
    )
    return Collection(description, sections, passages)


def some_vectors(folder):
    folder.mkdir()
    (folder / "data").write_text("1 2 3")


@pytest.fixture
def folder(tmp_path):
    write_collection(tmp_path / "index", described(), some_vectors)
    return tmp_path / "index"


def test_what_was_written_is_read(folder):
    assert read_collection(folder) == described()
    assert (folder / VECTORS_FOLDER / "data").read_text() == "1 2 3"


@pytest.mark.parametrize("words", [None, 64])
def test_whole_sections_are_told_from_windows(tmp_path, words):
    write_collection(tmp_path / "index", described(words=words), some_vectors)
    assert read_collection(tmp_path / "index").description.passages == PassageSettings(words, 0.25)


def test_two_writings_give_the_same_bytes(folder, tmp_path):
    write_collection(tmp_path / "again", described(), some_vectors)
    for name in (DESCRIPTION_FILE, SECTIONS_FILE, PASSAGES_FILE):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def failing_vectors(folder):
    some_vectors(folder)
    raise OSError("disk full")


def test_a_failure_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="disk full"):
        write_collection(tmp_path / "index", described(), failing_vectors)
    assert list(tmp_path.iterdir()) == []


def test_an_index_is_not_overwritten_unasked(folder):
    with pytest.raises(InputError, match="holds an index already"):
        write_collection(folder, described(words=64), some_vectors)
    assert read_collection(folder) == described()


def test_replacing_leaves_the_new_index_alone(folder):
    write_collection(folder, described(words=64), some_vectors, replace=True)
    assert read_collection(folder) == described(words=64)
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_a_failed_replacement_leaves_the_old_index(folder):
    with pytest.raises(OSError, match="disk full"):
        write_collection(folder, described(words=64), failing_vectors, replace=True)
    assert read_collection(folder) == described()
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_an_index_written_meanwhile_is_left_alone(tmp_path):
    def overtaken(vectors):
        some_vectors(vectors)
        write_collection(tmp_path / "index", described(words=64), some_vectors)

    with pytest.raises(InputError, match="another process"):
        write_collection(tmp_path / "index", described(), overtaken)
    assert read_collection(tmp_path / "index") == described(words=64)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_the_old_index_comes_back_if_the_new_one_cannot_take_its_place(folder, monkeypatch):
    def refused(source, target):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("embedtune.files.os.rename", refused)
    with pytest.raises(InputError, match="cannot be written"):
        write_collection(folder, described(words=64), some_vectors, replace=True)
    assert read_collection(folder) == described()
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_something_that_is_no_index_is_never_replaced(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(InputError, match="no index"):
        write_collection(tmp_path, described(), some_vectors, replace=True)
    assert (tmp_path / "letter.txt").read_text() == "Dear"
    with pytest.raises(InputError, match="no index"):
        write_collection(tmp_path / "letter.txt", described(), some_vectors, replace=True)


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "index").mkdir()
    write_collection(tmp_path / "index", described(), some_vectors)
    assert read_collection(tmp_path / "index") == described()


def test_an_absent_index_is_reported(tmp_path):
    with pytest.raises(InputError, match=r"holds no index.*embedtune index"):
        read_collection(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no index"):
        read_collection(tmp_path)


@pytest.mark.parametrize("name", [SECTIONS_FILE, PASSAGES_FILE])
def test_a_missing_part_is_reported(folder, name):
    (folder / name).unlink()
    with pytest.raises(FormatError, match=rf"{name}.*Index the corpus again"):
        read_collection(folder)


@pytest.mark.parametrize("name", [SECTIONS_FILE, PASSAGES_FILE])
@pytest.mark.parametrize("line", ["{", '{"id": "x"}', "[]"])
def test_a_malformed_line_is_reported_with_its_number(folder, name, line):
    with (folder / name).open("a") as stream:
        stream.write(line + "\n")
    number = len((folder / name).read_text(encoding="utf-8").split("\n")) - 1
    with pytest.raises(FormatError, match=rf"line {number}.*Index the corpus again"):
        read_collection(folder)


def test_bytes_that_are_no_text_are_reported(folder):
    (folder / PASSAGES_FILE).write_bytes(b"\xff\xfe\n")
    with pytest.raises(FormatError, match=PASSAGES_FILE):
        read_collection(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 2}, "schema 2, not 1"),
        ({"engine": "faiss"}, "engine"),
        ({"dimension": "eight"}, "dimension"),
        ({"passages": {"words": -1.5, "overlap": 0.5}}, "passages.words"),
        ({"section_count": 3}, "not as many as described"),
        ({"corpus_digest": "sha256:other"}, "its sections were changed"),
    ],
)
def test_a_description_that_does_not_fit_is_reported(folder, change, reason):
    row = json.loads((folder / DESCRIPTION_FILE).read_text())
    (folder / DESCRIPTION_FILE).write_text(json.dumps(row | change))
    with pytest.raises(FormatError, match=reason):
        read_collection(folder)


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_a_description_of_another_kind_is_reported(folder, text):
    (folder / DESCRIPTION_FILE).write_text(text)
    with pytest.raises(FormatError, match="Index the corpus again"):
        read_collection(folder)


def test_a_passage_of_no_section_is_reported(tmp_path):
    stray = (*PASSAGES[:2], replace(PASSAGES[2], section_id="s9"))
    write_collection(tmp_path / "index", described(passages=stray), some_vectors)
    with pytest.raises(FormatError, match="belongs to no section"):
        read_collection(tmp_path / "index")


@pytest.mark.parametrize(
    ("count", "engine"),
    [(0, Engine.EXACT), (EXACT_BELOW - 1, Engine.EXACT), (EXACT_BELOW, Engine.QDRANT), (10**6, Engine.QDRANT)],
)
def test_the_engine_goes_by_the_number_of_passages(count, engine):
    assert EXACT_BELOW == 5000
    assert choose_engine(count) is engine
