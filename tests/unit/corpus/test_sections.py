from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers.markdown import MarkdownReader
from embedtune.corpus.readers.text import blocks_of
from embedtune.corpus.sections import extract_sections
from embedtune.vocabulary.corpus import Document, SectionKind, TextBlock, section_id

BODY = "The reservoir is drained weekly."
PROSE = " ".join([BODY] * 6)


def document(blocks, path="truck/brake_manual.txt"):
    return Document("sha256:0", "truck", path, tuple(blocks))


def sections_of(text, path="truck/brake_manual.txt"):
    return extract_sections(document(blocks_of(text), path))


def paths(text):
    return [section.heading_path for section in sections_of(text)]


def marked(*rows):
    return [TextBlock(text, line, level) for line, (text, level) in enumerate(rows, start=1)]


def test_a_section_knows_where_it_stands():
    text = f"1 GENERAL\n\n1.1 Draining the Tanks\n\n{BODY}\nTwice in winter.\n\nWait.\n\n1.2 Fuses\n\n{BODY}\n"
    first, second = sections_of(text)
    assert first.heading_path == ("GENERAL", "Draining the Tanks")
    assert first.heading == "Draining the Tanks"
    assert first.text == f"{BODY}\nTwice in winter.\nWait."
    assert first.span == (5, 8)
    assert first.kind == SectionKind.PROCEDURE
    assert (first.domain, first.document_id) == ("truck", "sha256:0")
    assert first.id == section_id("truck", "truck/brake_manual.txt", ("GENERAL", "Draining the Tanks"))
    assert second.heading_path == ("GENERAL", "Fuses")


def test_the_headings_of_a_reader_are_kept_as_they_are():
    blocks = marked(("Truck", 1), ("Oil  level", 3), (BODY, None), ("LOUD\n\nText", None), ("Fuses", 2), (BODY, None))
    sections = extract_sections(document(blocks))
    assert [section.heading_path for section in sections] == [("Truck", "Oil level"), ("Truck", "Fuses")]
    assert sections[0].text == f"{BODY}\nLOUD\nText"


def test_equal_headings_get_different_ids():
    ids = [section.id for section in sections_of("\n\n".join(f"Removal\n\n{BODY}" for _ in range(3)))]
    assert len(set(ids)) == 3
    assert ids[1] == section_id("truck", "truck/brake_manual.txt", ("Removal",), 1)


def test_a_heading_without_text_stands_in_the_path_only():
    assert paths(f"1 GENERAL\n\n1.1 Oil\n\n{BODY}") == [("GENERAL", "Oil")]


def test_a_last_heading_without_text_says_its_own_words():
    text = f"Audio\n\n{BODY}\n\nConnecting an optical cable\n\nLamps\n\n{BODY}"
    section = sections_of(text)[1]
    assert (section.heading_path, section.text) == (("Connecting an optical cable",), "Connecting an optical cable")
    assert section.span == (5, 5)


def test_one_or_two_words_without_text_make_no_section():
    assert paths(f"Audio\n\n{BODY}\n\nOptical cable\n\nLamps\n\n{BODY}") == [("Audio",), ("Lamps",)]


@pytest.mark.parametrize(
    ("preamble", "heading"),
    [
        ("Talvane Orrin: Workshop Manual, publication 4.", "Talvane Orrin: Workshop Manual, publication 4"),
        ("HARTMARK HK-86, 8 t\nBRAKE MANUAL. Issue 4.", "HARTMARK HK-86, 8 t"),
        ("LINDQVAR RW-880 STATION. Operation manual,\ndocument 4.", "LINDQVAR RW-880 STATION"),
        (PROSE, "brake manual"),
        ("word " * 20 + "end.", "brake manual"),
    ],
    ids=["sentence", "line", "wrapped", "prose", "long sentence"],
)
def test_text_before_the_first_heading(preamble, heading):
    first, second = sections_of(f"{preamble}\n\nLUBRICATION\n\n{BODY}\n\nBRAKES\n\n{BODY}")[:2]
    assert first.heading_path == (heading,)
    assert first.kind == SectionKind.OTHER
    assert " ".join(first.text.split()) == " ".join(preamble.split())
    assert second.heading_path == ("LUBRICATION",)


def test_text_before_the_only_top_heading_belongs_to_it():
    blocks = marked(("Build passing", None), ("Truck", 1), (BODY, None), ("Oil", 2), ("Fill it.", None))
    sections = extract_sections(document(blocks))
    assert [(s.heading_path, s.text) for s in sections] == [
        (("Truck",), f"Build passing\n{BODY}"),
        (("Truck", "Oil"), "Fill it."),
    ]


def test_a_page_with_one_title_and_text_right_below(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"# Truck\n\n{BODY}\n\n## Oil\n\nFill it.\n", encoding="utf-8")
    sections = extract_sections(document(MarkdownReader().read(path), "truck/page.md"))
    assert [s.heading_path for s in sections] == [("Truck",), ("Truck", "Oil")]
    assert sections[0].text == BODY


def test_a_text_without_headings_is_one_section():
    (section,) = sections_of(PROSE)
    assert (section.heading_path, section.text, section.span) == (("brake manual",), PROSE, (1, 1))


@pytest.mark.parametrize("text", ["", "\n\n", "- 7 -\n"])
def test_no_text_no_sections(text):
    assert sections_of(text) == ()


def test_a_hyphen_is_judged_by_the_whole_document():
    text = "Oil\n\nUse the on-\nscreen keys.\n\nFuses\n\nThe on-screen keys."
    assert sections_of(text)[0].text == "Use the on-screen keys."


def test_page_furniture_and_contents_are_in_no_section():
    contents = "CONTENTS\n\nOil level ..... 2\nFuse box ..... 3\nLamps and bulbs ..... 4"
    pages = [
        f"{title}\n\n{BODY}\n\nTruck manual\n- {page} -"
        for page, title in enumerate(("Oil level", "Fuse box", "Lamps and bulbs"), 2)
    ]
    sections = sections_of("\n\n".join([contents, *pages]))
    assert [(s.heading_path, s.text) for s in sections] == [
        (("Oil level",), BODY),
        (("Fuse box",), BODY),
        (("Lamps and bulbs",), BODY),
    ]


WORDS = st.text(alphabet="abcdefgh", min_size=2, max_size=6)
SENTENCES = st.lists(WORDS, min_size=3, max_size=9).map(lambda words: f"{' '.join(words).capitalize()}.")
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=4).map("\n".join)
CHAPTERS = st.lists(
    st.tuples(WORDS.map(str.capitalize), st.lists(PARAGRAPHS, min_size=1, max_size=3)), min_size=1, max_size=5
)


@settings(deadline=None)
@given(CHAPTERS, st.booleans())
def test_no_body_word_is_lost_between_a_text_and_its_sections(chapters, paged):
    parts, body = [], Counter()
    for page, (title, paragraphs) in enumerate(chapters, start=1):
        # A mark on each line: what is the same beside every page number is a running line.
        marked = ["\n".join(f"X{page} {line}" for line in paragraph.split("\n")) for paragraph in paragraphs]
        parts += [title, *marked, *([f"- {page} -"] if paged else [])]
        body.update(" ".join(marked).split())
    words = Counter(word for section in sections_of("\n\n".join(parts)) for word in section.text.split())
    assert body - words == Counter()
    assert words - body - Counter(title for title, _ in chapters) == Counter()


@settings(deadline=None)
@given(CHAPTERS, CHAPTERS)
def test_ids_do_not_depend_on_what_follows_or_on_the_words_of_a_body(chapters, more):
    def text(rows):
        return "\n\n".join(part for title, body in rows for part in (f"{title}\n====", *body))

    before = [section.id for section in sections_of(text(chapters))]
    assert [section.id for section in sections_of(text([*chapters, *more]))][: len(before)] == before
    assert [section.id for section in sections_of(text([(title, ["Other words."]) for title, _ in chapters]))] == before


@settings(deadline=None)
@given(CHAPTERS)
def test_spans_are_ordered_and_hold_the_words(chapters):
    text = "\n\n".join(part for title, body in chapters for part in (f"{title}\n====", *body))
    lines = text.split("\n")
    last = 0
    for section in sections_of(text):
        first, end = section.span
        assert last < first <= end
        assert " ".join(lines[first - 1 : end]).split() == section.text.split()
        last = end
