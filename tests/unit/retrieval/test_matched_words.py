from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.retrieval.matched_words import MatchedWords


def shown(question, passage, *, stemming=False):
    words = MatchedWords(stemming=stemming)
    return [passage[start:end] for start, end in words.spans(words.wanted(question), passage)]


@pytest.mark.parametrize(
    ("question", "passage", "expected"),
    [
        ("how do I bleed the brakes", "Bleed the brakes (brakes!) now.", ["Bleed", "brakes", "brakes"]),
        ("10w30 oil", "Use (SAE 10W-30), not oil.", ["10W-30", "oil"]),
        ("12.5 V", "It needs 12.5V.", ["12.5V"]),
        ("the", "the end of the line", ["the", "the"]),
        ("brake", "brakes brake", ["brake"]),
        ("pump", "", []),
        ("", "anything", []),
    ],
)
def test_words_of_the_question_are_found_where_they_stand(question, passage, expected):
    assert shown(question, passage) == expected


def test_stemmed_words_match_where_bm25_stems():
    assert shown("leaking brake", "Brakes leaked.", stemming=True) == ["Brakes", "leaked"]


def test_held_counts_different_words():
    words = MatchedWords()
    assert words.held(words.wanted("oil pump oil seal"), "pump, oil, oil and more oil") == 2


@given(st.text(alphabet="ab-.( \n\u00a0\u2028\x1cA", max_size=60))
def test_each_word_between_spaces_is_looked_at(passage):
    words = MatchedWords()
    wanted = words.wanted("a ab")
    found = [
        (match.start() + len(match[1]), match.end() - len(match[3]))
        for match in re.finditer(r"(?<!\S)([\W_]*?(?=\w|\s|$))(\S*?)([\W_]*)(?!\S)", passage)
        if match[2] and not wanted.isdisjoint(words.wanted(match[0]))
    ]
    assert words.spans(wanted, passage) == tuple(found)
