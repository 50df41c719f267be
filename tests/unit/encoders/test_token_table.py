import pytest

from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.last_vectors import LastVectors
from embedtune.encoders.sentence_transformer import load_encoder
from embedtune.encoders.token_table import model_tokens


@pytest.fixture(scope="module")
def encoder(tiny_model):
    return load_encoder(tiny_model)


def test_the_vectors_are_those_with_which_the_model_begins(encoder):
    table = encoder.token_table()
    weight = encoder.model[0].auto_model.get_input_embeddings().weight.detach().numpy()
    assert (table.vectors == weight).all()


def test_a_text_has_the_ids_of_its_tokens_without_special_ones(encoder):
    table = encoder.token_table()
    whole = encoder.model.tokenizer("oil pump")["input_ids"]
    assert table.ids(["oil pump", ""]) == [whole[1:-1], []]
    assert table.ids([]) == []


def test_a_long_text_is_not_cut(encoder):
    assert len(encoder.token_table().ids(["pump " * 500])[0]) >= 500


def test_wrappers_pass_it_on(encoder):
    assert LastVectors(encoder).token_table() is not None
    assert LastVectors(FakeEncoder()).token_table() is None


def test_a_model_without_a_transformer_has_none():
    assert model_tokens([object()]) is None
