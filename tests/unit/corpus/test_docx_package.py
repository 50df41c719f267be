from __future__ import annotations

import struct
import zipfile
import zlib
from contextlib import suppress

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers import docx_package
from embedtune.corpus.readers.docx import DocxReader
from embedtune.corpus.readers.docx_package import open_docx
from embedtune.errors import DocumentError

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"


def main_part(text="Open.", namespace=WORD):
    return f'<w:document xmlns:w="{namespace}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'


def relations(**targets):
    rows = "".join(f'<Relationship Id="{kind}" Type="urn:x/{kind}" Target="{name}"/>' for kind, name in targets.items())
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'


@pytest.fixture
def path(tmp_path):
    return tmp_path / "guide.docx"


@pytest.fixture
def read(path):
    """Read a Word file made of the given parts."""

    def read(parts, compression=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, text in parts.items():
                archive.writestr(name, text)
        return [(block.text, block.heading_level) for block in DocxReader().read(path)]

    return read


@pytest.mark.parametrize("namespace", [WORD, STRICT])
def test_a_document_needs_no_more_than_its_main_part(read, namespace):
    assert read({"word/document.xml": main_part(namespace=namespace)}) == [("Open.", None)]


def test_parts_are_found_by_relationship(read):
    style = f'<w:styles xmlns:w="{WORD}"><w:style w:styleId="T"><w:name w:val="heading 2"/></w:style></w:styles>'
    body = main_part().replace("<w:p>", '<w:p><w:pPr><w:pStyle w:val="T"/></w:pPr>')
    parts = {
        "_rels/.rels": relations(image="none.png", officeDocument="/text/main.xml"),
        "text/main.xml": body,
        "text/_rels/main.xml.rels": relations(styles="../looks.xml", hyperlink="NULL", numbering="NULL"),
        "looks.xml": style,
    }
    assert read(parts) == [("Open.", 2)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"plain words", "no zip archive"),
        (b"PK\3\4 cut short", "no zip archive, or cut short"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "old Word file"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "is encrypted"),
    ],
)
def test_what_is_no_word_file_is_refused(path, data, message):
    path.write_bytes(data)
    with pytest.raises(DocumentError, match=message) as error:
        DocxReader().read(path)
    assert str(path) in error.value.message
    assert error.value.remedy


def test_a_missing_file_and_a_folder_are_refused(path):
    with pytest.raises(DocumentError, match="cannot be read"):
        DocxReader().read(path)
    path.mkdir()
    with pytest.raises(DocumentError, match="cannot be read"):
        DocxReader().read(path)


def test_an_archive_without_a_document_is_refused(read):
    for parts in [{"other.txt": "x"}, {"word/document.xml": "<html/>"}]:
        with pytest.raises(DocumentError, match="holds no Word document"):
            read(parts)


def test_a_document_type_in_any_part_that_is_read_is_refused(read):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'
    with pytest.raises(DocumentError, match=r"word/document\.xml\) declares a document type"):
        read({"word/document.xml": bomb + main_part("&a;")})
    with pytest.raises(DocumentError, match=r"word/styles\.xml\) declares a document type"):
        read({"word/document.xml": main_part(), "word/styles.xml": f"{bomb}<x>&a;</x>"})


def test_a_part_that_unpacks_out_of_proportion_is_refused(read):
    with pytest.raises(DocumentError, match=r"zip bomb: word/document\.xml unpacks to more than"):
        read({"word/document.xml": main_part("a" * 4_000_000)})


def test_a_bomb_beside_the_text_is_never_unpacked(read):
    parts = {"word/document.xml": main_part(), "word/media/image.png": b"\0" * 20_000_000}
    assert read(parts) == [("Open.", None)]


def test_the_sum_of_all_parts_is_bounded(read, monkeypatch):
    monkeypatch.setattr(docx_package, "_MAX_UNPACKED", 1000)
    with pytest.raises(DocumentError, match="zip bomb: its parts unpack to more than"):
        read({"word/document.xml": main_part(), "word/media/image.png": b"\0" * 1000})


def test_a_size_that_lies_does_not_let_more_through(read, path):
    text = main_part("a" * 4_000_000).encode()
    read({"word/document.xml": main_part()})
    packed = zlib.compress(text, 9)[2:-4]
    name = b"word/document.xml"
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, zlib.crc32(text), len(packed), 500, len(name), 0)
    entry = struct.pack(
        "<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 33, zlib.crc32(text), len(packed), 500, len(name), 0, 0, 0, 0, 0, 0
    )
    local = b"PK\3\4" + head + name + packed
    directory = b"PK\1\2" + entry + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), len(local), 0)
    path.write_bytes(local + directory + end)
    with pytest.raises(DocumentError, match="cannot be unpacked"):
        DocxReader().read(path)


def test_a_directory_larger_than_any_document_has_is_refused(path):
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, 5 * 1024 * 1024, 0, 0)
    path.write_bytes(b"PK\3\4" + b"\0" * 100 + b"PK\5\6" + end)
    with pytest.raises(DocumentError, match="its directory"):
        DocxReader().read(path)
    path.write_bytes(b"PK\3\4" + b"PK\6\7" + b"\0" * 16 + b"PK\5\6" + b"\0" * 18)
    with pytest.raises(DocumentError, match="its directory"):
        DocxReader().read(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_cannot_be_bounded_is_refused(read, compression):
    with pytest.raises(DocumentError, match="packed in a way"):
        read({"word/document.xml": main_part()}, compression)


def test_a_password_on_the_parts_is_refused(read, path):
    read({"word/document.xml": main_part()})
    data = bytearray(path.read_bytes())
    for mark, place in [(b"PK\3\4", 6), (b"PK\1\2", 8)]:
        data[data.index(mark) + place] |= 1
    path.write_bytes(data)
    with pytest.raises(DocumentError, match="is encrypted"):
        DocxReader().read(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "guide.docx"
    document = Document()
    document.add_heading("Seals", 1)
    document.add_paragraph("Check them.")
    document.save(path)
    return path.read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(whole, tmp_path_factory, data):
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.docx"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else damaged)
    with suppress(DocumentError):
        DocxReader().read(path)


def test_the_error_of_a_reader_is_not_taken_for_damage(read, path):
    read({"word/document.xml": main_part()})
    with pytest.raises(DocumentError, match=r"^mine"), open_docx(path):
        raise DocumentError("mine", "yours")
