import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.anomaly.windows import LOOKED_AT, WINDOW, looked_at, window_sums, window_text, words


def test_words_are_lower_case_with_marks_and_numbers_apart():
    assert words("Don't press F11, please!") == ("don't", "press", "f", "11", ",", "please", "!")
    assert words("_x_") == ("_", "x", "_")


@pytest.mark.parametrize("text", ["", "  ", "\x00\x01", "\n"])
def test_of_nothing_there_is_one_empty_word(text):
    assert len(words(text)) >= 1


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=40))
def test_window_sums_are_those_of_the_windows(values):
    rows = np.array(values)
    count = max(1, len(rows) - WINDOW + 1)
    assert window_sums(rows) == pytest.approx([rows[i : i + WINDOW].sum() for i in range(count)], abs=1e-9)
    both = window_sums(np.stack([rows, -rows], axis=1))
    assert both[:, 0] == pytest.approx(-both[:, 1])


@given(st.text(max_size=300))
def test_every_window_has_a_text_of_the_query(text):
    found = words(text)
    for number in range(max(1, len(found) - WINDOW + 1)):
        assert window_text(text, number) in text


def test_a_window_is_shown_as_it_was_written():
    text = "One two THREE, four five six seven eight nine"
    assert window_text(text, 0) == "One two THREE, four five six seven"
    assert window_text(text, 2) == "THREE, four five six seven eight nine"


def test_of_a_very_long_text_beginning_and_end_are_looked_at():
    seen = looked_at("a" * 600_000 + "b" * 600_000)
    assert len(seen) == LOOKED_AT + 1
    assert seen.startswith("aaa")
    assert seen.endswith("bbb")
