from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.cutting import cut_parts
from embedtune.corpus.line_breaks import mend_lines
from embedtune.vocabulary.corpus import TextBlock

NONE = frozenset()


def parts(blocks, max_words):
    return [(part.text, part.span) for part in cut_parts(blocks, NONE, max_words)]


def test_a_short_text_is_one_part():
    blocks = [TextBlock("One two.", 3), TextBlock("Three\nFour.", 7)]
    assert parts(blocks, 4) == [("One two.\nThree\nFour.", (3, 8))]


def test_parts_end_between_paragraphs_and_are_of_similar_length():
    blocks = [TextBlock(f"P{n} a b c d.", n) for n in range(1, 7)]
    assert [(text.count("P"), span) for text, span in parts(blocks, 20)] == [(3, (1, 3)), (3, (4, 6))]


def test_list_items_are_not_torn():
    items = "\n".join(f"- item {n} with some words" for n in range(6))
    assert [text.split("\n") for text, _ in parts([TextBlock(items, 1)], 13)] == [
        [f"- item {n} with some words" for n in pair] for pair in ((0, 1), (2, 3), (4, 5))
    ]


def test_a_long_paragraph_is_cut_between_sentences():
    text = "One two three. Four five six. Seven eight nine. Ten."
    assert parts([TextBlock(text, 5)], 6) == [
        ("One two three. Four five six.", (5, 5)),
        ("Seven eight nine. Ten.", (5, 5)),
    ]


def test_a_sentence_too_long_is_cut_between_words():
    assert parts([TextBlock("a b c d e f g", 1)], 3) == [("a b c", (1, 1)), ("d e f", (1, 1)), ("g", (1, 1))]


def test_spans_of_parts_of_a_mended_paragraph():
    block = TextBlock("One two thir-\nteen. Four\nfive six. Seven\neight nine.", 10)
    assert parts([block], 3) == [
        ("One two thirteen.", (10, 11)),
        ("Four five six.", (11, 12)),
        ("Seven eight nine.", (12, 13)),
    ]


CODE = "#![warn(x)]\nfn main() {\n    call(a,\n         b-\n    c)\n}"


def test_lines_of_code_are_not_joined():
    blocks = [TextBlock("Write\nthis:", 1), TextBlock(CODE, 4, preformatted=True)]
    assert parts(blocks, 50) == [(f"Write this:\n{CODE}", (1, 9))]


def test_code_too_long_is_cut_between_its_lines():
    code = "\n\n".join(f"  a{n} = {n}," for n in range(4))
    assert parts([TextBlock(code, 3, preformatted=True)], 6) == [
        ("  a0 = 0,\n  a1 = 1,", (3, 5)),
        ("  a2 = 2,\n  a3 = 3,", (7, 9)),
    ]


LINES = st.lists(
    st.lists(st.sampled_from(["ab", "cd.", "Ef", "gh-", "- ij", "1."]), min_size=1, max_size=9).map(" ".join),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(st.lists(LINES, min_size=1, max_size=4), st.integers(2, 12), st.booleans())
def test_no_word_is_lost_none_comes_twice_and_spans_rise(rows, max_words, preformatted):
    blocks, line = [], 1
    for row in rows:
        blocks.append(TextBlock("\n".join(row), line, preformatted=preformatted))
        line += len(row) + 1
    found = cut_parts(blocks, NONE, max_words)
    assert all(len(part.text.split()) <= max_words for part in found)
    whole = " ".join(block.text if preformatted else mend_lines(block.text, NONE) for block in blocks)
    assert " ".join(part.text for part in found).split() == whole.split()
    spans = [part.span for part in found]
    assert spans == sorted(spans)
    assert spans[0][0] == 1
    assert spans[-1][1] == line - 2
    assert all(first <= last for first, last in spans)
