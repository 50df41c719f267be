"""What a report tells of the making of its systems: logs of trainings, statistics of their data, digests."""

from __future__ import annotations

import importlib.metadata
import json
import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedtune import __version__
from embedtune.errors import InputError
from embedtune.evaluation.result import EvaluationRecord
from embedtune.files import JsonValue, digest_file, read_json
from embedtune.pipeline.pairs import PAIRS, STATS
from embedtune.pipeline.project import Project
from embedtune.pipeline.systems import SystemSpec
from embedtune.pipeline.trained_on import made_folder, recorded_pairs
from embedtune.pipeline.training import run_origin
from embedtune.report.content import Fact, Point, TrainingLog
from embedtune.training.records.recording import BASE_SHARE, METRICS
from embedtune.vocabulary.retrieval import Mode

_DATA = "data"
_LINES = ("loss", "recall@5", "mrr")
_MOST_POINTS = 400
_LIBRARIES = ("torch", "transformers", "sentence-transformers", "numpy", "bm25s")


def training_logs(project: Project, specs: Sequence[SystemSpec]) -> tuple[TrainingLog, ...]:
    """Return what was measured while the systems' models trained; one log a model, for those that have one."""
    logs: list[TrainingLog] = []
    seen: set[Path] = set()
    for spec in specs:
        folder = made_folder(project, spec.model)
        if folder is None or folder in seen or not (folder / METRICS).is_file():
            continue
        seen.add(folder)
        lines = read_log(folder / METRICS)
        if lines:
            logs.append(TrainingLog(spec.name, lines))
    return tuple(logs)


def read_log(path: Path) -> dict[str, tuple[Point, ...]]:
    """Return the points of each line of a ``metrics.jsonl``, at most 400 a line, evenly spread.

    A row that is not an object, or has no step, says nothing here: a run that was killed may leave half of one.
    Rows of the averaged model come after the training and are left out.
    """
    points: dict[str, list[Point]] = {name: [] for name in _LINES}
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            row = _row(line)
            step = _number(row.get("step"))
            if step is None or BASE_SHARE in row:
                continue
            for name, known in points.items():
                value = _number(row.get(name))
                if value is not None:
                    known.append((step, value))
    return {name: _thinned(known) for name, known in points.items() if known}


def training_statistics(project: Project, specs: Sequence[SystemSpec]) -> Mapping[str, JsonValue]:
    """Return the statistics of the project's pairs, if a system was trained on them; empty if none was."""
    folder = project.workspace.folder(_DATA)
    if not (folder / PAIRS).is_file() or not (folder / STATS).is_file():
        return {}
    digest = digest_file(folder / PAIRS)
    for spec in specs:
        try:
            if recorded_pairs(project, spec.model) != digest:
                continue
            found = read_json(folder / STATS)
        except InputError:
            continue
        return found if isinstance(found, dict) else {}
    return {}


def lineage_facts(project: Project, record: EvaluationRecord, specs: Sequence[SystemSpec]) -> tuple[Fact, ...]:
    """Return what corpus, questions, judgements and models were, by their digests."""
    evaluation = record.evaluation
    facts = [
        Fact("corpus", evaluation.corpus_digest),
        Fact("judgements", evaluation.qrels_digest),
        Fact("questions", str(record.details.get("test_questions", ""))),
    ]
    made = record.details.get("systems")
    for spec in specs:
        row = made.get(spec.name) if isinstance(made, Mapping) else None
        if isinstance(row, Mapping) and row.get("model"):
            facts.append(Fact(f"{spec.name}: model", str(row["model"])))
    for spec in specs:
        facts += _origin(project, spec)
    return tuple(fact for fact in facts if fact.value)


def reproduction_facts(record: EvaluationRecord) -> tuple[Fact, ...]:
    """Return what has to be the same for the figures to come out the same."""
    evaluation = record.evaluation
    settings = ", ".join(f"{key} {value}" for key, value in evaluation.settings.model_dump(mode="json").items())
    made_with = record.details.get("environment")
    facts = (
        Fact("seed", str(evaluation.seed)),
        Fact("settings", settings.replace("_", " ")),
        *(Fact(name, str(value)) for name, value in (made_with.items() if isinstance(made_with, Mapping) else ())),
        Fact("date", record.date),
    )
    return tuple(fact for fact in facts if fact.value)


def environment() -> dict[str, JsonValue]:
    """Return the release, the libraries and the machine that an evaluation is made with."""
    return {
        "embedtune": __version__,
        "libraries": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES),
        "machine": f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
    }


def _origin(project: Project, spec: SystemSpec) -> list[Fact]:
    run = made_folder(project, spec.model)
    if run is None or spec.mode is Mode.HYBRID:
        return []
    try:
        origin = run_origin(run)
    except InputError:
        return []
    learned = f"{origin.trainable_params:,} of {origin.total_params:,} parameters learned"
    return [
        Fact(f"{spec.name}: base model", f"{origin.base_model} ({learned}), {origin.base_model_hash}"),
        Fact(f"{spec.name}: training pairs", origin.pairs_hash),
        Fact(f"{spec.name}: settings", origin.config_hash),
    ]


def _row(line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _number(value: object) -> float | None:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    return number if math.isfinite(number) else None


def _thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    if len(points) <= _MOST_POINTS:
        return tuple(points)
    last = len(points) - 1
    return tuple(points[place * last // (_MOST_POINTS - 1)] for place in range(_MOST_POINTS))
