from __future__ import annotations

import pytest

from embedtune.corpus.readers.asciidoc import AsciiDocReader, asciidoc_blocks
from embedtune.errors import DocumentError


def texts(source):
    return [block.text for block in asciidoc_blocks(source)]


def headings(source):
    return [(block.heading_level, block.text) for block in asciidoc_blocks(source) if block.heading_level]


def test_titles_of_both_forms_have_levels_and_lines():
    source = "= Manual\n\n== Brakes ==\n\nText.\n\n=== Bleeding\n\nStoring it\n----------\n\nMore."
    found = [(block.line, block.heading_level, block.text) for block in asciidoc_blocks(source)]
    assert found == [
        (1, 1, "Manual"),
        (3, 2, "Brakes"),
        (5, None, "Text."),
        (7, 3, "Bleeding"),
        (9, 2, "Storing it"),
        (12, None, "More."),
    ]


def test_the_header_is_left_out_and_its_attributes_stand_in_the_text():
    header = "= Manual\nJane Doe <jane@example.org>\nv1.2, 2024\n:product: Hartmark HK-86\n:toc:\n"
    source = f"{header}\nThe {{product}} and {{other}}."
    assert texts(source) == ["Manual", "The Hartmark HK-86 and {other}."]


def test_attributes_go_on_over_lines_and_can_be_unset():
    assert texts(":name: one \\\n  two\n\n{name}\n\n:name!:\n\n{name}") == ["one two", "{name}"]


def test_attributes_cannot_blow_a_document_up():
    bomb = ":a0: xxxxxxxxxx\n" + "".join(f":a{n}: {{a{n - 1}}}{{a{n - 1}}}\n" for n in range(1, 40)) + "\n{a39}"
    assert len(texts(bomb)[0]) <= 1000


def test_comments_includes_and_conditions_are_dropped_but_not_what_these_enclose():
    source = "// one\n\n////\ntwo\n////\n\ninclude::a.adoc[]\n\nifdef::x[]\nKept.\nendif::[]\n\nifdef::y[Short.]"
    assert texts(source) == ["Kept.", "Short."]


def test_code_stays_as_it_is_without_callouts():
    source = "[source,c]\n----\nif (a) {\n  b; // <1>\n}\n== no title\n----\n<1> Opens it."
    assert texts(source) == ["if (a) {\n  b;\n}\n== no title", "1. Opens it."]


def test_code_alone_is_preformatted():
    blocks = asciidoc_blocks("Run\nit:\n\n----\na,\nb\n----\n\n  c\n\n|===\n|d |e\n|===")
    assert [(block.text, block.preformatted) for block in blocks] == [
        ("Run it:", False),
        ("a,\nb", True),
        ("c", True),
        ("d | e", False),
    ]


@pytest.mark.parametrize("fence", ["....", "----", "------"])
def test_an_open_block_that_nothing_closes_does_not_swallow_the_rest(fence):
    assert texts(f"{fence}\n\nText.\n\n== Title") == ["Text.", "Title"]


def test_fences_indented_lines_and_source_paragraphs_are_code():
    assert texts("```c\na;\n```") == ["a;"]
    assert texts("Run:\n\n  make\n    all") == ["Run:", "make\n  all"]
    assert texts("[source]\na;\nb;\n\nText.") == ["a;\nb;", "Text."]


def test_passed_markup_and_diagrams_are_dropped():
    assert texts("++++\n<b>x</b>\n++++\n\n[plantuml,target=x]\n----\na -> b\n----\n\nText.") == ["Text."]


def test_admonitions_get_their_label():
    source = "NOTE: Wear gloves.\n\n[WARNING]\n====\nHot.\n\nWait.\n====\n\n[TIP]\nOpen it."
    assert texts(source) == ["Note: Wear gloves.", "Warning: Hot.", "Wait.", "Tip: Open it."]


def test_lists_keep_their_marks_and_numbers():
    source = ". One\n.. Deep\n. Two\n+\nMore.\n\n* Bullet\ngoes on\n** Deep\n- [x] Done\n\n5. Five"
    assert texts(source) == ["1. One", "1. Deep", "2. Two", "More.", "- Bullet goes on", "- Deep", "- Done", "5. Five"]


def test_described_terms_go_with_their_text():
    assert texts("Valve:: Opens.\nPump::\n  Moves fluid.\nHose::\n") == ["Valve: Opens.", "Pump: Moves fluid.", "Hose"]


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("|===\n|Part |Torque\n\n|Bolt |25 Nm\n|===", ["Part | Torque", "Bolt | 25 Nm"]),
        ('[cols="1,1"]\n|===\n|Bolt\n|25 Nm\n|Screw\n|9 Nm\n|===', ["Bolt | 25 Nm", "Screw | 9 Nm"]),
        ("|===\n|a|b\n2+|over both\na|c\nmore |d\n|===", ["a | b", "over both", "c more | d"]),
        ("[cols=2*]\n|===\n|a\n|b\n|===", ["a | b"]),
        (',===\nx,"y, z"\n,===', ["x | y, z"]),
        ("|===\n|a \\| b |c\n|===", ["a | b | c"]),
    ],
)
def test_tables_become_rows(table, rows):
    assert texts(table) == rows


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("a *bold* and _slanted_ `code_x`", "a bold and slanted code_x"),
        ("un**bold**ed __x__ ##m## [.r]#n#", "unbolded x m n"),
        ("snake_case_name 2*3*4 C# a+b", "snake_case_name 2*3*4 C# a+b"),
        ("https://example.org[the site] https://example.org", "the site https://example.org"),
        ('link:a.html["A, b",window=_blank] link:b.html[B,role=x] mailto:x@y.z[]', "A, b B x@y.z"),
        ("xref:other.adoc#part[Part two^] <<part,that part>> <<_some_part>>", "Part two that part some part"),
        (
            "kbd:[Ctrl+C] menu:File[Save > As] btn:[OK] icon:fire[] image:a.png[A pump,20]",
            "Ctrl+C File > Save > As OK A pump",
        ),
        ("text.footnote:[A note.] [[here]]((pump)) (((a,b)))end", "text. (A note.) pump end"),
        ("`+a*b*+` +c_d_+ H~2~O x^2^ {plus}{nbsp}1", "a*b* c_d_ H2O x2 + 1"),
        (r"\*not bold* \{name}", "*not bold* {name}"),
        ("line one +\nline two", "line one line two"),
    ],
)
def test_inline_markup_is_stripped(markup, words):
    assert texts(markup) == [words]


def test_references_say_the_title_at_their_target():
    source = "See <<brakes>>, <<_drain_the_tank>>.\n\n[[brakes]]\n== Front brakes\n\n== Drain the tank"
    assert texts(source)[0] == "See Front brakes, Drain the tank."


def test_a_picture_leaves_its_alternative_text_and_title():
    source = ".The pump\nimage::pump.png[A red pump, 200]\n\nimage::x.png[width=20]\n\ntoc::[]"
    assert texts(source) == [
        "The pump",
        "A red pump",
    ]


def test_files_are_read_in_any_encoding(tmp_path):
    path = tmp_path / "a.adoc"
    path.write_bytes("== Überhitzung\n".encode("latin-1"))
    assert [block.text for block in AsciiDocReader().read(path)] == ["Überhitzung"]
    path.write_bytes(b"\0\0")
    with pytest.raises(DocumentError):
        AsciiDocReader().read(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        "*a " * 350_000,
        "[" * 1_000_000,
        "<<a" * 300_000,
        "link:" * 60_000,
        "== T\n\n" * 100_000,
        "----\n" * 100_001,
        "[a]\n" * 100_000,
    ],
    ids=["bold", "brackets", "references", "links", "titles", "fences", "attributes"],
)
def test_hostile_texts_do_not_hang(source):
    assert asciidoc_blocks(source) is not None
