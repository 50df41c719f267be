"""What holds of every text, for the readers of markup that is written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.readers.asciidoc import asciidoc_blocks
from embedtune.corpus.readers.restructured_text import rst_blocks
from embedtune.vocabulary.corpus import TextBlock

WORDS = st.lists(st.text("abcdefgh", min_size=2, max_size=9), min_size=2, max_size=7)
PARAGRAPHS = st.lists(WORDS.map(" ".join).map("{}.".format), min_size=1, max_size=9)
ASCIIDOC = st.sampled_from(
    "= == === |=== |a 2+|b ---- ==== -- .... ++++ [NOTE] [source] [cols=2*] .Title * . .. - + :: a:: <1> // //// "
    "ifdef::a[] include::a[] :a: {a} << >> link:a[b] `x` *y* _z_ # [[a]] image::a[b] NOTE: \\ ''' text \n \n\n".split(
        " "
    )
)
RST = st.sampled_from(
    "==== ---- == - * #. 1. (a) .. .. __ | :: ::a .. note:: .. code:: .. |a| .. list-table:: .. csv-table:: "
    ".. figure:: :a: :alt: `a`_ |a| **b** *c ``d [1]_ a_ +--+ |a | +==+ >>> --x \\ text : \n \n\n".split(" ")
)  # fmt: skip
RST_LINES = st.tuples(st.integers(0, 6), st.lists(RST, max_size=4)).map(lambda line: " " * line[0] + " ".join(line[1]))


@dataclass(frozen=True)
class Markup:
    blocks: Callable[[str], tuple[TextBlock, ...]]
    sources: st.SearchStrategy[str]


MARKUPS = {
    "asciidoc": Markup(
        asciidoc_blocks, st.lists(ASCIIDOC, max_size=60).map(" ".join) | st.lists(ASCIIDOC, max_size=60).map("\n".join)
    ),
    "restructured text": Markup(rst_blocks, st.lists(RST_LINES, max_size=50).map("\n".join)),
}
every_markup = pytest.mark.parametrize("markup", MARKUPS.values(), ids=MARKUPS)


@every_markup
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_text_is_read(markup, data):
    source = data.draw(st.text(max_size=400) | markup.sources)
    blocks = markup.blocks(source)
    assert all(block.text.strip() and 1 <= block.line <= source.count("\n") + 1 for block in blocks)
    assert [block.line for block in blocks] == sorted(block.line for block in blocks)


@every_markup
@settings(max_examples=100, deadline=None)
@given(paragraphs=PARAGRAPHS)
def test_plain_paragraphs_stay_as_they_are(markup, paragraphs):
    assert [block.text for block in markup.blocks("\n\n".join(paragraphs))] == paragraphs
