"""What a version's card says, gathered from the run and its evaluation."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from embedtune import __version__
from embedtune.artifacts.card import ModelCard, QuestionOrigin
from embedtune.artifacts.keys import PrivateKey
from embedtune.config.settings import GateSettings
from embedtune.encoders.digests import model_digest, weights_digest
from embedtune.encoders.locate import model_folder
from embedtune.encoders.onnx_files import Precision, exported_digest
from embedtune.errors import InputError
from embedtune.evaluation.result import EvaluationRecord
from embedtune.pipeline.corpus import read_documents
from embedtune.pipeline.data_summary import pair_examples
from embedtune.pipeline.evaluation import base_digest, candidate_names, tuned_settings
from embedtune.pipeline.keyword_choice import untuned_fusion
from embedtune.pipeline.project import Project
from embedtune.pipeline.systems import BASE, HYBRID
from embedtune.pipeline.training import run_origin
from embedtune.pipeline.verdicts import GATE_METRIC, check_gates
from embedtune.pipeline.wiring import INT8
from embedtune.training.ending.merge import kept_change, kept_share
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.evaluation import Comparison, GateResult
from embedtune.vocabulary.versions import Lineage

_PACKAGES = ("torch", "transformers", "sentence-transformers", "numpy", "bm25s", "onnxruntime", "qdrant-edge-py")


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """What to publish.

    Attributes:
        run: A finished run folder.
        version: The version's number.
        name: The model's name.
        evaluation: The evaluation's JSON file, ``None`` if the run was not evaluated.
        anomaly: The detector's folder, ``None`` without one.
        corpus: Digest of the documents' sections, empty if it is not known here.
        documents: The documents, where their digest is to be taken from them.
        pairs: The training pairs, where examples of them are to stand on the card.
        key: Signs the version, ``None`` for the one in the settings, if any.
        reason: Why to publish whatever the gates say; empty publishes what passes them.
        unproven: Why nothing can prove a gain, which excuses from that gate alone.
        notes: What its maker wants to say.
    """

    run: Path
    version: str
    name: str
    evaluation: Path | None = None
    anomaly: Path | None = None
    corpus: str = ""
    documents: Path | None = None
    pairs: Path | None = None
    key: PrivateKey | None = None
    reason: str = ""
    unproven: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured of a model.

    Attributes:
        record: The evaluation, ``None`` if there is none.
        candidate: The name under which it measured the model, empty without one.
        served: Digest of the model as it will be served, which is what was measured.
        gates: The conditions for publishing; ``None`` where the claim to be better than the base was not examined.
    """

    record: EvaluationRecord | None
    candidate: str
    served: str
    gates: tuple[GateResult, ...] | None

    @classmethod
    def of(
        cls, record: EvaluationRecord | None, run: Path, precision: Precision, base_hash: str, settings: GateSettings
    ) -> Evidence:
        """Return what an evaluation says of a run.

        Args:
            record: The evaluation.
            run: The run folder.
            precision: The numbers that it will be served with.
            base_hash: Digest of the model it was tuned from.
            settings: Which gates, and their bounds.

        Raises:
            InputError: The evaluation is of another model, or its base is not the one it was tuned from.
        """
        served = exported_digest(model_digest(model_folder(run)), precision)
        if record is None:
            return cls(None, "", served, None)
        names = candidate_names(record, served)
        if not names:
            raise _not_measured(run, precision)
        if base_digest(record) not in {base_hash, ""}:
            raise InputError(
                "The evaluation compares with another base model than the run was trained from.",
                "Evaluate again with training.base_model set to the one it was trained from.",
            )
        if names[0].startswith(HYBRID):
            return cls(record, names[0], served, None)
        return cls(record, names[0], served, check_gates(record, names[0], kept_change(run), settings))


def _not_measured(run: Path, precision: Precision) -> InputError:
    if precision is Precision.INT8:
        return InputError(
            "The evaluation does not measure this model with 8-bit weights, which is how it is to be served.",
            f"Evaluate --system base --system {INT8}{run}, or publish with --onnx fp32.",
        )
    return InputError("The evaluation is of another model.", "Evaluate this run, then publish it with that result.")


def describe(project: Project, request: PublishRequest, evidence: Evidence) -> ModelCard:
    """Return the card of a run that is about to be published.

    Raises:
        InputError: The run is not finished, or documents or pairs are not those it was made from.
    """
    origin = run_origin(request.run)
    model = model_folder(request.run)
    encoder = project.models.named(str(request.run))
    record = evidence.record
    values = _values(record)
    robustness = record.robustness if record else None
    tested, base_tested = (robustness.system(one) if robustness else None for one in (evidence.candidate, BASE))
    passages, fusion = tuned_settings(record, evidence.served, untuned_fusion(project.config.retrieval))
    return ModelCard(
        name=request.name,
        version=request.version,
        base_model=origin.base_model,
        base_model_hash=origin.base_model_hash,
        training_corpus_hash=_corpus(project, request, origin.corpus_hash),
        training_pairs_hash=origin.pairs_hash,
        training_split_hash=origin.split_hash,
        training_date=datetime.now(UTC).isoformat(timespec="seconds"),
        training_commit=_commit(project.workspace.project),
        code_version=__version__,
        weights_hash=weights_digest(model),
        config_hash=origin.config_hash,
        embedding_dimension=encoder.dimension,
        total_params=origin.total_params,
        trainable_params=origin.trainable_params,
        question_origin=QuestionOrigin(str(record.details["question_origin"])) if record else QuestionOrigin.NONE,
        questions=record.evaluation.n if record else 0,
        recall_at_5_baseline=values.get(BASE, {}).get("recall@5"),
        recall_at_5_finetuned=values.get(evidence.candidate, {}).get("recall@5"),
        mean_reciprocal_rank=values.get(evidence.candidate, {}).get("mrr"),
        base_share=kept_share(request.run),
        general=kept_change(request.run),
        data=origin.data,
        examples=pair_examples(request.pairs, origin.pairs_hash, project.config.publish.examples),
        adversarial_tests_passed=tested.passed if tested else 0,
        adversarial_tests_total=tested.total if tested else 0,
        adversarial_tests_passed_baseline=base_tested.passed if tested and base_tested else None,
        comparisons=_on_card(record),
        gates=evidence.gates or (),
        published_without_gain=request.reason or request.unproven,
        passages=passages,
        fusion=fusion,
        notes=request.notes,
    )


def lineage(card: ModelCard) -> Lineage:
    """Return the digests of a card that identify what the version was made from."""
    return Lineage(
        base_model=card.base_model,
        base_model_hash=card.base_model_hash,
        corpus=card.training_corpus_hash,
        pairs=card.training_pairs_hash,
        split=card.training_split_hash,
        config=card.config_hash,
        code_version=card.code_version,
        code_commit=card.training_commit,
    )


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide a model's weights and vectors."""
    return {package: importlib.metadata.version(package) for package in _PACKAGES}


def _corpus(project: Project, request: PublishRequest, of_pairs: str) -> str:
    """Return the digest of the documents; empty where nothing tells it."""
    if request.documents is None:
        return request.corpus or of_pairs
    found = corpus_digest(read_documents(project, request.documents, None))
    if of_pairs not in {"", found}:
        raise InputError(
            f"{request.documents} does not hold the documents that the run's pairs were generated from.",
            "Name those documents, or leave the option out: the digest is known.",
        )
    return found


def _values(record: EvaluationRecord | None) -> dict[str, Mapping[str, float]]:
    return {result.system: result.values for result in record.evaluation.systems} if record else {}


def _commit(folder: Path) -> str:
    """Return the commit of the project's own repository, empty where it is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = subprocess.run(  # noqa: S603 - a fixed command
        [git, "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


def _on_card(record: EvaluationRecord | None) -> tuple[Comparison, ...]:
    """Return the comparisons a card carries: all metrics over all questions, one metric over slices.

    ``evaluation.json``, beside the card, has every one.
    """
    if record is None:
        return ()
    return tuple(item for item in record.evaluation.comparisons if item.slice == "all" or item.metric == GATE_METRIC)
