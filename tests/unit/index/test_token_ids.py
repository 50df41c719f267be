from hypothesis import given
from hypothesis import strategies as st

from embedtune.index.identifiers import tokens
from embedtune.index.token_ids import TokenIds

ALPHABET = "aB7-/_.,\u00bd\u0301\u00b4\u00a0\u2013\u03a3\ufb01\u0130 \n\x1f\ud800"
texts = st.lists(st.one_of(st.text(max_size=20), st.text(ALPHABET, max_size=20)), max_size=6)


@given(texts, st.sampled_from([1, 1 << 18]))
def test_the_numbers_stand_for_the_tokens_of_each_text(given_texts, limit):
    numbers, lengths = TokenIds(limit).learn(given_texts)
    wanted = [tokens(text) for text in given_texts]
    assert lengths.tolist() == [len(row) for row in wanted]
    named = dict(zip(numbers.tolist(), (token for row in wanted for token in row), strict=True))
    assert len(named) == len(set(named.values()))
    assert [named[number] for number in numbers.tolist()] == [token for row in wanted for token in row]


def test_unknown_tokens_are_left_out_and_not_learned():
    ids = TokenIds()
    learned, _ = ids.learn(["pump 10W-30"])
    numbers, lengths = ids.look_up(["pump lamp", "10w30 LAMP", ""])
    assert learned.tolist() == [0, 1, 2, 3, 4]
    assert (numbers.tolist(), lengths.tolist(), len(ids)) == ([0, 4], [1, 1, 0], 5)
    assert ids.numbers() == {"pump": 0, "10w-30": 1, "10w": 2, "30": 3, "10w30": 4}
    ids.learn(["lamp"])
    assert ids.look_up(["lamp"])[0].tolist() == [5]
