"""What cannot be exported is refused in one way, and leaves nothing behind."""

from __future__ import annotations

import shutil

import pytest

from embedtune.encoders import onnx_export
from embedtune.encoders.digests import model_digest
from embedtune.encoders.onnx import load_tokenizer
from embedtune.encoders.onnx_export import export_onnx
from embedtune.encoders.onnx_files import Precision, has_onnx
from embedtune.encoders.sentence_transformer import load_encoder
from embedtune.errors import ModelError

ABSURD = 10**30


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


def test_an_export_whose_vectors_differ_is_refused_and_removed(folder, monkeypatch):
    monkeypatch.setattr("embedtune.encoders.onnx_export.TOLERANCE", -1.0)

    with pytest.raises(ModelError, match="other vectors"):
        export_onnx(folder, model_digest(folder))
    assert not has_onnx(folder)
    assert not (folder / "onnx").exists()


def test_a_model_that_cannot_be_followed_is_refused(folder, monkeypatch):
    import torch

    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: 1 / 0)

    with pytest.raises(ModelError, match="cannot be exported: ZeroDivisionError"):
        export_onnx(folder, model_digest(folder))


class Failing:
    """A model's transformer that cannot be asked for plain attention."""

    def set_attn_implementation(self, name):
        raise ValueError(name)


def no_facts(model, precision, graph):
    raise OverflowError


def no_graph(plain, folder):
    raise RuntimeError("quantisation")


@pytest.mark.parametrize(
    ("name", "stand_in", "cause"),
    [
        ("_facts", no_facts, "OverflowError"),
        ("_backbone", lambda model: Failing(), "ValueError"),
        ("_quantised", no_graph, "RuntimeError"),
        ("_checked", no_facts, "OverflowError"),
    ],
)
def test_whatever_fails_it_is_a_model_that_cannot_be_exported(folder, monkeypatch, name, stand_in, cause):
    monkeypatch.setattr(onnx_export, name, stand_in)
    with pytest.raises(ModelError, match=f"cannot be exported: {cause}"):
        export_onnx(folder, model_digest(folder), Precision.INT8)
    assert not (folder / "onnx").exists()


@pytest.fixture
def limitless(folder, monkeypatch):
    """The model, loaded with a tokenizer that was never told a limit."""

    def loaded(*args, **rest):
        encoder = load_encoder(*args, **rest)
        encoder.model.max_seq_length = ABSURD
        return encoder

    monkeypatch.setattr(onnx_export, "load_encoder", loaded)
    return folder


def test_a_model_without_a_limit_is_exported_without_one(limitless, monkeypatch):
    monkeypatch.setattr(onnx_export, "_CHECKED", ("oil", "check the level"))
    facts = export_onnx(limitless, model_digest(limitless))
    assert facts.max_tokens == 1 << 31
    assert has_onnx(limitless)


def test_a_model_that_has_a_limit_and_does_not_say_so_is_refused(limitless):
    with pytest.raises(ModelError):
        export_onnx(limitless, model_digest(limitless))
    assert not (limitless / "onnx").exists()


@pytest.mark.parametrize("limit", [ABSURD, -1])
def test_a_tokenizer_that_cannot_cut_so_is_told(folder, limit):
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_tokenizer(folder, limit)
