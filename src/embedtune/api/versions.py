"""Publish a model and serve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.keys import PrivateKey, PublicKey
from embedtune.artifacts.store import Registry
from embedtune.artifacts.trust import TrustPolicy
from embedtune.artifacts.versioned_embeddings import VersionedEmbeddings as _VersionedEmbeddings
from embedtune.config.training_settings import TrainingSettings
from embedtune.events import Report, silent
from embedtune.pipeline.saving import AdversarialResults, SavedModel, save_version
from embedtune.pipeline.wiring import Models
from embedtune.vocabulary.versions import ModelVersion

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BASE = TrainingSettings().base_model


class VersionedEmbeddings(_VersionedEmbeddings):
    """A published version as an encoder, verified before it is loaded; the base model if it cannot be used.

    Args:
        version: ``v1.0``, ``embedtune-v1.0`` or the path of a version's folder.
        fallback_to_baseline: Whether the base model may answer when the version cannot; otherwise the
            reason is raised.
        registry: Folder or URL of the published versions.
        base_model: The model that answers instead.
        allowed_keys: The public keys whose signatures are believed.
        require_signature: Whether an unsigned version is refused.
        report: Told of a fallback, with its reason.

    Raises:
        InputError: A key cannot be read, or a signature is required and no key is allowed.
        ModelError: Without fallback: the version is missing, unsafe, unreadable or of another dimension.
        VerificationError: Without fallback: files of the version are missing, added or altered, or its
            signature is wrong.
    """

    def __init__(
        self,
        version: str,
        fallback_to_baseline: bool = True,  # noqa: FBT001, FBT002 - callers rely on this signature
        *,
        registry: str | Path = "models",
        base_model: str = _BASE,
        allowed_keys: Sequence[str | Path] = (),
        require_signature: bool = False,
        report: Report = silent,
    ) -> None:
        policy = TrustPolicy(require_signature, tuple(PublicKey.read(Path(key)) for key in allowed_keys))
        models = Models(base_model, Registry(registry, policy, report=report), report=report)
        super().__init__(
            version,
            fallback_to_baseline,
            registry=models.registry,
            load_encoder=lambda folder, digest: models.load(folder, version, digest),
            load_baseline=models.base,
            report=report,
        )


@dataclass(frozen=True, slots=True)
class ModelArtifactCreator:
    """Publishes models that were trained by other means than a run folder.

    Attributes:
        registry: Folder or URL of the published versions.
        name: The model's name.
        base_model: The model it was tuned from.
        signing_key: The private key that signs them, empty for none.
    """

    registry: str | Path = "models"
    name: str = "embedtune"
    base_model: str = _BASE
    signing_key: str | Path = ""

    def save_finetuned_model(
        self,
        model: SentenceTransformer,
        version: str,
        training_corpus_hash: str,
        benchmark_scores: Mapping[str, float],
        adversarial_results: Mapping[str, int] | None = None,
        training_commit: str = "",
    ) -> ModelVersion:
        """Publish a loaded model as an immutable version.

        The scores are taken on trust: the card says that embedtune did not measure them.

        Args:
            model: The model.
            version: The version's number, such as ``v1.0``.
            training_corpus_hash: Digest of the corpus, ``sha256:…``, or empty.
            benchmark_scores: ``recall_at_5_baseline``, ``recall_at_5_finetuned``, ``mean_reciprocal_rank``.
            adversarial_results: ``passed`` and ``total`` of the robustness tests.
            training_commit: Commit of the code that trained it.

        Raises:
            VersionExistsError: The version exists; nothing was changed.
            InputError: A score or digest is none.
        """
        results = adversarial_results or {}
        saved = SavedModel(
            name=self.name,
            version=version,
            base_model=self.base_model,
            corpus_hash=training_corpus_hash,
            scores=benchmark_scores,
            adversarial=AdversarialResults(results.get("passed", 0), results.get("total", 0)),
            commit=training_commit,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        key = PrivateKey.read(Path(self.signing_key)) if str(self.signing_key) else None
        return save_version(Registry(self.registry), model, saved, key)
