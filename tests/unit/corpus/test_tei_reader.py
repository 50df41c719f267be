from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers.tei import TeiReader
from embedtune.errors import DocumentError
from embedtune.vocabulary.corpus import TextBlock

HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0">
<teiHeader><fileDesc><titleStmt><title level="a" type="main">Drift of
valves</title></titleStmt><sourceDesc><biblStruct><analytic><author><persName><surname>Nobody</surname></persName>
<affiliation>Nowhere</affiliation></author><title>Drift</title></analytic></biblStruct></sourceDesc></fileDesc>
<profileDesc><abstract><div><p><s>Valves drift.</s><s>We say why.</s></p></div></abstract></profileDesc></teiHeader>
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    path = tmp_path_factory.mktemp("papers") / "paper.tei.xml"

    def read(data):
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return TeiReader().read(path)

    return read


@pytest.fixture(scope="module")
def rows(read):
    """Read a body; give text and level of each block after the title and the abstract."""

    def rows(body, back=""):
        blocks = read(f"{HEADER}<text><body>{body}</body><back>{back}</back></text></TEI>")
        return [(block.text, block.heading_level) for block in blocks[3:]]

    return rows


def test_title_and_abstract_come_first_and_authors_nowhere(read):
    assert read(f"{HEADER}<text/></TEI>") == (
        TextBlock("Drift of valves", 3, 1),
        TextBlock("Abstract", 6, 2),
        TextBlock("Valves drift. We say why.", 6),
    )


def test_numbers_and_nesting_decide_levels(rows):
    body = """<div><head n="1">Start</head><p>a</p></div><div><head n="1.2.">Deep</head><p>b</p>
    <div><head>Deeper</head><p>c</p></div></div><div><head>Plain</head><p>d</p></div>"""
    levels = [
        ("Start", 2),
        ("a", None),
        ("Deep", 3),
        ("b", None),
        ("Deeper", 4),
        ("c", None),
        ("Plain", 2),
        ("d", None),
    ]
    assert rows(body) == levels


def test_citations_fall_away_and_other_references_stay(rows):
    body = """<div><p>As shown <ref type="bibr" target="#b0">[1]</ref>, <ref type="bibr">[2]</ref>. Twice
    (see <ref type="bibr">A, 2010</ref>; <ref type="bibr">B, 2011</ref>) as <ref type="bibr">Smith (2012)</ref> put it
    in <ref type="figure" target="#none">Fig. 1</ref> with init()
    <ref type="bibr">[3]</ref>-<ref type="bibr">[5]</ref></p></div>"""
    assert rows(body) == [("As shown. Twice as Smith (2012) put it in Fig. 1 with init()", None)]


def test_captions_follow_the_paragraph_that_refers_to_them(rows):
    body = """<div><p>See <ref type="table" target="#tab_0">Table 1</ref>.</p>
    <p>Later <ref target="#tab_0">again</ref>.</p></div>
    <figure xml:id="fig_0"><head>Figure 1 .</head><label>1</label><figDesc>Figure 1. A valve.</figDesc></figure>
    <figure><figDesc>A pump.</figDesc></figure><figure><head/></figure>
    <figure type="table" xml:id="tab_0"><head>Table 1</head><figDesc>Rates</figDesc>
    <table><row><cell>mm</cell><cell>s</cell></row><row><cell/></row></table></figure>"""
    assert rows(body) == [
        ("See Table 1.", None),
        ("Table 1 Rates", None),
        ("mm | s", None),
        ("Later again.", None),
        ("Figures and tables", 2),
        ("Figure 1. A valve.", None),
        ("A pump.", None),
    ]


def test_lists_and_formulas_are_text_and_notes_are_not(rows):
    body = """<div><list><head>Parts</head><item>seal</item><item>ring<note>x</note></item></list>
    <formula xml:id="f">a = b <label>(1)</label></formula><note place="foot">x</note></div>"""
    assert [text for text, _ in rows(body)] == ["Parts", "- seal", "- ring", "a = b"]


def test_of_the_back_only_an_annex_is_read(rows):
    back = """<div type="acknowledgement"><p>Thanks.</p></div><div type="annex">
    <div><head n="A.1">More</head><p>m</p></div></div>
    <div type="references"><listBibl><bibl><title>Cited</title></bibl></listBibl></div>"""
    assert rows("", back) == [("More", 3), ("m", None)]


def test_other_xml_empty_files_and_bombs(read, tmp_path):
    assert read(b"") == read("<TEI/>") == ()
    for data, message in [
        ("<html/>", "is not a TEI document: its root is <html>"),
        ("<TEI", "not well-formed"),
        ("<!DOCTYPE TEI [<!ENTITY a 'x'>]><TEI>&a;</TEI>", "declares a document type"),
        (b" " * (32 * 1024 * 1024 + 1), "larger than 32 MiB"),
    ]:
        with pytest.raises(DocumentError, match=message):
            read(data)
    with pytest.raises(DocumentError, match="cannot be read"):
        TeiReader().read(tmp_path / "none.tei.xml")


@pytest.mark.parametrize("name", ["div", "p"])
def test_elements_nested_as_deep_as_xml_may_be_are_read(read, name):
    deep = f"<{name}>" * 240 + "<p>Deep.</p>" + f"</{name}>" * 240
    assert [block.text for block in read(f"<TEI><text><body>{deep}</body></text></TEI>")] == ["Deep."]


_NAMES = st.sampled_from(
    "div head p s ref list item figure figDesc table row cell formula note title abstract body".split()
)
_TREES = st.recursive(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="<&\ufffe\uffff"), max_size=8
    ),
    lambda inner: st.builds(
        lambda name, number, parts: f'<{name} n="{number}" type="bibr" target="#f">{"".join(parts)}</{name}>',
        _NAMES,
        st.sampled_from(["", "1", "2.1", "...", "IV.a", "1" * 50]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(_TREES)
def test_any_tree_is_read(read, tree):
    blocks = read(f"<TEI><teiHeader/><text><body>{tree.replace(']]>', '')}</body></text></TEI>")
    assert all(block.text.strip() == block.text and block.text and "\0" not in block.text for block in blocks)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_tei_bytes_are_read_or_refused(read, data):
    with suppress(DocumentError):
        read(b"<TEI>" + data)
