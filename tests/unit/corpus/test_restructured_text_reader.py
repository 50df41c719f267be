from __future__ import annotations

import pytest

from embedtune.corpus.readers.restructured_text import RestructuredTextReader, rst_blocks
from embedtune.errors import DocumentError


def texts(source):
    return [block.text for block in rst_blocks(source)]


def headings(source):
    return [(block.heading_level, block.text) for block in rst_blocks(source) if block.heading_level]


def test_titles_take_their_levels_in_the_order_of_their_adornments():
    source = "======\nManual\n======\n\nBrakes\n======\n\nText.\n\nBleeding\n--------\n\nFilters\n=======\n"
    assert headings(source) == [(1, "Manual"), (2, "Brakes"), (3, "Bleeding"), (2, "Filters")]
    assert [block.line for block in rst_blocks(source)] == [2, 5, 8, 10, 13]


def test_a_title_may_follow_a_label_and_have_a_number_or_a_short_underline():
    source = ".. _brakes:\nBrakes\n======\n\n1. Bleeding the front circuit\n~~~~~~~~~~~\n"
    assert headings(source) == [(1, "Brakes"), (2, "1. Bleeding the front circuit")]


@pytest.mark.parametrize(
    "source", ["A\n\n----\n\nB", "Text\nmore text\n---------", "- item\n------", "====  ====\nA     B\n====  ===="]
)
def test_what_looks_like_a_title_but_is_none(source):
    assert not headings(source)


def test_fields_at_the_top_are_left_out_and_kept_elsewhere():
    assert texts(":orphan:\n\nBrakes\n======\n\n:Author: Jane\n:Date: 2024\n  May\n\nText.\n\n:torque: 25 Nm") == [
        "Brakes",
        "Text.",
        "torque: 25 Nm",
    ]


def test_paragraphs_are_joined_and_lists_keep_their_marks():
    source = "One\ntwo.\n\n- a\n  b\n\n  - c\n\n#. first\n#. second\n\n   #. deep\n\n#. third\n\n(a) letter\n\nEnd."
    assert texts(source) == [
        "One two.",
        "- a b",
        "- c",
        "1. first",
        "2. second",
        "1. deep",
        "3. third",
        "(a) letter",
        "End.",
    ]


def test_literal_blocks_stay_as_they_are():
    source = (
        "Run::\n\n   make\n     all\n\n1. Do this::\n\n     x\n\n   and that.\n\nQuote ::\n\n> a\n> b\n\n::\n\n   bare"
    )
    assert texts(source) == ["Run:", "make\n  all", "1. Do this:", "x", "and that.", "Quote", "> a\n> b", "bare"]


def test_lines_that_keep_their_breaks_are_preformatted():
    source = "Run\nit::\n\n  a,\n  b\n\n| One\n| two\n\n>>> 1 + 1\n2\n\n.. code:: c\n\n   d;\n\n- Text."
    assert [(block.text, block.preformatted) for block in rst_blocks(source)] == [
        ("Run it:", False),
        ("a,\nb", True),
        ("One\ntwo", True),
        (">>> 1 + 1\n2", True),
        ("d;", True),
        ("- Text.", False),
    ]


def test_directives_of_code_lose_their_options():
    source = ".. code-block:: c\n   :linenos:\n\n   a;\n\n     b;\n\nText.\n\n.. math:: x = 1\n\n.. code::\n\n   y"
    assert texts(source) == ["a;\n\n  b;", "Text.", "x = 1", "y"]


def test_admonitions_get_their_label():
    source = (
        ".. note:: Wear\n   gloves.\n\n   Always.\n\n.. warning::\n   Hot::\n\n      x\n\n"
        ".. admonition:: First aid\n\n   Call.\n\n"
        ".. versionadded:: 3.2 The valve.\n\n.. tip::\n\n   - Item.\n"
    )
    assert texts(source) == [
        "Note: Wear gloves.",
        "Always.",
        "Warning: Hot:",
        "x",
        "First aid: Call.",
        "Added in version 3.2: The valve.",
        "Tip",
        "- Item.",
    ]


def test_pictures_leave_their_caption_or_alternative_text():
    source = (
        ".. figure:: a.png\n   :alt: A pump\n\n   The pump.\n\n"
        ".. image:: b.png\n   :alt: A valve\n     from above\n\n.. figure:: c.png\n   :alt: A hose\n\nEnd."
    )
    assert texts(source) == ["The pump.", "A valve from above", "A hose", "End."]


def test_what_is_not_text_is_dropped():
    source = (
        ".. toctree::\n   :maxdepth: 2\n\n   a\n   b\n\n.. include:: /etc/passwd\n\n.. raw:: html\n\n"
        "   <b>x</b>\n\n.. a comment\n   goes on\n\n"
        ".. _target: https://example.org\n\n.. |x| replace:: y\n\n__ https://example.org\n\n..\n\nText.\n\n"
        ".. highlight:: c"
    )
    assert texts(source) == ["Text."]


def test_unknown_directives_leave_their_argument_and_content():
    assert texts(
        ".. panel:: Front brake\n   :color: red\n\n   Remove the bolt.\n\n.. container:: wide\n\n   Inner."
    ) == [
        "Front brake",
        "Remove the bolt.",
        "Inner.",
    ]


def test_definitions_options_and_line_blocks():
    source = "Valve : part\n  Opens.\n\n-v, --verbose  Say more.\n-q  Say less.\n\n| One\n| two\n\n>>> 1 + 1\n2"
    assert texts(source) == ["Valve: Opens.", "-v, --verbose Say more.", "-q Say less.", "One\ntwo", ">>> 1 + 1\n2"]


SIMPLE = """
=====  ======
Part   Torque
=====  ======
Bolt   25 Nm

       dry
Hose
=====  ======
"""
GRID = """
+------+-------+
| Part | Nm    |
+======+=======+
| Bolt | 25    |
| M8   | dry   |
+------+-------+
| both         |
+--------------+
"""
LIST = """
.. list-table:: Torques
   :header-rows: 1

   * - Part
     - Nm
   * - Bolt
       M8
     - 25
   * -
     - 9
"""


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        (SIMPLE, ["Part | Torque", "Bolt | 25 Nm dry", "Hose"]),
        (GRID, ["Part | Nm", "Bolt M8 | 25 dry", "both"]),
        (LIST, ["Torques", "Part | Nm", "Bolt M8 | 25", " | 9"]),
        (
            '.. csv-table:: Torques\n   :header: Part, Nm\n\n   "Bolt, M8", 25',
            ["Torques", "Part | Nm", "Bolt, M8 | 25"],
        ),
        (".. table:: Torques\n\n   ==  ==\n   a   b\n   ==  ==", ["Torques", "a | b"]),
    ],
)
def test_tables_become_rows(table, rows):
    assert texts(table) == rows


def test_a_table_that_nothing_closes_loses_no_text():
    assert texts("====  ====\na     b\n\nText.") == ["a b", "Text."]


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("a *slanted* and **bold** ``code *x*``", "a slanted and bold code *x*"),
        ("2*3*4 tables ovms_* *not closed", "2*3*4 tables ovms_* *not closed"),
        ("`the site <https://example.org>`_ and site_ or `that one`__", "the site and site or that one"),
        (
            ":ref:`Brakes <brakes>` :doc:`/guide` :kbd:`Ctrl+C` `x`:sub: :py:meth:`~a.b.run`",
            "Brakes /guide Ctrl+C x run",
        ),
        (":numref:`Fig. %s <fig>` seen [1]_ there [#]_, by [Doe20]_ :cite:`x`.", "Fig. seen there, by Doe20 ."),
        (r"a\ *b*\ c \*d* snake_case", "abc *d* snake_case"),
        ("_`here` `default role`", "here default role"),
    ],
)
def test_inline_markup_is_stripped(markup, words):
    assert texts(markup) == [words]


def test_substitutions_stand_for_what_the_document_says():
    source = (
        "|hk| at 20 |deg| |logo| |none|.\n\n"
        ".. |HK| replace:: Hartmark\n   *HK-86*\n.. |deg| unicode:: U+00B0 .. degree\n"
        ".. |logo| image:: a.png\n   :alt: Logo"
    )
    assert texts(source) == ["Hartmark HK-86 at 20 ° Logo none."]


def test_a_long_substitution_is_not_multiplied():
    source = ".. |x| replace:: " + "long " * 1000 + "\n\n" + "|x| " * 1000
    assert len("".join(texts(source))) < 10_000


def test_references_say_the_title_at_their_label():
    assert texts("See :ref:`brakes`.\n\n.. _Brakes:\n\nFront *brakes*\n==============")[0] == "See Front brakes."


def test_footnotes_are_text():
    assert texts("Text [1]_.\n\n.. [1] The note\n   goes on.") == ["Text.", "The note goes on."]


def test_files_are_read_in_any_encoding(tmp_path):
    path = tmp_path / "a.rst"
    path.write_bytes("Überhitzung\n===========\n".encode("latin-1"))
    assert [block.text for block in RestructuredTextReader().read(path)] == ["Überhitzung"]
    path.write_bytes(b"\0\0")
    with pytest.raises(DocumentError):
        RestructuredTextReader().read(path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        "*a " * 350_000,
        "``a " * 250_000,
        "- " * 500_000,
        "Title\n=====\n\n" * 100_000,
        "".join("  " * depth + "- x\n\n" for depth in range(1500)),
        "== ==\nx\n" * 100_000,
        "".join(f".. |a{n}| replace:: x\n" for n in range(50_000)),
    ],
    ids=["emphasis", "literals", "marks", "titles", "nesting", "borders", "substitutions"],
)
def test_hostile_texts_do_not_hang(source):
    assert rst_blocks(source) is not None
