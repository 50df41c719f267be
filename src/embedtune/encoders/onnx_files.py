"""Where an exported model lies, and what stands beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from embedtune.errors import InputError, ModelError
from embedtune.files import digest_file, digest_value, read_json, write_json

FOLDER = "onnx"
"""Within the model's folder; what lies there is a copy and does not count for the model's digest."""

_GRAPH = "sentence_embedding.onnx"
_FACTS = "sentence_embedding.json"
_SCHEMA = 2


class Precision(StrEnum):
    """The numbers an exported model computes with: those of the model, or 8-bit weights."""

    FP32 = "fp32"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What has to be known to run an exported model.

    Attributes:
        model_digest: The model it was exported from.
        precision: The numbers it computes with.
        dimension: Length of a vector.
        max_tokens: Texts are cut after so many tokens.
        pad_id: What shorter texts of a batch are filled up with.
        inputs: Names of its inputs, in order.
        difference: Greatest difference of any number from the model's own vectors, on the texts of the check.
        graph: SHA-256 of the graph that was checked; no other may answer under the model's digest.
        schema: Version of this layout.
    """

    model_digest: str
    precision: Precision
    dimension: int
    max_tokens: int
    pad_id: int
    inputs: tuple[str, ...]
    difference: float
    graph: str
    schema: int = _SCHEMA

    @property
    def digest(self) -> str:
        """Whose vectors it makes: those of the model, or, with 8-bit weights, its own."""
        return exported_digest(self.model_digest, self.precision)


def exported_digest(model_digest: str, precision: Precision) -> str:
    """Return the digest of a model's vectors when it is run with other numbers than its own."""
    return model_digest if precision is Precision.FP32 else digest_value([model_digest, precision.value])


def graph_file(folder: Path) -> Path:
    """Return where the exported graph of a model folder lies."""
    return folder / FOLDER / _GRAPH


def has_onnx(folder: Path) -> bool:
    """Tell whether a model folder holds an exported model."""
    return graph_file(folder).is_file() and (folder / FOLDER / _FACTS).is_file()


def write_facts(folder: Path, facts: OnnxFacts) -> None:
    """Write what stands beside the graph of a model folder."""
    write_json(folder / FOLDER / _FACTS, asdict(facts))


def read_facts(folder: Path, model_digest: str) -> OnnxFacts:
    """Read what stands beside the graph of a model folder; the graph itself is not read, see `check_graph`.

    Args:
        folder: The model's folder.
        model_digest: The model that it must have been exported from.

    Raises:
        ModelError: It is missing or malformed, or belongs to another model.
    """
    path = folder / FOLDER / _FACTS
    try:
        facts = TypeAdapter(OnnxFacts).validate_python(read_json(path))
    except (InputError, ValidationError) as error:
        raise ModelError(f"{path} does not describe an exported model.", _EXPORT_AGAIN) from error
    if facts.schema != _SCHEMA or facts.model_digest != model_digest:
        raise ModelError(f"{path} was not exported from the model in {folder}.", _EXPORT_AGAIN)
    return facts


def check_graph(folder: Path, facts: OnnxFacts) -> None:
    """Refuse a graph that is not the one that was exported and checked: its vectors would be another model's.

    Raises:
        ModelError: It is another one, or cannot be read.
    """
    path = graph_file(folder)
    try:
        found = digest_file(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.", _EXPORT_AGAIN) from error
    if found != facts.graph:
        raise ModelError(f"{path} is not the exported model that was checked: it was replaced.", _EXPORT_AGAIN)


_EXPORT_AGAIN = "Publish the model anew, or remove its onnx folder: it is then run by torch."
