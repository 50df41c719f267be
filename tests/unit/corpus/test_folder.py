from __future__ import annotations

import os
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import (
    digest_corpus_files,
    find_files,
    read_document,
    read_folder,
    readers,
)
from embedtune.corpus.listing import LeftOut
from embedtune.errors import DocumentError
from embedtune.events import Alert, Progress

BODY = "The reservoir is drained weekly."


def put(root, relative, text=f"Oil level\n\n{BODY}\n"):
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def places(corpus):
    return [(file.relative, file.domain) for file in find_files(corpus)]


def test_a_sub_folder_is_a_domain(tmp_path):
    for name in ("truck/b.txt", "truck/deep/er/a.MD", "radar/a.markdown", "top.txt", "truck/skip.png"):
        put(tmp_path, name)
    assert places(tmp_path) == [
        ("radar/a.markdown", "radar"),
        ("top.txt", "default"),
        ("truck/b.txt", "truck"),
        ("truck/deep/er/a.MD", "truck"),
    ]


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    for name in (".git/a.txt", "truck/.b.txt", "truck/.c/d.txt", "truck/e.txt"):
        put(tmp_path, name)
    assert places(tmp_path) == [("truck/e.txt", "truck")]


def test_a_corpus_in_a_hidden_folder_is_read(tmp_path):
    put(tmp_path, ".cache/truck/a.txt")
    assert places(tmp_path / ".cache") == [("truck/a.txt", "truck")]


def test_one_file_is_a_corpus(tmp_path):
    path = put(tmp_path, "truck/a.txt")
    assert places(path) == [("a.txt", "default")]


def test_a_missing_corpus(tmp_path):
    with pytest.raises(DocumentError, match="does not exist") as caught:
        find_files(tmp_path / "absent")
    assert caught.value.remedy


def test_an_empty_corpus(tmp_path):
    (tmp_path / "truck").mkdir()
    with pytest.raises(DocumentError, match="is empty"):
        find_files(tmp_path)


def test_a_corpus_without_a_readable_file(tmp_path):
    put(tmp_path, "truck/a.xyz")
    put(tmp_path, "truck/b.bin")
    with pytest.raises(DocumentError, match="no readable file among its 2") as caught:
        read_folder(tmp_path, CorpusSettings())
    assert ".txt" in caught.value.remedy
    with pytest.raises(DocumentError, match="no readable file among its 1"):
        find_files(tmp_path / "truck" / "a.xyz")


def test_documents_without_text(tmp_path):
    put(tmp_path, "truck/a.txt", "\n \n")
    put(tmp_path, "truck/b.md", "---\n")
    with pytest.raises(DocumentError, match="No text was found"):
        read_folder(tmp_path, CorpusSettings())


def test_an_empty_document_among_others_is_no_error(tmp_path):
    put(tmp_path, "truck/a.txt", "")
    put(tmp_path, "truck/b.txt")
    put(tmp_path, "truck/c.txt", " \n")
    read = read_folder(tmp_path, CorpusSettings())
    assert (len(read.sections), read.document_count) == (1, 1)
    assert read.unread == (LeftOut("truck/a.txt", "empty"), LeftOut("truck/c.txt", "no text"))


def test_every_format_has_one_reader():
    endings = [suffix for reader in readers() for suffix in reader.suffixes]
    assert {".txt", ".md", ".rst", ".adoc", ".html", ".pdf", ".docx", ".tei.xml"} <= set(endings)
    assert len(endings) == len(set(endings))


def test_what_is_not_read_is_counted_in_one_alert(tmp_path):
    for name in ("a.txt", "b.PNG", "c.png", "truck/d.tar.gz", "truck/LICENSE", "truck/plain.xml"):
        put(tmp_path, name)
    put(tmp_path, "truck/empty.txt", "")
    told = []
    read = read_folder(tmp_path, CorpusSettings(), told.append)
    (alert,) = [event for event in told if isinstance(event, Alert)]
    assert alert.message == "6 of 7 files were not read: 2 .png, 1 .gz, 1 .xml, 1 empty, 1 no ending."
    assert {item.path: item.reason for item in read.unread}["truck/LICENSE"] == "no ending"
    assert read.document_count == 1


def bad_corpus(root):
    put(root, "truck/a.txt")
    put(root, "truck/b.txt", b"\x7fELF\x00\x00\x01")
    return root


def test_a_bad_file_stops_unless_it_is_skipped(tmp_path):
    bad_corpus(tmp_path)
    with pytest.raises(DocumentError, match=r"b\.txt"):
        read_folder(tmp_path, CorpusSettings())
    told = []
    read = read_folder(tmp_path, CorpusSettings(skip_bad_files=True), told.append)
    (skipped,) = read.skipped
    assert (skipped.path, len(read.sections), read.document_count) == ("truck/b.txt", 1, 1)
    assert "control bytes" in skipped.reason
    assert [event.message for event in told if isinstance(event, Alert)] == [f"Skipped: {skipped.reason}"]


def test_bad_files_alone_are_an_error_even_if_skipped(tmp_path):
    put(tmp_path, "b.txt", b"\x7fELF\x00\x00\x01")
    with pytest.raises(DocumentError, match="1 could not be read"):
        read_folder(tmp_path, CorpusSettings(skip_bad_files=True))


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path):
    path = put(tmp_path, "a.txt")
    with path.open("r+b") as stream:
        stream.truncate(2_000_001)
    with pytest.raises(DocumentError, match="has 2 MB; at most 1 are read") as caught:
        read_folder(tmp_path, CorpusSettings(max_file_mb=1))
    assert "corpus.max_file_mb" in caught.value.remedy
    assert str(path) in caught.value.message


def test_a_file_that_disappears_is_a_bad_file(tmp_path):
    put(tmp_path, "a.txt")
    (file,) = find_files(tmp_path)
    file.path.unlink()
    with pytest.raises(DocumentError, match="cannot be read"):
        read_document(file, CorpusSettings())
    assert digest_corpus_files([file])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything")
def test_what_may_not_be_read_is_a_bad_file(tmp_path):
    put(tmp_path, "a.txt")
    put(tmp_path, "closed/b.txt")
    locked = put(tmp_path, "locked.txt")
    locked.chmod(0)
    (tmp_path / "closed").chmod(0)
    try:
        with pytest.raises(DocumentError, match="cannot be opened"):
            read_folder(tmp_path, CorpusSettings())
        read = read_folder(tmp_path, CorpusSettings(skip_bad_files=True))
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert sorted(item.path for item in read.skipped) == ["closed", "locked.txt"]
    assert len(read.sections) == 1


class Deep:
    suffixes = frozenset({".txt"})

    def read(self, path):
        return self.read(path)


def test_a_document_nested_too_deeply_is_a_bad_file(tmp_path):
    put(tmp_path, "a.txt")
    (file,) = find_files(tmp_path)
    with pytest.raises(DocumentError, match="nested too deeply"):
        read_document(replace(file, reader=Deep()), CorpusSettings())


def test_a_binary_file_named_txt_is_named(tmp_path):
    put(tmp_path, "truck/a.txt")
    path = put(tmp_path, "truck/b.txt", b"\x7fELF\x00\x00\x01")
    with pytest.raises(DocumentError) as caught:
        read_folder(tmp_path, CorpusSettings())
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    "data",
    [
        f"Öl\r\n\r\n{BODY}".encode(),
        f"\ufeffÖl\n\n{BODY}".encode(),
        f"Öl\n\n{BODY}".encode("utf-16"),
        f"Öl\n\n{BODY}".encode("latin-1"),
    ],
    ids=["crlf", "bom", "utf-16", "latin-1"],
)
def test_the_encoding_does_not_change_a_section(tmp_path, data):
    put(tmp_path, "truck/a.txt", data)
    (section,) = read_folder(tmp_path, CorpusSettings()).sections
    assert (section.heading_path, section.text) == (("Öl",), BODY)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_symbolic_links_to_folders_are_not_followed(tmp_path):
    put(tmp_path, "corpus/truck/a.txt")
    put(tmp_path, "outside/b.txt")
    (tmp_path / "corpus" / "truck" / "loop").symlink_to(tmp_path / "corpus")
    (tmp_path / "corpus" / "outside").symlink_to(tmp_path / "outside")
    (tmp_path / "corpus" / "self.txt").symlink_to(tmp_path / "corpus" / "self.txt")
    (tmp_path / "corpus" / "broken.txt").symlink_to(tmp_path / "absent.txt")
    (tmp_path / "corpus" / "linked.txt").symlink_to(tmp_path / "outside" / "b.txt")
    (tmp_path / "corpus" / "inside.txt").symlink_to(tmp_path / "corpus" / "truck" / "a.txt")
    assert places(tmp_path / "corpus") == [("inside.txt", "default"), ("truck/a.txt", "truck")]
    assert read_folder(tmp_path / "corpus", CorpusSettings()).unread == (
        LeftOut("broken.txt", "broken link"),
        LeftOut("linked.txt", "link out of the folder"),
        LeftOut("outside", "link out of the folder"),
        LeftOut("self.txt", "broken link"),
        LeftOut("truck/loop", "link to a folder"),
    )


def test_a_corpus_that_is_a_link_is_read(tmp_path):
    put(tmp_path, "real/truck/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "b.txt").symlink_to(tmp_path / "real" / "truck" / "a.txt")
    assert places(tmp_path / "link") == [("truck/a.txt", "truck")]
    assert places(tmp_path / "b.txt") == [("b.txt", "default")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes there")
def test_a_pipe_is_reported_and_not_waited_for(tmp_path):
    put(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "b.txt")
    assert read_folder(tmp_path, CorpusSettings()).unread == (LeftOut("b.txt", "not a regular file"),)


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")
def test_a_file_name_that_is_no_utf_8_is_escaped(tmp_path):
    (tmp_path / "truck").mkdir()
    (tmp_path / "truck" / os.fsdecode(b"\xd6l.txt")).write_text(BODY)
    (section,) = read_folder(tmp_path, CorpusSettings()).sections
    assert places(tmp_path) == [("truck/\\xd6l.txt", "truck")]
    assert section.id


def test_accents_in_names_have_one_form(tmp_path):
    put(tmp_path, "truck/O\u0308l.txt")
    assert places(tmp_path) == [("truck/\u00d6l.txt", "truck")]


def test_progress_and_mojibake_are_reported(tmp_path):
    put(tmp_path, "truck/a.txt")
    put(tmp_path, "truck/b.txt", f"Oil level\n\n{BODY}\nPrÃ¼fdruck 5 bar")
    events = []
    read_folder(tmp_path, CorpusSettings(), events.append)
    assert [(e.done, e.total) for e in events if isinstance(e, Progress)] == [(1, 2), (2, 2)]
    (alert,) = [event for event in events if isinstance(event, Alert)]
    assert "truck/b.txt, line 3" in alert.message
    assert "Ã¼" in alert.message


def test_a_digest_changes_with_names_and_bytes(tmp_path):
    put(tmp_path, "truck/a.txt", "one")
    first = digest_corpus_files(find_files(tmp_path))
    assert digest_corpus_files(find_files(tmp_path)) == first
    put(tmp_path, "truck/a.txt", "two")
    second = digest_corpus_files(find_files(tmp_path))
    (tmp_path / "truck" / "a.txt").rename(tmp_path / "truck" / "b.txt")
    assert len({first, second, digest_corpus_files(find_files(tmp_path))}) == 3


NAMES = st.lists(st.sampled_from([f"{d}/{f}.txt" for d in ("truck", "radar") for f in "abcd"]), min_size=1, unique=True)


@settings(max_examples=25, deadline=None)
@given(NAMES, NAMES)
def test_ids_do_not_change_when_files_are_added(tmp_path_factory, names, more):
    root = tmp_path_factory.mktemp("corpus")
    for name in names:
        put(root, name, f"Oil level\n\n{BODY}\n\nOil level\n\n{BODY} {name}\n")
    before = {section.id: section for section in read_folder(root, CorpusSettings()).sections}
    assert len(before) == 2 * len(names)
    for name in set(more) - set(names):
        put(root, name)
    after = {section.id: section for section in read_folder(root, CorpusSettings()).sections}
    assert {id_: after[id_] for id_ in before} == before
    reordered = [section.id for file in reversed(find_files(root)) for section in _sections(file)]
    assert sorted(reordered) == sorted(after)


def _sections(file):
    from embedtune.corpus.sections import extract_sections

    return extract_sections(read_document(file, CorpusSettings()))


def test_moving_the_corpus_changes_no_id(tmp_path):
    for root in ("one", "two/deep"):
        put(tmp_path / root, "truck/a.txt")
    one, two = (read_folder(tmp_path / root, CorpusSettings()).sections for root in ("one", "two/deep"))
    assert one == two
