import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from embedtune.encoders.digests import model_digest
from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.onnx import load_onnx, load_tokenizer
from embedtune.encoders.onnx_export import export_onnx, int8_encoder
from embedtune.encoders.query_cache import QueryCache
from embedtune.encoders.sentence_transformer import load_encoder
from embedtune.encoders.token_table import ModelTokens, model_tokens, stored_tokens
from embedtune.retrieval.serial_encoder import SerialEncoder


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


def test_a_tokenizer_that_only_transformers_knows_gives_the_same(encoder):
    slow = ModelTokens(encoder.token_table().vectors, encoder.model.tokenizer)
    texts = ["Oil pump 3/8-16", "", "pump " * 500, "prüfen \u0007"]
    assert slow.ids(texts) == encoder.token_table().ids(texts)
    assert slow.ids([]) == []


def test_wrappers_pass_it_on(encoder):
    for wrapped in (QueryCache(encoder, 8), SerialEncoder(encoder), SerialEncoder(QueryCache(encoder, 8))):
        assert wrapped.token_table().ids(["oil pump"]) == encoder.token_table().ids(["oil pump"])
        assert np.array_equal(wrapped.token_table().vectors, encoder.token_table().vectors)
    assert QueryCache(FakeEncoder(), 8).token_table() is None
    assert SerialEncoder(FakeEncoder()).token_table() is None


def test_the_folder_has_the_same_tokens_as_the_loaded_model(encoder, tiny_model):
    stored = stored_tokens(tiny_model, load_tokenizer(tiny_model))
    texts = ["Oil pump 3/8-16", "", "pump " * 500, "prüfen \u0007"]
    assert np.array_equal(stored.vectors, encoder.token_table().vectors)
    assert stored.ids(texts) == encoder.token_table().ids(texts)


def test_a_folder_without_weights_that_can_be_read_has_none(tiny_model, tmp_path):
    tokenizer = load_tokenizer(tiny_model)
    assert stored_tokens(tmp_path, tokenizer) is None
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    assert stored_tokens(tmp_path, tokenizer) is None
    save_file({"dense.weight": np.ones((2, 2), np.float32)}, tmp_path / "model.safetensors")
    assert stored_tokens(tmp_path, tokenizer) is None


def test_an_exported_model_has_them_too(tiny_model, tmp_path, encoder):
    folder = shutil.copytree(tiny_model, tmp_path / "exported")
    digest = model_digest(folder)
    export_onnx(folder, digest)
    assert load_onnx(folder, digest).token_table().ids(["oil pump"]) == encoder.token_table().ids(["oil pump"])
    small = int8_encoder(tiny_model, digest, "int8:tiny")
    assert np.array_equal(small.token_table().vectors, encoder.token_table().vectors)


def test_a_model_without_a_transformer_has_none():
    assert model_tokens([object()]) is None
