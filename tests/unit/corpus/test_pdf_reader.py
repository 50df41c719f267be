from __future__ import annotations

import contextlib
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedtune.corpus.line_breaks import mend_lines
from embedtune.corpus.readers import pdf as pdf_reader
from embedtune.corpus.readers.pdf import PdfReader
from embedtune.errors import DocumentError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fpdf import FPDF
    from fpdf.enums import AccessPermission, EncryptionMethod

PASSWORDS = ("for the owner", "for the reader")
SENTENCE = "The reservoir of the pump holds two litres of fluid and must be drained before the housing is opened. "


class Manual(FPDF):
    """A manual with a running header that names it and a footer with the page number."""

    head = "Hartmark HK-86 Service Manual"

    def header(self):
        self.set_font("Helvetica", "I", 8)
        self.cell(0, 8, self.head, align="C")
        self.ln(14)

    def footer(self):
        self.set_y(-15)
        self.set_font("Helvetica", "", 8)
        self.cell(0, 8, f"Page {self.page_no()} of 9", align="C")

    def heading(self, text, size, style="B"):
        self.set_font("Helvetica", style, size)
        self.paragraph(text, height=size / 2)

    def text_line(self, text):
        self.set_font("Helvetica", "", 10)
        self.paragraph(text)

    def paragraph(self, text, height=5.0):
        self.multi_cell(0, height, text, new_x="LMARGIN", new_y="NEXT")
        self.ln(4)


def plain():
    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", "", 10)
    return page


def read(document, tmp_path):
    path = tmp_path / "manual.pdf"
    document.output(str(path))
    return PdfReader().read(path)


def headings(blocks):
    return [(block.heading_level, block.text) for block in blocks if block.heading_level]


def all_text(blocks):
    return "\n".join(block.text for block in blocks)


def chapters(count=3, sections=2):
    manual = Manual()
    for chapter in range(1, count + 1):
        manual.add_page()
        manual.heading(f"{chapter} Brake circuit {'ABC'[chapter - 1]}", 18)
        for section in range(1, sections + 1):
            manual.heading(f"{chapter}.{section} Bleeding valve {section}", 13)
            manual.text_line(SENTENCE * 6)
            manual.text_line(SENTENCE * 3)
    return manual


def test_larger_lines_are_headings_ranked_by_size_and_lose_their_numbers(tmp_path):
    blocks = read(chapters(), tmp_path)
    one = [(2, "Bleeding valve 1"), (2, "Bleeding valve 2")]
    assert headings(blocks) == [
        (1, "Brake circuit A"),
        *one,
        (1, "Brake circuit B"),
        *one,
        (1, "Brake circuit C"),
        *one,
    ]


def test_running_header_footer_and_page_numbers_are_left_out(tmp_path):
    text = all_text(read(chapters(), tmp_path))
    assert "Service Manual" not in text
    assert "Page" not in text


def test_two_pages_lose_a_small_header_too(tmp_path):
    assert "Service Manual" not in all_text(read(chapters(2), tmp_path))


def test_a_number_that_counts_the_pages_takes_its_changing_header_along(tmp_path):
    class Book(Manual):
        def header(self):
            self.set_font("Helvetica", "", 10)
            self.cell(80, 8, f"Chapter {self.page_no() // 2}: About {'pumps' if self.page_no() < 3 else 'valves'}")
            self.cell(0, 8, str(self.page_no() + 40), align="R")
            self.ln(14)

        def footer(self):
            pass

    book = Book()
    for _ in range(4):
        book.add_page()
        book.text_line(SENTENCE * 8)
    assert "About" not in all_text(read(book, tmp_path))


def test_paragraphs_are_whole_and_lines_count_up(tmp_path):
    blocks = read(chapters(), tmp_path)
    paragraphs = [(SENTENCE * 6).strip(), (SENTENCE * 3).strip()]
    assert [block.text for block in blocks if not block.heading_level] == paragraphs * 6
    assert [block.line for block in blocks][:4] == [1, 2, 3, 9]
    assert [block.line for block in blocks] == sorted(block.line for block in blocks)


def test_a_paragraph_goes_on_over_a_page_break(tmp_path):
    manual = Manual()
    for half in ("Close the valve and wait until the pressure has fallen to the", "value that the plate shows."):
        manual.add_page()
        manual.text_line(half)
    manual.add_page()
    manual.text_line("Open it.")
    texts = [block.text for block in read(manual, tmp_path)]
    joined = mend_lines(texts[0], frozenset())
    assert joined == "Close the valve and wait until the pressure has fallen to the value that the plate shows."
    assert texts[1:] == ["Open it."]


def test_a_word_hyphenated_at_a_line_end_can_be_mended(tmp_path):
    page = plain()
    page.cell(0, 5, "Drain the whole reservoir of the pump before you open the hydrau-", new_x="LMARGIN", new_y="NEXT")
    page.cell(
        0, 5, "lic housing, and wear gloves while the fluid runs out of it slowly.", new_x="LMARGIN", new_y="NEXT"
    )
    (block,) = read(page, tmp_path)
    assert "open the hydraulic housing" in mend_lines(block.text, frozenset())


def test_columns_are_read_one_after_the_other_below_a_title_across_both(tmp_path):
    manual = Manual()
    manual.add_page()
    manual.set_font("Helvetica", "B", 16)
    manual.multi_cell(
        0, 8, "A pump with two chambers and a single long valve", align="C", new_x="LMARGIN", new_y="NEXT"
    )
    manual.set_font("Helvetica", "", 10)
    top = manual.get_y() + 5
    words = [f"word{number:03}" for number in range(160)]
    rows = [words[start : start + 5] for start in range(0, 160, 5)]
    for index in range(16):  # drawn row by row, so that the order of the content is no help
        for column, row in ((0, rows[index]), (1, rows[index + 16])):
            manual.set_xy(10 + 98 * column, top + 5 * index)
            manual.cell(90, 5, " ".join(row))
    blocks = read(manual, tmp_path)
    assert headings(blocks) == [(1, "A pump with two chambers and a single long valve")]
    assert [word for word in all_text(blocks).split() if word.startswith("word")] == words


def test_rows_of_a_table_stay_rows(tmp_path):
    page = plain()
    page.multi_cell(0, 5, SENTENCE * 4, new_x="LMARGIN", new_y="NEXT")
    page.ln(5)
    rows = [("Part", "Number", "Torque")] + [(f"Bolt {n}", f"CB-{n}", f"{n} Nm") for n in range(1, 9)]
    with page.table() as table:
        for cells in rows:
            row = table.row()
            for cell in cells:
                row.cell(cell)
    lines = all_text(read(page, tmp_path)).split("\n")
    assert [" | ".join(cells) for cells in rows] == lines[-9:]


def test_numbers_and_bullets_stay_with_their_items(tmp_path):
    page = plain()
    for number in range(1, 4):
        page.cell(15, 5, f"{number}.")
        page.cell(0, 5, f"Open valve {number} by one turn.", new_x="LMARGIN", new_y="NEXT")
    assert all_text(read(page, tmp_path)) == "\n".join(f"{n}. Open valve {n} by one turn." for n in range(1, 4))


def test_a_bold_word_in_a_sentence_is_no_heading_and_a_bold_line_is_one(tmp_path):
    page = plain()
    page.set_font("Helvetica", "B", 10)
    page.cell(0, 5, "Changing the filter", new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "", 10)
    page.multi_cell(0, 5, "Hold the **red** lever. " + SENTENCE * 3, markdown=True, new_x="LMARGIN", new_y="NEXT")
    blocks = read(page, tmp_path)
    assert headings(blocks) == [(1, "Changing the filter")]
    assert blocks[1].text.startswith("Hold the red lever. The reservoir")


def test_a_bold_warning_label_is_text(tmp_path):
    page = plain()
    page.set_font("Helvetica", "B", 10)
    page.cell(0, 5, "WARNING", new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "", 10)
    page.multi_cell(0, 5, SENTENCE * 2, new_x="LMARGIN", new_y="NEXT")
    assert not headings(read(page, tmp_path))


def test_the_outline_confirms_headings_that_look_like_text(tmp_path):
    page = plain()
    for title in ("Cleaning", "Storing"):
        page.start_section(title)
        page.cell(0, 5, title, new_x="LMARGIN", new_y="NEXT")
        page.ln(5)
        page.multi_cell(0, 5, SENTENCE * 2, new_x="LMARGIN", new_y="NEXT")
        page.ln(5)
    assert headings(read(page, tmp_path)) == [(1, "Cleaning"), (1, "Storing")]


def test_the_outline_sets_the_levels(tmp_path):
    page = plain()
    page.start_section("Part one")
    page.set_font("Helvetica", "B", 14)
    page.cell(0, 5, "Part one", new_x="LMARGIN", new_y="NEXT")
    page.start_section("Cleaning", level=1)
    page.ln(5)
    page.cell(0, 5, "Cleaning", new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "", 10)
    page.multi_cell(0, 5, SENTENCE * 4, new_x="LMARGIN", new_y="NEXT")
    assert headings(read(page, tmp_path)) == [(1, "Part one"), (2, "Cleaning")]


def test_a_contents_list_is_left_out(tmp_path):
    page = plain()
    for title, number in (("Bleeding the brakes", 3), ("Changing the filter", 5), ("Storing the pump", 9)):
        page.cell(0, 5, f"{title} {'.' * 60} {number}", new_x="LMARGIN", new_y="NEXT")
    page.ln(5)
    page.multi_cell(0, 5, SENTENCE)
    assert all_text(read(page, tmp_path)) == SENTENCE.strip()


def test_text_along_the_edge_is_left_out(tmp_path):
    page = plain()
    page.multi_cell(0, 5, SENTENCE * 3, new_x="LMARGIN", new_y="NEXT")
    with page.rotation(90, 20, 200):
        page.text(20, 200, "Printed on 3 March")
    assert "Printed" not in all_text(read(page, tmp_path))


def test_a_page_turned_as_a_whole_is_read_upright(tmp_path):
    page = plain()
    with page.rotation(90, 100, 150):
        for row in range(4):
            page.text(60, 100 + 5 * row, f"Row {row} of the turned page is here")
    assert all_text(read(page, tmp_path)) == " ".join(f"Row {row} of the turned page is here" for row in range(4))


def test_a_pdf_without_text_is_called_a_scan(tmp_path):
    page = FPDF()
    page.add_page()
    page.rect(10, 10, 50, 50)
    with pytest.raises(DocumentError, match="holds no text: it is a scan") as caught:
        read(page, tmp_path)
    assert "OCR" in caught.value.remedy


def test_an_encrypted_pdf_is_refused_and_one_without_password_read(tmp_path):
    locked = plain()
    locked.cell(0, 5, "Secret torque values")
    locked.set_encryption(*PASSWORDS, encryption_method=EncryptionMethod.RC4)
    with pytest.raises(DocumentError, match="is encrypted") as caught:
        read(locked, tmp_path)
    assert "Remove the password" in caught.value.remedy
    readable = plain()
    readable.cell(0, 5, "Torque values")
    readable.set_encryption(PASSWORDS[0], permissions=AccessPermission.none())
    assert all_text(read(readable, tmp_path)) == "Torque values"


@pytest.mark.parametrize("data", [b"", b"not a PDF", b"%PDF-1.7\n", b"\x00" * 5000])
def test_what_is_no_pdf_is_refused(tmp_path, data):
    path = tmp_path / "broken.pdf"
    path.write_bytes(data)
    with pytest.raises(DocumentError, match="damaged or not a PDF"):
        PdfReader().read(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.pdf", tmp_path):
        with pytest.raises(DocumentError):
            PdfReader().read(path)


@pytest.mark.parametrize("limit", ["_MAX_PAGES", "_MAX_PAGE_TEXTS", "_MAX_PAGE_CHARACTERS", "_MAX_CHARACTERS"])
def test_a_pdf_beyond_the_limits_is_refused(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(pdf_reader, limit, 1)
    with pytest.raises(DocumentError, match=r"more than 1\b"):
        read(chapters(2), tmp_path)


def test_reading_again_and_from_threads_gives_the_same(tmp_path):
    path = tmp_path / "manual.pdf"
    chapters().output(str(path))
    expected = PdfReader().read(path)
    with ThreadPoolExecutor(4) as pool:
        assert all(blocks == expected for blocks in pool.map(PdfReader().read, [path] * 8))


@pytest.fixture(scope="module")
def sample_bytes():
    return bytes(chapters(1).output())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused(tmp_path, sample_bytes, data):
    content = bytearray(sample_bytes[: data.draw(st.integers(0, len(sample_bytes)))])
    for position, value in data.draw(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=20)):
        if content:
            content[position % len(content)] = value
    path = tmp_path / "damaged.pdf"
    path.write_bytes(bytes(content))
    with contextlib.suppress(DocumentError):
        assert PdfReader().read(path)
