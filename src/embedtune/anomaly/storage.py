"""A detector's folder: ``detector.json`` that describes it and ``detector.safetensors`` with its arrays.

The description holds the digest of the arrays, and the JSON file that of the description, so that damage, a hand edit
or a mix of two detectors is noticed on loading. It proves nothing against someone who rewrites both
files: that takes the signature of the version around the folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedtune.anomaly.detectors.stored import REFIT
from embedtune.errors import InputError, ModelError
from embedtune.files import digest_bytes, digest_value, read_json, staged_folder, write_json

if TYPE_CHECKING:
    from pathlib import Path

CARD_NAME = "detector.json"
ARRAYS_NAME = "detector.safetensors"

Arrays = Mapping[str, NDArray[np.generic]]


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DetectorCard(_Stored):
    """What a detector is, apart from its arrays."""

    encoder_digest: str = Field(min_length=1, description="Digest of the model whose vectors it scores.")
    dimension: int = Field(ge=1, description="Length of a vector.")
    alpha: float = Field(gt=0, lt=1, description="Share of normal queries that may be called anomalous.")
    confidence: float = Field(ge=0, lt=1, description="Probability with which that is kept to; 0 for on average.")
    detectors: tuple[str, ...] = Field(min_length=1, strict=False, description="What is combined.")
    left_out: tuple[str, ...] = Field(strict=False, description="Detectors that were wanted and could not be fitted.")
    left_out_rules: tuple[str, ...] = Field(strict=False, description="Written rules that are not asked.")
    seed: int = Field(description="Seed of the split and of the training.")
    fit_queries: int = Field(ge=1, description="How many queries the detectors were fitted on.")
    calibration_queries: int = Field(ge=1, description="How many queries the threshold stands on.")
    origin: str = Field(description="Where the normal queries came from.")
    domains: dict[str, int] = Field(description="Calibration queries by domain; those without one under an empty name.")
    calibrated_domains: tuple[str, ...] = Field(strict=False, description="Domains with a threshold of their own.")
    worth: dict[str, int] = Field(description="How many independent queries each calibration is worth, by domain.")
    arrays_sha256: str = Field(description="Digest of the arrays.")
    known_queries: tuple[str, ...] = Field(strict=False, description="Normal queries, to name the nearest, if kept.")

    @cached_property
    def digest(self) -> str:
        """Digest of the description, and with it of the arrays: which detector it is, for a log."""
        return digest_value(self.model_dump())

    def check_encoder(self, digest: str) -> None:
        """Check that vectors of the model with this digest may be scored.

        Raises:
            ModelError: The detector was fitted on the vectors of another model.
        """
        if digest != self.encoder_digest:
            raise ModelError(
                f"The anomaly detector was fitted on the model {self.encoder_digest}, not on {digest}.",
                "Fit it again for this model (`embedtune anomaly fit`): each model has a space of its own.",
            )


class _Envelope(_Stored):
    """The JSON file: the description and its digest."""

    format: Literal["embedtune-anomaly-detector"] = "embedtune-anomaly-detector"
    format_version: Literal[2] = 2
    card: DetectorCard
    card_sha256: str


def arrays_digest(arrays: Arrays) -> str:
    """Return the digest of a detector's arrays, as a card holds it."""
    return digest_bytes(_packed(arrays))


def write_detector(folder: Path, card: DetectorCard, arrays: Arrays) -> None:
    """Write a detector's folder, wholly or not at all.

    Raises:
        InputError: The folder holds something already, or cannot be written.
    """
    envelope = _Envelope(card=card, card_sha256=card.digest)
    try:
        with staged_folder(folder) as staging:
            (staging / ARRAYS_NAME).write_bytes(_packed(arrays))
            write_json(staging / CARD_NAME, envelope.model_dump())
    except FileExistsError as error:
        raise InputError(f"{folder} exists and is not empty.", "Name another folder, or remove this one.") from error
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written: {error.strerror or error}.",
            "Check its permissions and the disk's free space.",
        ) from error


def read_detector(folder: Path) -> tuple[DetectorCard, dict[str, NDArray[np.generic]]]:
    """Read a detector's folder, after checking both files against their digests.

    Raises:
        ModelError: A file is missing, altered, damaged, or not one that `write_detector` wrote.
    """
    envelope = _read_envelope(folder / CARD_NAME)
    if envelope.card.digest != envelope.card_sha256:
        raise ModelError(f"{folder / CARD_NAME} was altered: its digest does not match.", REFIT)
    return envelope.card, _read_arrays(folder / ARRAYS_NAME, envelope.card.arrays_sha256)


def _packed(arrays: Arrays) -> bytes:
    from safetensors.numpy import save

    # Another order in memory would be written as it lies, and read as if it were rows.
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _read_envelope(path: Path) -> _Envelope:
    try:
        return _Envelope.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole file"
        raise ModelError(
            f"{path} does not describe an anomaly detector of this version: {place}: {first['msg']}.", REFIT
        ) from error
    except InputError as error:
        raise ModelError(error.message, REFIT) from error


def _read_arrays(path: Path, expected_digest: str) -> dict[str, NDArray[np.generic]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.", REFIT) from error
    # Loaded from the bytes that were hashed: the file cannot change in between.
    if digest_bytes(data) != expected_digest:
        raise ModelError(f"{path} was altered or damaged: its digest does not match {CARD_NAME}.", REFIT)
    try:
        arrays: dict[str, NDArray[np.generic]] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is not a safetensors file of numbers: {error}.", REFIT) from error
    return arrays
