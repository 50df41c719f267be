"""Serve a published version after verifying it, or the baseline with the reason why."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from embedtune.artifacts.cache_folder import default_cache_folder
from embedtune.artifacts.card import CARD_NAME, ModelCard
from embedtune.artifacts.manifest import MODEL_FOLDER, served_digest
from embedtune.artifacts.safety import check_model_folder
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.errors import (
    DimensionError,
    EmbedtuneError,
    MissingVersionError,
    ModelError,
    SignatureError,
    VerificationError,
)
from embedtune.events import Alert, Counted, Report, silent
from embedtune.vocabulary.ports import tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from embedtune.artifacts.store import Registry
    from embedtune.artifacts.trust import TrustPolicy
    from embedtune.vocabulary.ports import Encoder, TokenTable
    from embedtune.vocabulary.versions import ModelVersion

FALLBACKS = "fallbacks"
"""The metric that counts how often the baseline answered instead, by cause."""


class FallbackCause(StrEnum):
    """Why the baseline answers instead of the version."""

    NONE = ""
    MISSING = "missing"
    TAMPERED = "tampered"
    WRONG_SIGNATURE = "wrong signature"
    UNREADABLE = "unreadable"
    DIMENSION_CHANGED = "dimension changed"

    @classmethod
    def of(cls, error: EmbedtuneError) -> FallbackCause:
        """Return the cause that an error stands for."""
        causes = {
            MissingVersionError: cls.MISSING,
            SignatureError: cls.WRONG_SIGNATURE,
            VerificationError: cls.TAMPERED,
            DimensionError: cls.DIMENSION_CHANGED,
        }
        return next((cause for kind, cause in causes.items() if isinstance(error, kind)), cls.UNREADABLE)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model answers.

    Attributes:
        requested: The version asked for, as the caller wrote it.
        name: Name of the model that answers.
        version: Its version; empty for the baseline.
        digest: Digest of its files; vectors of two digests are never compared.
        dimension: Length of a vector.
        is_fallback: Whether the baseline answers instead of the version.
        reason: Why it does, empty if it does not.
        cause: The same in a word, to count by.
    """

    requested: str
    name: str
    version: str
    digest: str
    dimension: int
    is_fallback: bool
    reason: str
    cause: FallbackCause = FallbackCause.NONE

    def __getitem__(self, key: str) -> object:
        """Read a field as ``info["version"]``."""
        if key not in self.keys():
            raise KeyError(key)
        value: object = getattr(self, key)
        return value

    def keys(self) -> tuple[str, ...]:
        """Return the names of the fields, so that ``dict(info)`` works."""
        return tuple(field.name for field in fields(self))


@dataclass(frozen=True, slots=True, eq=False)
class LabelledVectors:
    """Vectors with the digest of the model that made them.

    Attributes:
        model_digest: The model's digest; vectors of two digests are never compared.
        vectors: One unit vector a text: shape (texts, dimension), float32.
    """

    model_digest: str
    vectors: NDArray[np.float32]

    def of(self, model_digest: str) -> NDArray[np.float32]:
        """Return the vectors if they are those of a model.

        Raises:
            ModelError: Another model made them.
        """
        if model_digest != self.model_digest:
            raise ModelError(
                f"The vectors are of the model {self.model_digest[:19]}…, not of {model_digest[:19]}….",
                "Search an index with the model that made it, or by words alone.",
            )
        return self.vectors


class VersionedEmbeddings:
    """An `Encoder` over a published version, verified before it is loaded.

    The choice between version and baseline falls once, on construction: one object never returns
    vectors of two models.

    Args:
        version: ``v1.0``, ``embedtune-v1.0`` or the path of a version's folder.
        fallback_to_baseline: Whether the baseline may answer when the version cannot.
        registry: Where versions are kept.
        load_encoder: Loads an encoder from a model folder, given the folder and the model's digest.
        load_baseline: Loads the baseline's encoder.
        cache_folder: Where verified copies are kept; the user's cache folder if not given.
        report: Told of a fallback, with its reason.

    Raises:
        ModelError: Without fallback: the version is missing, unsafe, unreadable or of another dimension.
        VerificationError: Without fallback: files of the version are missing, added or altered.
    """

    def __init__(
        self,
        version: str,
        fallback_to_baseline: bool = True,  # noqa: FBT001, FBT002 - callers rely on this signature
        *,
        registry: Registry,
        load_encoder: Callable[[Path, str], Encoder],
        load_baseline: Callable[[], Encoder],
        cache_folder: Path | None = None,
        report: Report = silent,
    ) -> None:
        try:
            found = registry.find(version)
            encoder = _load_verified(found, load_encoder, cache_folder or default_cache_folder(), registry.policy)
            name, served, reason, cause = found.label, found.manifest.version, "", FallbackCause.NONE
        except EmbedtuneError as error:
            if not fallback_to_baseline:
                raise
            cause = FallbackCause.of(error)
            report(Alert(f"{version} cannot be used and the baseline answers instead: {error}"))
            report(Counted(FALLBACKS, {"cause": cause.value}))
            encoder = load_baseline()
            name, served, reason = encoder.name, "", error.message
        self._encoder = encoder
        self._info = ModelInfo(version, name, served, encoder.digest, encoder.dimension, bool(reason), reason, cause)

    @property
    def name(self) -> str:
        """Name and version of the model that answers; the baseline's name after a fallback."""
        return self._info.name

    @property
    def digest(self) -> str:
        """Digest of the model that answers, as its encoder gives it."""
        return self._info.digest

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._info.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text: shape (len(texts), dimension), float32.

        Raises:
            TypeError: A single string was given; it would be read as a list of letters.
        """
        if isinstance(texts, str):
            raise TypeError("encode takes a list of texts, not one string")
        return np.asarray(self._encoder.encode(texts), dtype=np.float32)

    def encode_labelled(self, texts: Sequence[str]) -> LabelledVectors:
        """Return the vectors of `encode` with the digest of the model that made them."""
        return LabelledVectors(self.digest, self.encode(texts))

    def token_table(self) -> TokenTable | None:
        """Return the tokens of the model that answers, with the vectors it begins with; ``None`` without any."""
        return tokens_of(self._encoder)

    def get_model_info(self) -> ModelInfo:
        """Return which model answers, and why if it is the baseline."""
        return self._info


def _load_verified(
    version: ModelVersion, load_encoder: Callable[[Path, str], Encoder], cache_folder: Path, policy: TrustPolicy
) -> Encoder:
    copy = verified_copy(version, cache_folder, policy)
    check_model_folder(copy / MODEL_FOLDER)
    try:
        encoder = load_encoder(copy / MODEL_FOLDER, served_digest(version.manifest))
    except EmbedtuneError:
        raise
    except Exception as error:
        # A loader fails in as many ways as there are libraries below it.
        raise ModelError(
            f"The model of {version.label} cannot be loaded: {type(error).__name__}: {error}.",
            "Check that the installed libraries are those the manifest names.",
        ) from error
    _check_dimension(version, encoder, copy / CARD_NAME)
    return encoder


def _check_dimension(version: ModelVersion, encoder: Encoder, card_path: Path) -> None:
    if not card_path.is_file():
        return
    stated = ModelCard.from_json(card_path.read_bytes(), str(card_path)).embedding_dimension
    if encoder.dimension != stated:
        raise DimensionError(
            f"The model of {version.label} gives vectors of {encoder.dimension} numbers, its card says {stated}.",
            "Publish the model anew under another version number.",
        )
