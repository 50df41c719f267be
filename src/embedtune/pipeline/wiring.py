"""Names and settings become models."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.artifacts.cache_folder import default_cache_folder
from embedtune.artifacts.manifest import MODEL_FOLDER, served_digest
from embedtune.artifacts.store import Registry
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.artifacts.versioned_embeddings import FALLBACKS, FallbackCause, VersionedEmbeddings
from embedtune.config.settings import CacheSettings, PublishSettings, RemoteSettings
from embedtune.encoders.cache import VectorCache
from embedtune.encoders.cached_encoder import CachedEncoder
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import LocatedModel, locate_model, model_folder
from embedtune.encoders.onnx import load_onnx
from embedtune.encoders.onnx_files import OnnxFacts, Precision, has_onnx, read_facts
from embedtune.encoders.query_cache import QueryCache
from embedtune.encoders.remote import load_remote
from embedtune.encoders.remote_name import PREFIX, RemoteName
from embedtune.errors import EmbedtuneError, ModelError
from embedtune.events import Alert, Counted, Report, silent
from embedtune.index.bm25 import BM25Index
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.ports import Encoder
from embedtune.vocabulary.retrieval import KeywordSettings
from embedtune.vocabulary.versions import ModelVersion

VECTORS = "vectors"
_ANYWHERE = RemoteSettings()
INT8 = "int8:"
_DECIDING_LIBRARIES = ("embedtune", "onnxruntime", "sentence-transformers", "tokenizers", "torch", "transformers")


@dataclass(slots=True)
class Models:
    """Loads each model once.

    Attributes:
        base_model: Name or folder of the base model, as the user wrote it.
        registry: The published versions.
        load: Loads a sentence-transformers folder under a name, without its export; its digest is known.
        export: Exports the model of a folder, whose digest is known, for ONNX Runtime.
        report: Where fallbacks are told.
        place: Where a relative folder of the base model starts.
        remote: How a server is asked.
        questions: How many questions' vectors a model that serves searches remembers.
    """

    base_model: str
    registry: Registry
    load: Callable[[Path, str, str], Encoder] = field(default_factory=lambda: _load)
    export: Callable[[Path, str, Precision], object] = field(default_factory=lambda: _export)
    report: Report = silent
    place: Path = Path()
    remote: RemoteSettings = _ANYWHERE
    questions: int = CacheSettings().questions
    _loaded: dict[str, Encoder] = field(default_factory=dict)
    _refused: set[Path] = field(default_factory=set)

    def base(self) -> Encoder:
        """Return the base model.

        Raises:
            ModelError: It is not on this machine.
        """
        located = self.located_base()
        return self._once(located.folder, located.name)

    def located_base(self) -> LocatedModel:
        """Return where the base model lies, without loading it."""
        beside = self.place / self.base_model
        if beside.is_dir():
            return LocatedModel(self.base_model, model_folder(beside), "folder")
        return locate_model(self.base_model)

    def named(self, name: str) -> Encoder:
        """Return the model of a run folder, a version, a sentence-transformers folder, or ``remote:URL#model``.

        With ``int8:`` before a run or a model folder, the same with 8-bit weights.

        A version is verified and loaded from a private copy; there is no fallback here, since an
        evaluation must measure what it names.

        Raises:
            InputError: A remote system is not named as one.
            ModelError: There is no such model, or its server does not answer.
            VerificationError: The version was tampered with.
        """
        if name.startswith(PREFIX):
            return self._behind(RemoteName.parse(name))
        if name.startswith(INT8):
            return self._with_8_bits(name)
        folder = Path(name)
        if folder.is_dir() and not (folder / "manifest.json").is_file():
            return self._once(model_folder(folder), name)
        try:
            version = self.registry.find(folder if folder.is_dir() else name)
        except ModelError as error:
            if "/" not in name:
                raise
            located = _located_or(name, error)
            return self._once(located.folder, located.name)
        copy = self.copy_of(version)
        return self._once(copy / MODEL_FOLDER, version.label, served_digest(version.manifest))

    def of_index(self, name: str, digest: str) -> Encoder:
        """Return the model that an index was made with, and no other.

        Args:
            name: A version, a run or a model folder, or the base model's name.
            digest: The digest that the index was made with.

        Raises:
            EmbedtuneError: It cannot be had; the cause is counted.
        """
        try:
            encoder = self._of_index(name, digest)
            if encoder.digest != digest:
                raise ModelError("it is another one by now", "Index the corpus again with this model.")
        except EmbedtuneError as error:
            self.report(Counted(FALLBACKS, {"cause": FallbackCause.of(error).value}))
            raise
        return self.remembering(encoder)

    def remembering(self, encoder: Encoder) -> Encoder:
        """Return an encoder that remembers the questions it was asked last, where the settings say so."""
        return QueryCache(encoder, self.questions) if self.questions else encoder

    def _of_index(self, name: str, digest: str) -> Encoder:
        if self.base_digest() == digest:
            return self.base()
        folder = Path(name)
        if name.startswith(INT8):
            return self.named(name)
        if folder.is_dir():
            return self._versioned(name) if (folder / "manifest.json").is_file() else self.named(name)
        return self.named(name) if "/" in name else self._versioned(name)

    def copy_of(self, version: ModelVersion) -> Path:
        """Return the verified private copy of a version.

        Raises:
            VerificationError: The version was tampered with.
        """
        return verified_copy(version, default_cache_folder(), self.registry.policy)

    def version_or_base(self, version: str) -> VersionedEmbeddings:
        """Return a version's model, or the base model with the reason."""
        return self._versioned(version, fallback_to_baseline=True)

    def _versioned(self, version: str, *, fallback_to_baseline: bool = False) -> VersionedEmbeddings:
        return VersionedEmbeddings(
            version,
            fallback_to_baseline=fallback_to_baseline,
            registry=self.registry,
            load_encoder=lambda folder, digest: self._once(folder, version, digest),
            load_baseline=self.base,
            report=self.report,
        )

    def _behind(self, name: RemoteName) -> Encoder:
        """Return a server's model; it is asked for once."""
        if str(name) not in self._loaded:
            self._loaded[str(name)] = load_remote(name, self.remote, os.environ)
        return self._loaded[str(name)]

    def _with_8_bits(self, name: str) -> Encoder:
        """Return a model with 8-bit weights; they are made once."""
        from embedtune.encoders.onnx_export import int8_encoder

        if name not in self._loaded:
            folder = model_folder(Path(name.removeprefix(INT8)))
            self._loaded[name] = int8_encoder(folder, model_digest(folder), name)
        return self._loaded[name]

    def base_digest(self) -> str:
        """Return the digest of the base model, empty if it is not on this machine."""
        try:
            return model_digest(self.located_base().folder)
        except ModelError:
            return ""

    def _once(self, folder: Path, name: str, digest: str = "") -> Encoder:
        digest = digest or model_digest(folder)
        if has_onnx(folder) and folder not in self._refused:
            try:
                return self._exported(folder, name, digest)
            except ModelError as error:
                self._refused.add(folder)
                self.report(Alert(f"{name} is run by torch, not by its exported model: {error.message}"))
        if digest not in self._loaded:
            self._loaded[digest] = self.load(folder, name, digest)
        return self._loaded[digest]

    def _exported(self, folder: Path, name: str, digest: str) -> Encoder:
        """Return the exported model of a folder.

        It is not the run that it was made from, though its digest be the same: the last bits of the vectors would
        depend on which of them was loaded first.

        Raises:
            ModelError: It cannot be used.
        """
        facts = read_facts(folder, digest)
        key = f"onnx:{facts.digest}:{facts.graph}"
        if key not in self._loaded:
            self._loaded[key] = load_onnx(folder, digest, name)
        return self._loaded[key]


def served_precision(settings: PublishSettings) -> Precision:
    """Return the numbers that a version is served with."""
    return Precision.INT8 if settings.onnx == Precision.INT8.value else Precision.FP32


def served_name(run: Path, settings: PublishSettings) -> str:
    """Return the system that a run will be as a version: the run itself, or the run with 8-bit weights."""
    return f"{INT8}{run}" if served_precision(settings) is Precision.INT8 else str(run)


def vector_cache(folder: Path, settings: CacheSettings, report: Report) -> VectorCache | None:
    """Return where encoded texts are kept; ``None`` if the settings give no room.

    Args:
        folder: The cache's folder in the workspace.
        settings: How much may be kept.
        report: Where trouble is told.
    """
    return VectorCache(folder / VECTORS, settings.vectors_mib << 20, report) if settings.vectors_mib else None


def cached(encoder: Encoder, cache: VectorCache | None) -> Encoder:
    """Return an encoder that keeps what it has encoded, where there is a cache.

    A model's digest says nothing of the code that runs it, so the vectors of a model on this machine are kept
    under the versions of that code as well. A server's digest is drawn from its vectors and says it all.
    """
    if cache is None:
        return encoder
    remote = encoder.name.startswith(PREFIX)
    versions = [] if remote else [f"{name}={importlib.metadata.version(name)}" for name in _DECIDING_LIBRARIES]
    return CachedEncoder(encoder, cache, " ".join(versions))


def section_keywords(sections: Sequence[Section], keywords: KeywordSettings) -> BM25Index:
    """Return BM25 over whole sections, headings included: what search and evaluation both rank by words."""
    return BM25Index(
        [section.id for section in sections],
        [section.full_text for section in sections],
        keywords.k1,
        keywords.b,
        stemming=keywords.stemming,
    )


def _located_or(name: str, error: ModelError) -> LocatedModel:
    try:
        return locate_model(name)
    except ModelError:
        raise error from None


def _load(folder: Path, name: str, digest: str) -> Encoder:
    """Load a model with torch."""
    from embedtune.encoders.sentence_transformer import load_encoder

    return load_encoder(folder, name, digest=digest)


def _export(folder: Path, digest: str, precision: Precision) -> OnnxFacts:
    from embedtune.encoders.onnx_export import export_onnx

    return export_onnx(folder, digest, precision)
