from __future__ import annotations

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers.docx import DocxReader
from embedtune.vocabulary.corpus import TextBlock

SPACES = nsdecls("w") + (
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:v="urn:schemas-microsoft-com:vml"'
)


@pytest.fixture
def read(tmp_path):
    def read(document):
        path = tmp_path / "guide.docx"
        document.save(path)
        return DocxReader().read(path)

    return read


@pytest.fixture
def read_body(read):
    """Read a document whose body is the given XML."""

    def read_body(xml):
        document = Document()
        body = document.element.body
        for child in list(body):
            body.remove(child)
        for child in parse_xml(f"<w:body {SPACES}>{xml}</w:body>"):
            body.append(child)
        return [block.text for block in read(document)]

    return read_body


def paragraph(inner):
    return f"<w:p>{inner}</w:p>"


def run(text, properties=""):
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def test_headings_by_style_with_their_levels(read):
    document = Document()
    document.add_heading("Seals", 1)
    document.add_paragraph("Check\tthem.\nDaily.")
    document.add_paragraph("  ")
    document.add_heading("Rings", 3)
    assert read(document) == (
        TextBlock("Seals", 1, 1),
        TextBlock("Check them.\nDaily.", 2),
        TextBlock("Rings", 4, 3),
    )


def test_a_title_stands_above_all_headings(read):
    document = Document()
    document.add_heading("Pump guide", 0)
    document.add_heading("Seals", 1)
    document.add_heading("Rings", 2)
    assert [(block.text, block.heading_level) for block in read(document)] == [
        ("Pump guide", 1),
        ("Seals", 2),
        ("Rings", 3),
    ]


def test_derived_styles_and_outline_levels_are_headings(read):
    document = Document()
    derived = document.styles.add_style("Chapter", WD_STYLE_TYPE.PARAGRAPH)
    derived.base_style = document.styles["Heading 2"]
    outlined = document.styles.add_style("Part", WD_STYLE_TYPE.PARAGRAPH)
    outlined.element.append(parse_xml(f'<w:pPr {SPACES}><w:outlineLvl w:val="3"/></w:pPr>'))
    plain = document.styles.add_style("Not so", WD_STYLE_TYPE.PARAGRAPH)
    plain.base_style = derived
    plain.element.append(parse_xml(f'<w:pPr {SPACES}><w:outlineLvl w:val="9"/></w:pPr>'))
    for style in ("Chapter", "Part", "Not so"):
        document.add_paragraph(style, style=style)
    assert [block.heading_level for block in read(document)] == [2, 4, None]


def test_styles_based_on_each_other_end(read):
    document = Document()
    one, other = (document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH) for name in ("One", "Other"))
    one.base_style, other.base_style = other, one
    document.add_paragraph("text", style="One")
    assert [block.text for block in read(document)] == ["text"]


@pytest.mark.parametrize("style", ["Source Code", "HTML Preformatted", "Code", "Code Block", "Preformatted Text"])
def test_paragraphs_in_a_style_for_code_are_preformatted(read, style):
    document = Document()
    document.styles.add_style(style, WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("if a:\n    b,\n\nc", style=style)
    document.add_paragraph("if a:\n    b,")
    assert read(document) == (TextBlock("if a:\n    b,\nc", 1, preformatted=True), TextBlock("if a:\nb,", 2))


def test_list_items_have_their_marks_and_numbers(read):
    document = Document()
    for text, style in [
        ("Open", "List Number"),
        ("Close", "List Number"),
        ("left", "List Bullet"),
        ("Wait", "List Number"),
    ]:
        document.add_paragraph(text, style=style)
    assert [block.text for block in read(document)] == ["1. Open", "2. Close", "- left", "3. Wait"]


def test_lists_by_number_count_each_level_anew(read):
    document = Document()
    root = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{kind}"/></w:lvl>'
        for depth, start, kind in [(0, 4, "decimal"), (1, 1, "lowerLetter"), (2, 1, "none"), (3, 1, "bullet")]
    )
    root.append(parse_xml(f'<w:abstractNum {SPACES} w:abstractNumId="77">{levels}</w:abstractNum>'))
    root.append(parse_xml(f'<w:num {SPACES} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for number_id, depth in [(77, 0), (77, 1), (77, 1), (77, 0), (77, 1), (77, 2), (77, 3), (0, 0), (99, 0)]:
        properties = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number_id}"/></w:numPr>'
        document.add_paragraph("x")._p.insert(0, parse_xml(f"<w:pPr {SPACES}>{properties}</w:pPr>"))
    marks = [block.text.removesuffix("x") for block in read(document)]
    assert marks == ["4. ", "1. ", "2. ", "5. ", "1. ", "", "- ", "", "- "]


def test_tables_are_rows_in_their_place_and_merged_cells_stand_once(read):
    document = Document()
    document.add_paragraph("Before.")
    table = document.add_table(3, 3)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"c{number}"
    for cells in [((0, 0), (1, 0)), ((2, 0), (2, 1))]:
        first, last = (table.cell(*place) for place in cells)
        last.text = ""
        first.merge(last)
    document.add_paragraph("After.")
    assert [block.text for block in read(document)] == ["Before.", "c0 | c1 | c2", "c4 | c5", "c6 | c8", "After."]


def test_a_table_of_one_cell_is_a_box_of_paragraphs(read):
    document = Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "Mind the seal."
    cell.add_paragraph("Twice.")
    assert [block.text for block in read(document)] == ["Mind the seal.", "Twice."]


def test_tracked_changes_are_taken_as_accepted(read_body):
    words = f"{run('old ')}<w:ins>{run('new ')}</w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{run('from')}</w:moveFrom><w:moveTo>{run('to')}</w:moveTo>"
    row = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{paragraph(run('gone'))}</w:tc></w:tr>"
    assert read_body(paragraph(words + moved) + f"<w:tbl>{row}</w:tbl>") == ["old new to"]


def test_links_fields_formulas_and_controls_keep_their_words(read_body):
    field = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF x</w:instrText></w:r>'
    parts = [
        run("see "),
        f"<w:hyperlink>{run('Seals')}</w:hyperlink>",
        f"<w:sdt><w:sdtPr/><w:sdtContent>{run(' on ')}</w:sdtContent></w:sdt>",
        field + run("page"),
        "<w:r><w:noBreakHyphen/><w:tab/></w:r>",
        "<m:oMath><m:r><m:t>p=1</m:t></m:r></m:oMath>",
        "<w:r><w:footnoteReference w:id='1'/></w:r>",
        run("hidden", "<w:vanish/>") + run(" shown", '<w:vanish w:val="0"/>'),
    ]
    control = f"<w:sdt><w:sdtContent>{paragraph(run('Block'))}</w:sdtContent></w:sdt>"
    assert read_body(paragraph("".join(parts)) + control) == ["see Seals on page- p=1 shown", "Block"]


def test_text_boxes_are_read_once_after_their_paragraph(read_body):
    box = f"<w:txbxContent>{paragraph(run('In the box.'))}</w:txbxContent>"
    shape = f"<mc:Choice>{box}</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
    shape = f"<w:r><mc:AlternateContent>{shape}</mc:AlternateContent></w:r>"
    assert read_body(paragraph(run("Around ") + shape + run("it."))) == ["Around it.", "In the box."]


def test_rows_cells_and_shapes_in_wrappers_are_read(read_body):
    cells = "".join(f"<w:sdt><w:sdtContent><w:tc>{paragraph(run(word))}</w:tc></w:sdtContent></w:sdt>" for word in "ab")
    row = f"<w:ins><w:tr>{cells}</w:tr></w:ins>"
    shape = f"<mc:AlternateContent><mc:Choice>{paragraph(run('Shape'))}</mc:Choice></mc:AlternateContent>"
    assert read_body(f"<w:tbl>{row}</w:tbl>{shape}<mc:AlternateContent/>") == ["a | b", "Shape"]


def test_elements_nested_as_deep_as_xml_may_be_are_read(read_body):
    deep = "<w:sdt>" * 245 + paragraph(run("Deep.")) + "</w:sdt>" * 245
    assert read_body(deep) == ["Deep."]


def test_tables_of_contents_are_left_out(read):
    document = Document()
    document.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("Seals 3", style="toc 1")
    gallery = '<w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    content = f"<w:sdtContent>{paragraph(run('Contents'))}</w:sdtContent>"
    document.element.body.insert(0, parse_xml(f"<w:sdt {SPACES}>{gallery}{content}</w:sdt>"))
    document.add_paragraph("Open.")
    document.sections[0].header.paragraphs[0].text = "Header"
    assert [block.text for block in read(document)] == ["Open."]


def test_an_empty_document_has_no_blocks(read):
    assert read(Document()) == ()


_NAMES = st.sampled_from(
    "p r t tbl tr tc sdt sdtContent ins del pPr pStyle numPr numId ilvl outlineLvl txbxContent vMerge br".split()
)
_TREES = st.recursive(
    st.text("ab ", max_size=4),
    lambda inner: st.builds(
        lambda name, value, parts: f'<w:{name} w:val="{value}">{"".join(parts)}</w:{name}>',
        _NAMES,
        st.sampled_from(["", "0", "1", "Heading1", "ListNumber", "-1", "²", "9" * 5000]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(_TREES)
def test_any_tree_of_word_elements_is_read(tree):
    root = parse_xml(f"<w:document {SPACES}><w:body>{tree}</w:body></w:document>")
    assert all(block.text.strip() and block.line > 0 for block in blocks_of(root))


def blocks_of(root):
    """Read a tree as the main part of a package that has no other."""
    with pytest.MonkeyPatch.context() as patch:
        from contextlib import contextmanager

        from embedtune.corpus.readers import docx

        @contextmanager
        def package(_path):
            yield _Package()

        class _Package:
            def main_part(self):
                return "word/document.xml"

            def related(self, _part, _kind):
                return None

            def tree(self, part):
                return root if part == "word/document.xml" else None

        patch.setattr(docx, "open_docx", package)
        return DocxReader().read(None)
