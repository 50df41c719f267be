from __future__ import annotations

import json
import shutil
import socket

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import MINILM
from embedtune.encoders.sentence_transformer import (
    SentenceTransformerEncoder,
    load_encoder,
    load_model,
    load_named_encoder,
)
from embedtune.errors import ModelError
from tiny_models import DIMENSION, MAX_TOKENS

TEXTS = ["bleed the brakes", "oil", "check the tire pressure weekly", "oil", ""]


@pytest.fixture
def folder(tiny_model, tmp_path):
    """A copy of the tiny model, to be broken."""
    return shutil.copytree(tiny_model, tmp_path / "model")


def test_vectors_have_length_one_in_float32(tiny_model):
    vectors = load_encoder(tiny_model).encode(TEXTS)

    assert vectors.shape == (5, DIMENSION)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-6)


def test_vectors_are_the_models_own_in_the_order_of_the_texts(tiny_model):
    vectors = load_encoder(tiny_model).encode(TEXTS)

    alone = [load_model(tiny_model).encode(text, normalize_embeddings=True) for text in TEXTS]
    np.testing.assert_allclose(vectors, alone, atol=1e-6)


def test_equal_texts_are_encoded_once_and_have_one_vector(tiny_model, monkeypatch):
    encoder = load_encoder(tiny_model)
    seen = []
    encode = encoder.model.encode

    def spied(texts, **options):
        seen.append(texts)
        return encode(texts, **options)

    monkeypatch.setattr(encoder.model, "encode", spied)

    vectors = encoder.encode(TEXTS)

    assert seen == [["", "oil", "bleed the brakes", "check the tire pressure weekly"]]  # by length
    assert np.array_equal(vectors[1], vectors[3])


def test_no_texts_give_no_vectors(tiny_model):
    vectors = load_encoder(tiny_model).encode([])

    assert vectors.shape == (0, DIMENSION)
    assert vectors.dtype == np.float32


def test_facts(tiny_model):
    encoder = load_encoder(tiny_model)

    assert (encoder.name, encoder.dimension, encoder.digest) == ("model", DIMENSION, model_digest(tiny_model))
    assert load_encoder(tiny_model, "mine").name == "mine"


def test_a_model_that_does_not_know_its_dimension_is_asked_for_a_vector(tiny_model, monkeypatch):
    model = load_model(tiny_model)
    monkeypatch.setattr(model, "get_embedding_dimension", lambda: None)

    assert SentenceTransformerEncoder(model, "", "").dimension == DIMENSION


@pytest.mark.parametrize(("asked", "kept"), [(None, MAX_TOKENS), (8, 8), (10_000, MAX_TOKENS)])
def test_texts_are_cut_at_the_setting_or_the_models_limit(tiny_model, asked, kept):
    encoder = load_encoder(tiny_model, max_seq_length=asked)

    assert encoder.model.max_seq_length == kept
    long, cut = encoder.encode(["a " * 400, "a " * (kept - 2)])  # a letter a token, [CLS] and [SEP]
    assert long == pytest.approx(cut, abs=1e-6)


def test_a_name_is_located_and_loaded(tiny_model):
    assert load_named_encoder(str(tiny_model)).name == str(tiny_model)


def test_loading_asks_no_network(tiny_model, monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)

    load_model(tiny_model)


def test_loading_and_encoding_write_nothing_to_the_terminal(tiny_model, capfd):
    load_encoder(tiny_model).encode(TEXTS)

    written = capfd.readouterr()
    assert (written.out, written.err) == ("", "")


def truncate_weights(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])


def empty_weights(folder):
    (folder / "model.safetensors").write_bytes(b"")


def no_weights(folder):
    (folder / "model.safetensors").unlink()


def broken_config(folder):
    (folder / "config.json").write_text("{")


def unknown_model_type(folder):
    (folder / "config.json").write_text('{"model_type": "nobody"}')


def no_tokenizer(folder):
    (folder / "tokenizer.json").unlink()


def broken_tokenizer(folder):
    (folder / "tokenizer.json").write_text("nope")


def no_pooling(folder):
    shutil.rmtree(folder / "1_Pooling")


def no_modules(folder):
    (folder / "modules.json").write_text("{}")


def odd_modules(folder):
    (folder / "modules.json").write_text("[1]")


def not_a_model(folder):
    (folder / "modules.json").unlink()


def gone(folder):
    shutil.rmtree(folder)


def foreign_class(folder):
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "subprocess.Popen"
    (folder / "modules.json").write_text(json.dumps(modules))


def pickled_weights(folder):
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def pickled_module(folder):
    dense = folder / "2_Dense"
    dense.mkdir()
    (dense / "config.json").write_text('{"in_features": 16, "out_features": 4}')
    torch.save({"linear.weight": torch.zeros(4, 16), "linear.bias": torch.zeros(4)}, dense / "pytorch_model.bin")
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))


BREAKS = (
    truncate_weights,
    empty_weights,
    no_weights,
    broken_config,
    unknown_model_type,
    no_tokenizer,
    broken_tokenizer,
    no_pooling,
    no_modules,
    odd_modules,
    not_a_model,
    gone,
    foreign_class,
    pickled_weights,
    pickled_module,
)


@pytest.mark.parametrize("broken", BREAKS, ids=[broken.__name__ for broken in BREAKS])
def test_a_broken_or_unsafe_folder_is_a_model_error_that_names_it(folder, broken, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a pickle was opened")

    broken(folder)
    monkeypatch.setattr(torch, "load", refuse)

    with pytest.raises(ModelError, match=str(folder)) as caught:
        load_model(folder)

    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_pickles_beside_safetensors_are_not_read(folder, monkeypatch):
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")

    load_model(folder)


def test_code_beside_the_weights_is_not_run(folder, tmp_path):
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "evil.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Model: pass\n")

    load_model(folder)

    assert not (tmp_path / "ran").exists()


@pytest.mark.real_model
def test_minilm_tells_questions_apart():
    encoder = load_named_encoder(MINILM)

    brakes, tires, question = encoder.encode(
        ["Open the bleeder screw of the brake caliper.", "Inflate the tire to 32 psi.", "How do I bleed the brakes?"]
    )

    assert encoder.dimension == 384
    assert encoder.name == MINILM
    assert question @ brakes > 0.4 > question @ tires
