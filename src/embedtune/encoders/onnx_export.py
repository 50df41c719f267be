"""Export a sentence-transformers model for ONNX Runtime, and see that it gives the same vectors.

The whole of the model goes into the graph, pooling and length 1 included. torch's older exporter writes it: it
takes a tenth of the time of the newer one, needs no further library, and gives the same bytes each time. It
follows the model on one example, so what it wrote is believed only after the check against the model's vectors.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.encoders.digests import FOREIGN_FOLDERS
from embedtune.encoders.onnx import OnnxEncoder, load_onnx
from embedtune.encoders.onnx_files import OnnxFacts, Precision, graph_file, write_facts
from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_encoder
from embedtune.errors import ModelError
from embedtune.files import digest_file

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn
    from transformers import PreTrainedModel

TOLERANCE = 1e-4
"""The greatest difference of any number of a vector from the model's own, without 8-bit weights."""

_LEAST_COSINE = 0.9  # 8-bit weights: this far off it is another model, and no gate needs to be asked
_OPSET = 17
_NO_LIMIT = 1 << 31  # tokenizers that were never told a limit say 10 ** 30, which no tokenizer can cut at
_OUTPUT = "sentence_embedding"
_TRACED = ("how are the brakes bled", "why")
_CHECKED = (
    "how are the brakes bled",
    "oil",
    "P0420 at 12.5 V, 3/8-16 UNC (TM-9-803)",
    "Überprüfen Sie den Ölstand; 检查机油 ½ №7",
    "",
    "remove the four bolts, lift the cover and clean the seat " * 6,
    "check the level, " * 400,
)


def export_onnx(folder: Path, model_digest: str, precision: Precision = Precision.FP32) -> OnnxFacts:
    """Export the model of a folder into its ``onnx`` folder, and check its vectors against the model's.

    Args:
        folder: A sentence-transformers folder.
        model_digest: Its digest.
        precision: The numbers to compute with.

    Raises:
        ModelError: The model cannot be exported, whatever the reason, or its vectors differ; nothing is left.
    """
    place = graph_file(folder).parent
    try:
        model = load_encoder(folder, digest=model_digest)
        place.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".export.") as temporary:
            graph = _graph(model, precision, Path(temporary))
            facts = _facts(model, precision, digest_file(graph))
            graph.replace(graph_file(folder))
        write_facts(folder, facts)
        checked = _checked(folder, model, facts)
        write_facts(folder, checked)
    except BaseException as error:
        shutil.rmtree(place, ignore_errors=True)
        if isinstance(error, ModelError) or not isinstance(error, Exception):
            raise
        # Tracing, quantising and running a model fail in as many ways as there are models.
        raise ModelError(
            f"The model in {folder} cannot be exported: {type(error).__name__}.",
            "Serve it without ONNX (publish.onnx = 'off').",
        ) from error
    return checked


def int8_encoder(folder: Path, model_digest: str, name: str) -> OnnxEncoder:
    """Return a model with 8-bit weights, made on the spot; its folder stays as it is.

    Args:
        folder: A sentence-transformers folder.
        model_digest: Its digest.
        name: What to call it.

    Raises:
        ModelError: The model cannot be exported.
    """
    with tempfile.TemporaryDirectory(prefix="embedtune-int8-") as temporary:
        copy = Path(temporary) / "model"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*FOREIGN_FOLDERS))
        export_onnx(copy, model_digest, Precision.INT8)
        return load_onnx(copy, model_digest, name, source=folder)


def _facts(model: SentenceTransformerEncoder, precision: Precision, graph: str) -> OnnxFacts:
    tokenizer = model.model.tokenizer
    return OnnxFacts(
        model_digest=model.digest,
        precision=precision,
        dimension=model.dimension,
        max_tokens=min(int(model.model.max_seq_length or tokenizer.model_max_length), _NO_LIMIT),
        pad_id=tokenizer.pad_token_id or 0,
        inputs=tuple(_example(model.model)),
        difference=0.0,
        graph=graph,
    )


def _example(model: SentenceTransformer) -> dict[str, Tensor]:
    return {name: value for name, value in model.preprocess(list(_TRACED)).items() if hasattr(value, "shape")}


def _backbone(model: SentenceTransformer) -> PreTrainedModel:
    """Return the transformer within a model."""
    found: PreTrainedModel = getattr(model[0], "auto_model")  # noqa: B009 - the library declares modules alone
    return found


def _graph(model: SentenceTransformerEncoder, precision: Precision, folder: Path) -> Path:
    """Write the graph of a model into a folder: two texts of different length are followed through it."""
    import torch

    example = _example(model.model)
    inputs, plain = tuple(example), folder / "plain.onnx"
    # Plain attention becomes fewer and simpler nodes than the fused one, and is the faster for it.
    _backbone(model.model).set_attn_implementation("eager")
    axes = {name: {0: "texts", 1: "tokens"} for name in inputs} | {_OUTPUT: {0: "texts"}}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it follows one example, and that there is a newer exporter
        torch.onnx.export(
            _embedding_of(model.model, inputs),
            tuple(example.values()),
            str(plain),
            dynamo=False,
            input_names=list(inputs),
            output_names=[_OUTPUT],
            dynamic_axes=axes,
            opset_version=_OPSET,
        )
    return plain if precision is Precision.FP32 else _quantised(plain, folder)


def _embedding_of(model: SentenceTransformer, inputs: tuple[str, ...]) -> nn.Module:
    """Return a model that takes tensors in order and gives unit vectors."""
    from torch import nn

    class Embedding(nn.Module):
        """The model between plain tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: Tensor) -> Tensor:
            features = self.model(dict(zip(inputs, tensors, strict=True)))
            return nn.functional.normalize(features[_OUTPUT], dim=1)

    return Embedding().eval()


def _quantised(plain: Path, folder: Path) -> Path:
    """Return the graph with 8-bit weights, one scale a channel; activations are scaled as they come."""
    from onnxruntime.quantization import QuantType, quant_pre_process, quantize_dynamic

    prepared, quantised = folder / "prepared.onnx", folder / "int8.onnx"
    quant_pre_process(plain, prepared, skip_symbolic_shape=True)
    quantize_dynamic(prepared, quantised, per_channel=True, weight_type=QuantType.QInt8)
    return quantised


def _checked(folder: Path, model: SentenceTransformerEncoder, facts: OnnxFacts) -> OnnxFacts:
    """Return the facts with the greatest difference measured.

    Raises:
        ModelError: It is too great.
    """
    own = model.encode(_CHECKED)
    exported = load_onnx(folder, model.digest)
    alone = np.concatenate([exported.encode([text]) for text in _CHECKED])
    together = exported.encode(_CHECKED)
    difference = float(max(np.abs(alone - own).max(), np.abs(together - own).max()))
    if facts.precision is Precision.FP32:
        wrong = not difference <= TOLERANCE
    else:
        wrong = not min((alone * own).sum(axis=1).min(), (together * own).sum(axis=1).min()) >= _LEAST_COSINE
    if wrong:
        raise ModelError(
            f"The exported model gives other vectors than the model: they differ by up to {difference:.2g}.",
            "Serve it without ONNX (publish.onnx = 'off').",
        )
    return replace(facts, difference=difference)
