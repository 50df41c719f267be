from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.storage import read_sections, section_row, write_sections
from embedtune.errors import FormatError
from embedtune.vocabulary.corpus import Section, SectionKind

SECTION = Section("s1", "d1", "truck", ("Brakes", "Öl"), SectionKind.PARTS, "Open.\nClose.", (3, 9))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SECTIONS = st.builds(
    Section,
    id=TEXT,
    document_id=TEXT,
    domain=TEXT,
    heading_path=st.lists(TEXT, max_size=3).map(tuple),
    kind=st.sampled_from(SectionKind),
    text=TEXT,
    span=st.tuples(st.integers(1, 99), st.integers(1, 99)),
)


def test_a_row_is_readable_json(tmp_path):
    write_sections(tmp_path / "sections.jsonl", [SECTION])
    line = (tmp_path / "sections.jsonl").read_text(encoding="utf-8")
    assert line.endswith("}\n")
    assert "Öl" in line
    assert (
        json.loads(line)
        == section_row(SECTION)
        == {
            "id": "s1",
            "document_id": "d1",
            "domain": "truck",
            "heading_path": ["Brakes", "Öl"],
            "kind": "parts",
            "text": "Open.\nClose.",
            "span": [3, 9],
        }
    )


@settings(deadline=None)
@given(st.lists(SECTIONS, max_size=4))
def test_what_is_written_is_read(tmp_path_factory, sections):
    path = tmp_path_factory.mktemp("store") / "sections.jsonl"
    write_sections(path, sections)
    assert read_sections(path) == tuple(sections)


def test_line_separators_in_a_text_do_not_break_a_row(tmp_path):
    section = Section("s", "d", "t", ("a\u2028b",), SectionKind.OTHER, "one\u0085two\u2029three\x0bfour", (1, 1))
    write_sections(tmp_path / "s.jsonl", [section])
    assert read_sections(tmp_path / "s.jsonl") == (section,)


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path):
    row = json.dumps(section_row(SECTION))
    (tmp_path / "s.jsonl").write_text(f"\ufeff{row}\n\n{row}", encoding="utf-8")
    assert read_sections(tmp_path / "s.jsonl") == (SECTION, SECTION)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kind": "poem"}, "poem"),
        ({"text": 7}, "not a string"),
        ({"heading_path": "Brakes"}, "not a list"),
        ({"heading_path": ["Brakes", None]}, "not a string"),
        ({"span": [1]}, "not enough values"),
        ({"span": None}, "not a section"),
        ({"span": ["a", "b"]}, "not a section"),
    ],
)
def test_a_malformed_row_is_named(tmp_path, change, reason):
    path = tmp_path / "s.jsonl"
    rows = [section_row(SECTION), {**section_row(SECTION), **change}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(FormatError, match=reason) as caught:
        read_sections(path)
    assert f"{path}, line 2" in caught.value.message


@pytest.mark.parametrize("line", ["{", "[]", "null", '"text"', "{}"])
def test_lines_that_are_no_sections(tmp_path, line):
    path = tmp_path / "s.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(FormatError, match="line 1"):
        read_sections(path)


def test_a_missing_field_is_named(tmp_path):
    row = section_row(SECTION)
    del row["domain"]
    (tmp_path / "s.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(FormatError, match="without 'domain'"):
        read_sections(tmp_path / "s.jsonl")


def test_an_unreadable_file(tmp_path):
    with pytest.raises(FormatError, match="cannot be read"):
        read_sections(tmp_path / "absent.jsonl")
    (tmp_path / "s.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="cannot be read"):
        read_sections(tmp_path / "s.jsonl")
