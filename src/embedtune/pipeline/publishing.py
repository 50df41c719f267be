"""Turn a finished run into a published version, if the evidence allows it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

from embedtune.artifacts.card import CARD_NAME
from embedtune.artifacts.manifest import MODEL_FOLDER, VersionFacts
from embedtune.artifacts.readme import SystemRow, render_readme
from embedtune.encoders.digests import FOREIGN_FOLDERS, model_digest
from embedtune.encoders.locate import model_folder
from embedtune.encoders.onnx_files import Precision
from embedtune.errors import GateError, ModelError
from embedtune.evaluation.result import EvaluationRecord, read_record
from embedtune.events import Alert
from embedtune.files import write_json, write_text
from embedtune.pipeline.describing import Evidence, PublishRequest, describe, lineage, package_versions
from embedtune.pipeline.project import Project
from embedtune.pipeline.training import run_origin
from embedtune.pipeline.wiring import served_precision
from embedtune.vocabulary.versions import ModelVersion

_NO_ONNX = "off"
_LOGS = ("training.log", "metrics.jsonl")


def publish_run(project: Project, request: PublishRequest) -> ModelVersion:
    """Publish a run as an immutable version.

    Raises:
        VersionExistsError: The version exists; nothing was changed.
        GateError: The evaluation does not show a gain, or there is none, and no reason was given.
        InputError: The run is not finished or the evaluation cannot be read.
    """
    project.registry.ensure_free(request.name, request.version)
    key = request.key or project.signing_key()
    project.registry.policy.check_signer(key)
    model = model_folder(request.run)
    record = read_record(request.evaluation) if request.evaluation else None
    base_hash, gates = run_origin(request.run).base_model_hash, project.config.gates
    precision = served_precision(project.config.publish)
    evidence = Evidence.of(record, request.run, precision, base_hash, gates)
    if request.unproven and record:
        excused = gates.model_copy(update={"gain": False})
        _refuse_failed(Evidence.of(record, request.run, precision, base_hash, excused))
    elif not request.reason and not request.unproven:
        _refuse_failed(evidence)
    card = describe(project, request, evidence)
    facts = VersionFacts(
        name=request.name,
        version=request.version,
        created=card.training_date,
        lineage=lineage(card),
        settings={"passages": asdict(card.passages), "fusion": asdict(card.fusion)},
        packages=package_versions(),
        metrics=tuple(item for item in card.comparisons if item.slice == "all"),
    )

    def fill(folder: Path) -> None:
        unwanted = shutil.ignore_patterns("README.md", ".*", *FOREIGN_FOLDERS)
        shutil.copytree(model, folder / MODEL_FOLDER, ignore=unwanted)
        if project.config.publish.onnx != _NO_ONNX:
            _export(project, folder / MODEL_FOLDER, precision)
        write_json(folder / CARD_NAME, card.to_json())
        write_text(folder / "README.md", render_readme(card, _rows(record)))
        if request.evaluation and project.config.publish.evaluation:
            shutil.copyfile(request.evaluation, folder / "evaluation.json")
        if request.anomaly:
            shutil.copytree(request.anomaly, folder / "anomaly")
        for name in _LOGS:
            if (request.run / name).is_file():
                shutil.copyfile(request.run / name, folder / name)

    return project.registry.publish(facts, fill, key)


def _export(project: Project, model: Path, precision: Precision) -> None:
    """Add the exported model; without it torch gives the same vectors, but none with 8-bit weights."""
    try:
        project.models.export(model, model_digest(model), precision)
    except ModelError as error:
        if precision is Precision.INT8:
            raise
        project.report(Alert(f"The version is published without an ONNX model, and torch serves it: {error.message}"))


def _refuse_failed(evidence: Evidence) -> None:
    remedy = 'Improve it, or publish anyway with --force-without-gain "your reason"; the card will carry it.'
    if evidence.record is None:
        raise GateError("There is no evaluation, so nothing shows that the model is better than its base.", remedy)
    if evidence.gates is None:
        raise GateError(
            "The evaluation does not compare this model with its base.",
            "Evaluate both together: --system base --system RUN.",
        )
    failed = [gate.reason for gate in evidence.gates if not gate.passed]
    if failed:
        raise GateError(f"Not published: {' '.join(failed)}", remedy)


def _rows(record: EvaluationRecord | None) -> tuple[SystemRow, ...]:
    if record is None:
        return ()
    return tuple(SystemRow(result.system, result.values) for result in record.evaluation.systems)
