"""Turn a finished run into a published version, if the evidence allows it."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from embedtune import __version__
from embedtune.artifacts.card import CARD_NAME, ModelCard, QuestionOrigin
from embedtune.artifacts.manifest import VersionFacts
from embedtune.artifacts.readme import SystemRow, render_readme
from embedtune.config.settings import EmbedtuneConfig
from embedtune.encoders.digests import model_digest, weights_digest
from embedtune.encoders.locate import model_folder
from embedtune.errors import EmbedtuneError, GateError, InputError
from embedtune.evaluation.result import EvaluationRecord, read_record
from embedtune.files import digest_file, digest_value, write_json, write_text
from embedtune.pipeline.evaluation import candidate_names, check_gates, tuned_settings
from embedtune.pipeline.project import Project
from embedtune.pipeline.systems import HYBRID
from embedtune.vocabulary.evaluation import GateResult
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings
from embedtune.vocabulary.versions import Lineage, ModelVersion

_PACKAGES = ("torch", "transformers", "sentence-transformers", "numpy", "bm25s", "qdrant-edge-py")
_LOGS = ("training.log", "metrics.jsonl")


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """What to publish.

    Attributes:
        run: A finished run folder.
        version: The version's number.
        name: The model's name.
        evaluation: The evaluation's JSON file, ``None`` if the run was not evaluated.
        anomaly: The detector's folder, ``None`` without one.
        corpus: Digest of the sections, empty if unknown.
        pairs: The file of training pairs, ``None`` if unknown.
        reason: Why to publish without proof of a gain; empty publishes with proof alone.
        notes: What its maker wants to say.
    """

    run: Path
    version: str
    name: str
    evaluation: Path | None = None
    anomaly: Path | None = None
    corpus: str = ""
    pairs: Path | None = None
    reason: str = ""
    notes: str = ""


def publish_run(project: Project, request: PublishRequest) -> ModelVersion:
    """Publish a run as an immutable version.

    Raises:
        VersionExistsError: The version exists; nothing was changed.
        GateError: The evaluation does not show a gain, or there is none, and no reason was given.
        InputError: The run is not finished or the evaluation cannot be read.
    """
    project.registry.ensure_free(request.name, request.version)
    model = model_folder(request.run)
    record = read_record(request.evaluation) if request.evaluation else None
    candidate = _candidate(record, model)
    gates = check_gates(record.evaluation, candidate) if record and not candidate.startswith(HYBRID) else ()
    if not request.reason:
        _refuse_without_gain(record, gates)
    passages, fusion = tuned_settings(record, model_digest(model))
    card = _card(project, request, _Evidence(record, candidate, gates), model, (passages, fusion))
    facts = VersionFacts(
        name=request.name,
        version=request.version,
        created=card.training_date,
        lineage=_lineage(card),
        settings={"passages": asdict(passages), "fusion": asdict(fusion)},
        packages={package: importlib.metadata.version(package) for package in _PACKAGES},
    )

    def fill(folder: Path) -> None:
        shutil.copytree(model, folder / "model", ignore=shutil.ignore_patterns("README.md", ".*"))
        write_json(folder / CARD_NAME, card.to_json())
        write_text(folder / "README.md", render_readme(card, _rows(record)))
        if request.evaluation:
            shutil.copyfile(request.evaluation, folder / "evaluation.json")
        if request.anomaly:
            shutil.copytree(request.anomaly, folder / "anomaly")
        for name in _LOGS:
            if (request.run / name).is_file():
                shutil.copyfile(request.run / name, folder / name)

    return project.registry.publish(facts, fill)


def config_digest(config: EmbedtuneConfig) -> str:
    """Return the digest of the settings that decide a model (where its inputs lie does not)."""
    return digest_value(config.model_dump(mode="json", exclude={"project": {"corpus", "test_suites"}, "publish": True}))


def _refuse_without_gain(record: EvaluationRecord | None, gates: tuple[GateResult, ...]) -> None:
    remedy = 'Improve it, or publish anyway with --force-without-gain "your reason"; the card will carry it.'
    if record is None:
        raise GateError("There is no evaluation, so nothing shows that the model is better than its base.", remedy)
    if not gates:
        raise GateError(
            "The evaluation does not compare this model with its base.",
            "Evaluate both together: --system base --system RUN.",
        )
    failed = [gate.reason for gate in gates if not gate.passed]
    if failed:
        raise GateError(f"Not published: {' '.join(failed)}", remedy)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The evaluation, the name under which it measured the model, and what it allows to claim."""

    record: EvaluationRecord | None
    candidate: str
    gates: tuple[GateResult, ...]


def _card(
    project: Project,
    request: PublishRequest,
    evidence: _Evidence,
    model: Path,
    settings: tuple[PassageSettings, FusionSettings],
) -> ModelCard:
    located = project.models.located_base()
    encoder = project.models.named(str(request.run))
    total, trainable = _parameters(request.run)
    record = evidence.record
    values = _values(record)
    return ModelCard(
        name=request.name,
        version=request.version,
        base_model=located.name,
        base_model_hash=model_digest(located.folder),
        training_corpus_hash=request.corpus,
        training_pairs_hash=digest_file(request.pairs) if request.pairs else "",
        training_date=datetime.now(UTC).isoformat(timespec="seconds"),
        training_commit=_commit(project.workspace.project),
        code_version=__version__,
        weights_hash=weights_digest(model),
        config_hash=config_digest(project.config),
        embedding_dimension=encoder.dimension,
        total_params=total,
        trainable_params=trainable,
        question_origin=_origin(record),
        questions=record.evaluation.n if record else 0,
        recall_at_5_baseline=values.get("base", {}).get("recall@5"),
        recall_at_5_finetuned=values.get(evidence.candidate, {}).get("recall@5"),
        mean_reciprocal_rank=values.get(evidence.candidate, {}).get("mrr"),
        comparisons=record.evaluation.comparisons if record else (),
        gates=evidence.gates,
        published_without_gain=request.reason,
        passages=settings[0],
        fusion=settings[1],
        notes=request.notes,
    )


def _parameters(run: Path) -> tuple[int, int]:
    """Return total and trainable parameters, as the run recorded them.

    Raises:
        InputError: The run is not finished.
    """
    path = run / "parameters.json"
    if not path.is_file():
        raise InputError(f"{run} is not a finished run of embedtune.", "Finish it: embedtune train … --resume")
    value = json.loads(path.read_text(encoding="utf-8"))
    return int(value["total_params"]), int(value["trainable_params"])


def _candidate(record: EvaluationRecord | None, model: Path) -> str:
    """Return the name under which the model was evaluated.

    Raises:
        InputError: It was not.
    """
    if record is None:
        return ""
    names = candidate_names(record, model_digest(model))
    if not names:
        raise InputError("The evaluation is of another model.", "Evaluate this run, then publish it with that result.")
    return names[0]


def _values(record: EvaluationRecord | None) -> dict[str, Mapping[str, float]]:
    return {result.system: result.values for result in record.evaluation.systems} if record else {}


def _origin(record: EvaluationRecord | None) -> QuestionOrigin:
    return QuestionOrigin(str(record.details["question_origin"])) if record else QuestionOrigin.NONE


def _rows(record: EvaluationRecord | None) -> tuple[SystemRow, ...]:
    if record is None:
        return ()
    return tuple(SystemRow(result.system, result.values) for result in record.evaluation.systems)


def _lineage(card: ModelCard) -> Lineage:
    return Lineage(
        base_model=card.base_model,
        base_model_hash=card.base_model_hash,
        corpus=card.training_corpus_hash,
        pairs=card.training_pairs_hash,
        config=card.config_hash,
        code_version=__version__,
        code_commit=card.training_commit,
    )


def _commit(folder: Path) -> str:
    """Return the commit of the project's own repository, empty where it is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = subprocess.run(  # noqa: S603 - a fixed command
        [git, "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else ""


def published_settings(project: Project, model: str) -> tuple[PassageSettings, FusionSettings]:
    """Return the passage and fusion settings that a version was published with; the defaults for other models."""
    try:
        card = read_card(project.registry.find(model))
    except EmbedtuneError:
        return PassageSettings(), FusionSettings()
    return card.passages, card.fusion


def read_card(version: ModelVersion) -> ModelCard:
    """Read a version's model card.

    Raises:
        EmbedtuneError: It is missing or malformed.
    """
    path = version.folder / CARD_NAME
    return ModelCard.from_json(path.read_text(encoding="utf-8"), str(path))
