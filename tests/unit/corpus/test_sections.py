from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.config.data_settings import CorpusSettings
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


def test_code_keeps_its_lines_where_text_is_mended():
    code = TextBlock("#![warn(x)]\nfn main() {\n    run(a,\n        b)\n}", 3, preformatted=True)
    sections = extract_sections(document([TextBlock("Start", 1, 1), TextBlock("Write\nthis:", 2), code]))
    assert [section.text for section in sections] == [f"Write this:\n{code.text}"]


def test_equal_headings_get_different_ids():
    ids = [section.id for section in sections_of("\n\n".join(f"Removal\n\n{BODY}" for _ in range(3)))]
    assert len(set(ids)) == 3
    assert ids[1] == section_id("truck", "truck/brake_manual.txt", ("Removal",), 1)


def test_a_heading_without_text_stands_in_the_path_only():
    assert paths(f"1 GENERAL\n\n1.1 Oil\n\n{BODY}") == [("GENERAL", "Oil")]


def test_a_last_heading_without_text_says_its_own_words():
    text = f"Audio\n\n{BODY}\n\nConnecting the long optical cable\n\nLamps\n\n{BODY}"
    section = sections_of(text)[1]
    assert section.heading_path == ("Connecting the long optical cable",)
    assert section.text == "Connecting the long optical cable"
    assert section.span == (5, 5)


def test_a_short_section_is_joined_to_the_one_before_it():
    text = f"Audio\n\n{BODY}\n\nOptical cable\n\nLamps\n\nTwo lamps.\n\nFuses\n\n{BODY}"
    first, second = sections_of(text)
    assert (first.heading, first.text, first.span) == (
        "Audio",
        f"{BODY}\nOptical cable\nLamps\nTwo lamps.",
        (3, 9),
    )
    assert second.heading == "Fuses"


def test_how_short_a_section_may_be_is_a_setting():
    blocks = blocks_of(f"Audio\n\n{BODY}\n\nLamps\n\nTwo lamps.")
    found = extract_sections(document(blocks), CorpusSettings(min_words=3))
    assert [section.heading for section in found] == ["Audio", "Lamps"]


def test_a_long_section_is_cut_and_its_parts_keep_the_heading_path():
    paragraphs = [f"Paragraph {number} {'is long ' * 20}and ends." for number in range(6)]
    text = "\n\n".join(["Oil", *paragraphs, "Fuses", BODY])
    *parts, fuses = extract_sections(document(blocks_of(text)), CorpusSettings(max_words=100))
    assert [part.text for part in parts] == ["\n".join(paragraphs[at : at + 2]) for at in (0, 2, 4)]
    assert {part.heading_path for part in parts} == {("Oil",)}
    assert [part.span for part in parts] == [(3, 5), (7, 9), (11, 13)]
    assert len({part.id for part in parts}) == 3
    assert parts[0].id == section_id("truck", "truck/brake_manual.txt", ("Oil",))
    assert fuses.id == section_id("truck", "truck/brake_manual.txt", ("Fuses",))


def test_growing_one_section_renames_no_other():
    def ids(words):
        text = f"Oil\n\n{'long ' * words}end.\n\nOil\n\n{BODY}"
        return [s.id for s in extract_sections(document(blocks_of(text)), CorpusSettings(max_words=50))]

    short, long = ids(10), ids(200)
    assert len(long) > len(short)
    assert set(short) < set(long)


def test_a_title_page_and_a_heading_of_the_same_words_have_two_ids():
    first, second = sections_of(f"Oil is good for it. {BODY}\n\nOil is good for it\n\n{BODY}\n\nLamps\n\n{BODY}")[:2]
    assert first.heading_path == second.heading_path
    assert first.id != second.id


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
    blocks = marked(("Build passing", None), ("Truck", 1), (BODY, None), ("Oil", 2), ("Fill it up to half.", None))
    sections = extract_sections(document(blocks))
    assert [(s.heading_path, s.text) for s in sections] == [
        (("Truck",), f"Build passing\n{BODY}"),
        (("Truck", "Oil"), "Fill it up to half."),
    ]


def test_a_page_with_one_title_and_text_right_below(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"# Truck\n\n{BODY}\n\n## Oil\n\nFill it up to half.\n", encoding="utf-8")
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
    text = "Oil\n\nUse the on-\nscreen keys.\n\nFuses\n\nThe on-screen keys are four."
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
SENTENCES = st.lists(WORDS, min_size=5, max_size=9).map(lambda words: f"{' '.join(words).capitalize()}.")
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
    others = text([(title, ["Other words of this body."]) for title, _ in chapters])
    assert [section.id for section in sections_of(others)] == before


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


LIMITS = st.tuples(st.integers(1, 12), st.integers(50, 60)).map(
    lambda limits: CorpusSettings(min_words=limits[0], max_words=limits[1])
)
MARKED = st.lists(
    st.tuples(st.integers(0, 9), st.none() | st.integers(1, 4)).map(
        lambda made: (made[0] * (12 if made[1] is None else 1) + 1, made[1])
    ),
    max_size=12,
)


@settings(deadline=None)
@given(MARKED, LIMITS)
def test_every_word_is_in_one_section_or_in_heading_paths(rows, limits):
    blocks, line, number = [], 1, 0
    for count, level in rows:
        words = [f"w{number + at}" for at in range(count)]
        number += count
        wide = 1 if level else 7
        lines = [" ".join(words[at : at + wide]) for at in range(0, count, wide)]
        blocks.append(TextBlock(" ".join(words) if level else "\n".join(lines), line, level))
        line += 1 if level else len(lines)
    if not any(block.heading_level for block in blocks):
        blocks.insert(0, TextBlock("top", 1, 1))
    sections = extract_sections(document(blocks), limits)
    said = Counter(word for section in sections for word in section.text.split())
    named = {word for section in sections for title in section.heading_path for word in title.split()}
    for block in blocks:
        for word in block.text.split():
            assert said[word] == 1 or (block.heading_level and said[word] < 2 and word in named)
    assert len({section.id for section in sections}) == len(sections)
    assert all(1 <= section.span[0] <= section.span[1] <= line for section in sections)
    assert all(len(section.text.split()) <= limits.max_words for section in sections)


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("aA1.:- \t\n\f|=#*()>\u00ad\u2028\x1c\u00e9\U0001f600"), max_size=300), LIMITS)
def test_any_text_gives_sections_with_unique_ids_inside_the_file(text, limits):
    sections = extract_sections(document(blocks_of(text)), limits)
    assert len({section.id for section in sections}) == len(sections)
    for section in sections:
        assert section.text.strip()
        assert 1 <= section.span[0] <= section.span[1] <= text.count("\n") + text.count("\f") + 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "text",
    [
        "a" + " " * 1_000_000 + "b",
        "word " * 200_000,
        "x" * 1_000_000,
        "1." * 500_000,
        "(" * 500_000,
        "| " * 500_000,
        "This is one. " * 80_000,
    ],
    ids=["spaces", "words", "one word", "numbers", "parentheses", "table row", "sentences"],
)
def test_a_line_of_a_megabyte_takes_linear_time(text):
    sections = sections_of(text)
    assert "".join(section.text for section in sections).count("a") == text.count("a")


@pytest.mark.timeout(120)
def test_headings_ever_deeper_take_linear_time():
    rows = [(f"H{level}", level) if text else (BODY, None) for level in range(1, 20_000) for text in (True, False)]
    sections = extract_sections(document(marked(*rows)))
    assert len(sections) == 19_999
    assert max(len(section.heading_path) for section in sections) < 20


@pytest.mark.timeout(120)
def test_very_many_headings_take_linear_time():
    numbered = "\n".join(f"{number}.1 Title\n{number}.1.1 Deeper" for number in range(1, 50_000))
    assert sections_of(numbered)
    assert len(sections_of("\n\n".join(f"Title {number}\n\n{BODY}" for number in range(20_000)))) == 20_000


def test_a_heading_too_long_for_one_is_text():
    blocks = marked(("fuse " * 200, 1), ("Oil", 1), (BODY, None))
    sections = extract_sections(document(blocks))
    assert [section.heading for section in sections] == ["Oil"]
    assert sections[0].text.count("fuse") == 200
