from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embedtune.wording import word_sets
from embedtune.wording.word_sets import Vocabulary


def words_of(vocabulary, sets, text):
    numbers = sets.words[sets.starts[text] : sets.starts[text + 1]]
    return {vocabulary.stems[number] for number in numbers}


def test_content_words_lengths_and_tokens():
    vocabulary = Vocabulary()
    sets = vocabulary.read(["How do I bleed the brakes?", "", "?? -", "Brake, brakes: SAE 10W-30", "is it?"])
    assert [words_of(vocabulary, sets, text) for text in range(5)] == [
        {"bleed", "brak"},
        set(),
        set(),
        {"brak", "sae", "10", "w", "30"},
        set(),
    ]
    assert sets.lengths.tolist() == [6, 0, 2, 4, 2]
    assert sets.tokens.tolist() == [6, 0, 0, 6, 2]
    assert sets.sizes.tolist() == [2, 0, 0, 5, 0]
    assert len(sets) == 5
    assert sets.owners.tolist() == [0, 0, 3, 3, 3, 3, 3]


def test_part_numbers_are_the_same_however_they_are_written():
    vocabulary = Vocabulary()
    sets = vocabulary.read(["E-42", "e42", "E 42", "\uff2542"])
    assert [words_of(vocabulary, sets, text) for text in range(4)] == [{"e", "42"}] * 4


def test_no_text():
    sets = Vocabulary().read([])
    assert (len(sets), sets.words.tolist(), sets.starts.tolist()) == (0, [], [0])
    assert sets.only(np.zeros(0, dtype=np.bool_)).sizes.tolist() == []


texts = st.lists(st.text("ab 7-\u0130\ud800's", max_size=12), max_size=6)


@given(texts, st.data())
def test_a_choice_of_texts_is_read_like_those_texts_alone(given_texts, data):
    vocabulary = Vocabulary()
    sets = vocabulary.read(given_texts)
    chosen = data.draw(st.lists(st.integers(0, len(given_texts) - 1), max_size=5) if given_texts else st.just([]))
    some, alone = sets.only(np.array(chosen, dtype=np.int64)), vocabulary.read([given_texts[n] for n in chosen])
    for name in ("words", "starts", "lengths", "tokens"):
        assert getattr(some, name).tolist() == getattr(alone, name).tolist()


@given(texts)
def test_sums_are_those_of_each_text(given_texts):
    vocabulary = Vocabulary()
    sets = vocabulary.read(given_texts)
    hashes = vocabulary.hashes
    sums = [sum(int(hashes[word]) for word in sets.words[a:b]) % 2**64 for a, b in pairwise(sets.starts)]
    assert sets.totals(hashes).tolist() == sums


@given(texts)
def test_texts_are_read_in_parts(given_texts):
    wanted = Vocabulary().read(given_texts)
    limit, word_sets._TEXTS = word_sets._TEXTS, 2
    try:
        parts = Vocabulary().read(given_texts)
    finally:
        word_sets._TEXTS = limit
    for name in ("words", "starts", "lengths", "tokens"):
        assert getattr(parts, name).tolist() == getattr(wanted, name).tolist()


@given(texts)
def test_a_full_memory_of_words_changes_nothing(given_texts):
    wanted = Vocabulary().read(given_texts).words.tolist()
    assert Vocabulary(remembered=1).read(given_texts).words.tolist() == wanted


def test_hashes_do_not_depend_on_the_order_of_words():
    one, other = Vocabulary(), Vocabulary()
    left, right = one.read(["pump hose"]), other.read(["hose pump"])
    assert left.totals(one.hashes).tolist() == right.totals(other.hashes).tolist()
