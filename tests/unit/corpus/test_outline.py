from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.outline import joined, outlined
from embedtune.vocabulary.corpus import TextBlock

LONG = "one two three four five six"


def blocks(*rows):
    return [TextBlock(text, line, level) for line, (text, level) in enumerate(rows, start=1)]


def shape(rows, min_words=5):
    return [
        (" > ".join(group.path), [block.text for block in group.body])
        for group in joined(outlined(blocks(*rows)), min_words)
    ]


def test_a_short_group_goes_to_the_heading_above_it_even_past_others():
    rows = [("Pump", 1), (LONG, None), ("Oil", 2), (LONG, None), ("Note", 2), ("See oil.", None)]
    assert shape(rows) == [("Pump", [LONG, "Note", "See oil."]), ("Pump > Oil", [LONG])]


def test_a_heading_without_text_of_its_own_takes_its_short_ones():
    rows = [("Fluids", 1), ("Oil", 2), ("4 l", None), ("Fuel", 2), ("60 l", None), ("Lamps", 1), (LONG, None)]
    assert shape(rows) == [("Fluids", ["Oil", "4 l", "Fuel", "60 l"]), ("Lamps", [LONG])]


def test_at_the_top_short_groups_go_to_the_last_one_that_is_not():
    rows = [("Pump", 1), (LONG, None), ("A", 1), ("B", 1), ("b", None), ("Lamps", 1), (LONG, None)]
    assert shape(rows) == [("Pump", [LONG, "A", "B", "b"]), ("Lamps", [LONG])]


def test_what_is_short_at_the_beginning_stands_in_front_of_what_follows():
    rows = [("draft", None), ("A", 1), ("Pump", 1), (LONG, None)]
    assert shape(rows) == [("Pump", ["draft", "A", LONG])]
    below = [("Pump", 1), ("v2", None), ("Oil", 2), (LONG, None)]
    assert shape(below) == [("Pump > Oil", ["v2", LONG])]


def test_a_short_document_stays():
    assert shape([("Pump", 1), ("Wait.", None)]) == [("Pump", ["Wait."])]
    assert shape([("Wait.", None)]) == [("", ["Wait."])]
    assert shape([("Pump", 1)]) == [("Pump", [])]
    assert shape([]) == []


def test_equal_paths_are_counted():
    groups = outlined(blocks(("A", 1), ("B", 2), ("A", 1), ("B", 2), ("B", 2)))
    assert [(group.path, group.occurrence) for group in groups[1:]] == [
        (("A",), 0),
        (("A", "B"), 0),
        (("A",), 1),
        (("A", "B"), 1),
        (("A", "B"), 2),
    ]


def test_code_stays_code():
    code = TextBlock("a\nb", 2, preformatted=True)
    assert joined(outlined([TextBlock("Pump", 1, 1), code]), 1)[0].body == [code]


ROWS = st.lists(st.tuples(st.integers(1, 8), st.none() | st.integers(1, 5)), max_size=14)


@settings(deadline=None)
@given(ROWS, st.integers(1, 9))
def test_every_block_is_kept_once_and_what_is_short_is_joined(rows, min_words):
    made = blocks(*((f"{'w ' * count}{n}", level) for n, (count, level) in enumerate(rows)))
    kept = joined(outlined(made), min_words)
    bodies = [block.text for group in kept for block in group.body]
    assert len(bodies) == len(set(bodies))
    named = {title for group in kept for title in group.path}
    for block in made:
        assert block.text in bodies or (block.heading_level and block.text in named)
    assert len(kept) < 2 or all(not group.is_short(min_words) for group in kept)
