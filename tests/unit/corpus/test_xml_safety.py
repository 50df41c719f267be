from __future__ import annotations

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers import xml_safety
from embedtune.corpus.readers.xml_safety import MAX_XML_BYTES, local_name, parse_xml
from embedtune.errors import DocumentError

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
BOMB = f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a b="&l29;">&l29;</a>'


def test_a_tree_without_comments_and_instructions():
    root = parse_xml(b"<?xml version='1.0'?><a xmlns='urn:x'>one<!-- no --><?pi no?> two<b/></a>", "a.xml")
    assert (local_name(root), root.text, [local_name(child) for child in root]) == ("a", "one two", ["b"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_entity_bomb_is_refused_before_it_grows(encoding):
    data = BOMB.encode(encoding)
    tracemalloc.start()
    with pytest.raises(DocumentError, match=r"^a\.xml declares a document type"):
        parse_xml(data, "a.xml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "document_type",
    ["<!DOCTYPE a>", "<!DOCTYPE a SYSTEM 'secret.dtd'>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'secret.txt'>]>"],
)
def test_any_document_type_is_refused_wherever_it_stands(document_type, tmp_path, monkeypatch):
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.chdir(tmp_path)
    before = f"<?xml version='1.0'?><!-- {'x' * 10_000} -->\n"
    with pytest.raises(DocumentError, match="declares a document type"):
        parse_xml(f"{before}{document_type}<a>&x;</a>".encode(), "a.xml")


def test_the_words_of_a_document_type_in_text_are_text():
    assert parse_xml(b"<a><![CDATA[<!DOCTYPE a>]]></a>", "a.xml").text == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    "data", [b"", b"words", b"<a>", b"<a>&x;</a>", b"<a>\0</a>", b"<a>" * 300, b"<a/><a/>", b"\xff\xfe<"]
)
def test_what_is_not_well_formed_is_an_error_on_one_line(data):
    with pytest.raises(DocumentError, match=r"^a\.xml is not well-formed XML: [^\n]+\.$") as error:
        parse_xml(data, "a.xml")
    assert error.value.remedy


def test_size_and_number_of_tags_are_bounded(monkeypatch):
    with pytest.raises(DocumentError, match="larger than 32 MiB"):
        parse_xml(b" " * (MAX_XML_BYTES + 1), "a.xml")
    monkeypatch.setattr(xml_safety, "_MAX_TAGS", 3)
    with pytest.raises(DocumentError, match="tags"):
        parse_xml(b"<a><b/><c/></a>", "a.xml")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["<a>", "</a>", "<a x='1'>", "<!--", "-->", "<![CDATA[", "]]>", "&#0;", "&amp;", "&x;", "<?"]
            ),
            st.sampled_from(["<?xml version='1.0' encoding='utf-7'?>", "<!DOCTYPE a [", "]>", "<!ENTITY x '&x;'>"]),
            st.text(max_size=5),
        ),
        max_size=30,
    ).map("".join)
)
def test_any_text_is_a_tree_or_an_error(text):
    with suppress(DocumentError):
        assert local_name(parse_xml(text.encode("utf-8", "replace"), "a.xml"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_are_a_tree_or_an_error(data):
    with suppress(DocumentError):
        assert local_name(parse_xml(data, "a.xml"))
