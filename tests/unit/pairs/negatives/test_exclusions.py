from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embedtune.pairs.negatives.exclusions import Answers, without_held_out
from embedtune.vocabulary.corpus import Passage

LINE = "drain the amber hose before the winter and close both valves again"
words = st.lists(st.sampled_from("open close valve pump hose fan".split()), max_size=12).map(" ".join)


def test_a_text_says_the_same_if_most_triples_of_the_shorter_stand_in_the_longer():
    answers = Answers(texts={LINE})
    assert answers.near(LINE.upper())
    assert answers.near(f"HOSES\nFirst {LINE} and wait")
    assert answers.near(" ".join(LINE.split()[:8]))
    assert not answers.near("drain the red hose after the summer and open both valves")
    assert not answers.near("")


def test_texts_of_one_or_two_words_are_compared_whole():
    answers = Answers(texts={"Close valve"})
    assert answers.near("close VALVE")
    assert not answers.near("close")


@given(words, words)
def test_likeness_is_mutual(left, right):
    assert Answers(texts={left}).near(right) == Answers(texts={right}).near(left)


@given(words)
def test_a_text_is_like_itself_unless_it_is_empty(text):
    assert Answers(texts={text}).near(text) == bool(text)


def test_passages_that_repeat_a_held_out_text_go():
    passages = [Passage(f"{n}", "s", f"Head\n{text}", 5) for n, text in enumerate([LINE, "grease the winch drum", ""])]
    kept = without_held_out(passages, [f"{LINE} and more of the same kind"])
    assert [passage.body for passage in kept] == ["grease the winch drum", ""]
    assert without_held_out(passages, []) == tuple(passages)


def test_half_of_a_passage_is_enough_to_hold_it_out():
    other = "grease the winch drum and lift the mast"
    mostly = Passage("a", "s", f"{LINE} {other}")
    hardly = Passage("b", "s", f"{' '.join(LINE.split()[:5])} {other}")
    assert without_held_out([mostly, hardly], [LINE]) == (hardly,)
