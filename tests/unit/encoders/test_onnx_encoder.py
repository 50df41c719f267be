from __future__ import annotations

import shutil
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from embedtune.encoders.digests import model_digest
from embedtune.encoders.onnx import load_onnx
from embedtune.encoders.onnx_export import TOLERANCE, export_onnx, int8_encoder
from embedtune.encoders.onnx_files import Precision, exported_digest, graph_file, has_onnx, read_facts, write_facts
from embedtune.encoders.sentence_transformer import load_encoder
from embedtune.errors import ModelError
from embedtune.events import Alert
from embedtune.files import digest_file
from embedtune.pipeline.wiring import Models
from tiny_models import DIMENSION, MAX_TOKENS, write_tiny_bert

TEXTS = ["bleed the brakes", "oil", "3/8-16 at 12.5 V", "oil", "", "check the level " * 60, "prüfen 检查"]


@pytest.fixture(scope="module")
def exported(tiny_model, tmp_path_factory):
    """A copy of the tiny model with its export."""
    folder = shutil.copytree(tiny_model, tmp_path_factory.mktemp("exported") / "model")
    export_onnx(folder, model_digest(folder))
    return folder


def test_vectors_are_those_of_the_model(exported):
    own = load_encoder(exported).encode(TEXTS)
    encoder = load_onnx(exported, model_digest(exported))

    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])

    assert together.dtype == np.float32
    np.testing.assert_allclose(together, own, atol=TOLERANCE)
    np.testing.assert_allclose(alone, own, atol=TOLERANCE)
    assert np.array_equal(together[1], together[3])


def test_the_export_says_what_it_is_and_how_near_it_comes(exported):
    facts = read_facts(exported, model_digest(exported))

    assert (facts.precision, facts.dimension, facts.max_tokens) == (Precision.FP32, DIMENSION, MAX_TOKENS)
    assert facts.inputs[0] == "input_ids"
    assert 0 <= facts.difference <= TOLERANCE


def test_the_export_is_the_same_model_and_the_same_file_each_time(exported, tiny_model, tmp_path):
    again = shutil.copytree(tiny_model, tmp_path / "again")
    export_onnx(again, model_digest(again))

    assert model_digest(exported) == model_digest(tiny_model)
    assert load_onnx(exported, model_digest(exported)).digest == model_digest(tiny_model)
    assert digest_file(graph_file(again)) == digest_file(graph_file(exported))


def test_no_texts_give_no_vectors(exported):
    assert load_onnx(exported, model_digest(exported)).encode([]).shape == (0, DIMENSION)


def test_a_model_with_an_export_is_run_by_it_and_one_without_by_torch(exported, tiny_model, tmp_path):
    models = Models("", registry=None)

    assert type(models.named(str(exported))).__name__ == "OnnxEncoder"
    assert type(Models("", registry=None).named(str(tiny_model))).__name__ == "SentenceTransformerEncoder"


def test_threads_get_the_vectors_of_their_own_texts(exported):
    encoder = load_onnx(exported, model_digest(exported))
    expected = {text: encoder.encode([text]) for text in TEXTS}
    wrong = []

    def ask(text):
        wrong.extend(text for _ in range(20) if not np.array_equal(encoder.encode([text]), expected[text]))

    threads = [Thread(target=ask, args=(text,)) for text in TEXTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_8_bit_weights_are_another_model_near_the_first(tiny_model):
    digest = model_digest(tiny_model)
    small = int8_encoder(tiny_model, digest, "int8:tiny")
    own = load_encoder(tiny_model).encode(TEXTS)

    cosines = (small.encode(TEXTS) * own).sum(axis=1)

    assert small.digest == exported_digest(digest, Precision.INT8) != digest
    assert cosines.min() > 0.9
    assert np.abs(small.encode(TEXTS) - own).max() > 0
    assert not has_onnx(tiny_model)


@pytest.mark.parametrize("damage", ["graph", "facts", "other model", "tokenizer"])
def test_a_damaged_export_is_told_from_a_whole_one(exported, tmp_path, damage):
    folder = shutil.copytree(exported, tmp_path / "model")
    digest = model_digest(folder)
    if damage == "graph":
        graph_file(folder).write_bytes(b"\x08\x07 not a graph")
    elif damage == "facts":
        (folder / "onnx" / "sentence_embedding.json").write_text("[]")
    elif damage == "tokenizer":
        (folder / "tokenizer.json").write_text("{}")
    else:
        digest = f"sha256:{'0' * 64}"

    with pytest.raises(ModelError):
        load_onnx(folder, digest)


def replaced(exported, place):
    """A copy of an exported model with the graph of another model, which runs as well."""
    other = write_tiny_bert(place / "other")
    weights = other / "model.safetensors"
    save_file({name: values + 0.1 for name, values in load_file(weights).items()}, weights, {"format": "pt"})
    export_onnx(other, model_digest(other))
    folder = shutil.copytree(exported, place / "model")
    shutil.copyfile(graph_file(other), graph_file(folder))
    return folder


def test_another_models_graph_never_answers_under_this_models_digest(exported, tmp_path):
    folder = replaced(exported, tmp_path)
    with pytest.raises(ModelError, match="it was replaced"):
        load_onnx(folder, model_digest(folder))

    events = []
    models = Models("", registry=None, report=events.append)
    encoder = models.named(str(folder))

    assert encoder.digest == model_digest(exported)
    np.testing.assert_allclose(encoder.encode(TEXTS), load_encoder(exported).encode(TEXTS), atol=TOLERANCE)
    (alert,) = events
    assert isinstance(alert, Alert)
    assert "run by torch" in alert.message
    assert "it was replaced" in alert.message


def test_the_right_export_is_used_beside_a_replaced_one(exported, tmp_path):
    models = Models("", registry=None)
    first, second = models.named(str(replaced(exported, tmp_path))), models.named(str(exported))
    assert [type(one).__name__ for one in (first, second)] == ["SentenceTransformerEncoder", "OnnxEncoder"]


def test_torch_answers_where_the_export_cannot_be_loaded_and_says_so_once(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "model")
    graph_file(folder).write_bytes(b"\x08\x07 not a graph")
    facts = read_facts(folder, model_digest(folder))
    write_facts(folder, replace(facts, graph=digest_file(graph_file(folder))))
    events = []
    models = Models("", registry=None, report=events.append)

    encoder = models.named(str(folder))

    assert type(encoder).__name__ == "SentenceTransformerEncoder"
    assert encoder.digest == model_digest(exported)
    assert models.named(str(folder)) is encoder
    assert len(events) == 1


@pytest.mark.parametrize(("asked", "expected"), [("3", 3), ("0", None), ("many", None), ("", None)])
def test_threads_are_those_that_torch_would_take(exported, monkeypatch, asked, expected):
    import onnxruntime

    seen = []
    session = onnxruntime.InferenceSession

    def spied(path, options, **rest):
        seen.append(options.intra_op_num_threads)
        return session(path, options, **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", spied)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)

    load_onnx(exported, model_digest(exported))

    assert seen == [expected] if expected else 1 <= seen[0] <= 4


def test_a_model_and_the_same_with_8_bit_weights_are_loaded_as_two(tiny_model, tmp_path):
    digest = model_digest(tiny_model)
    folder = shutil.copytree(tiny_model, tmp_path / "small")
    export_onnx(folder, digest, Precision.INT8)
    models = Models("", registry=None)

    whole, small = models.named(str(tiny_model)), models.named(str(folder))

    assert (whole.digest, small.digest) == (digest, exported_digest(digest, Precision.INT8))
