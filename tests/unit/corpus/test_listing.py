from __future__ import annotations

from dataclasses import dataclass

import pytest

from embedtune.corpus.listing import LeftOut, counted_reasons, list_files
from embedtune.errors import DocumentError
from embedtune.files import digest_value


@dataclass(frozen=True)
class Reader:
    suffixes: frozenset[str]

    def read(self, path):
        raise AssertionError("listing reads nothing")


XML, TEI, TEXT = Reader(frozenset({".xml"})), Reader(frozenset({".tei.xml"})), Reader(frozenset({".txt"}))


def test_the_longest_ending_decides(tmp_path):
    for name in ("a.tei.xml", "b.XML", "c.Tei.Xml", "d.x.txt", "xml"):
        (tmp_path / name).write_text("x")
    listing = list_files(tmp_path, (XML, TEI, TEXT))
    assert [(file.relative, file.reader) for file in listing.files] == [
        ("a.tei.xml", TEI),
        ("b.XML", XML),
        ("c.Tei.Xml", TEI),
        ("d.x.txt", TEXT),
    ]
    assert listing.unread == (LeftOut("xml", "no ending"),)


def test_a_file_says_which_document_it_holds(tmp_path):
    (tmp_path / "truck" / "deep").mkdir(parents=True)
    (tmp_path / "truck" / "deep" / "a.txt").write_text("x")
    (file,) = list_files(tmp_path, (TEXT,)).files
    assert file.document_id == digest_value(["truck", "truck/deep/a.txt"])


def test_an_empty_folder_has_nothing(tmp_path):
    listing = list_files(tmp_path, (TEXT,))
    assert (listing.files, listing.unread, listing.closed) == ((), (), ())


def test_a_folder_that_cannot_be_opened_is_noted(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.txt").write_text("x")
    from embedtune.corpus import listing

    scan = listing.os.scandir

    def scandir(folder):
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(listing.os, "scandir", scandir)
    found = list_files(tmp_path, (TEXT,))
    assert found.closed == (LeftOut("closed", "permission denied"),)
    assert len(found.files) == 1


def test_a_missing_corpus(tmp_path):
    with pytest.raises(DocumentError, match="does not exist"):
        list_files(tmp_path / "absent", (TEXT,))


def test_reasons_are_counted_the_most_frequent_first():
    reasons = [".png", "empty", ".gz", ".png"]
    assert counted_reasons(LeftOut("x", reason) for reason in reasons) == "2 .png, 1 .gz, 1 empty"
