"""Compare systems on one set of questions and conclude what the figures allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter

from embedtune.artifacts.card import QuestionOrigin
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import model_folder
from embedtune.encoders.onnx_files import exported_digest
from embedtune.errors import InputError
from embedtune.evaluation.compare import evaluate_systems
from embedtune.evaluation.leakage import leak_report
from embedtune.evaluation.outcome import Benchmark
from embedtune.evaluation.question_traits import overlap_labels
from embedtune.evaluation.result import EvaluationRecord, write_record
from embedtune.evaluation.slices import OVERLAP
from embedtune.evaluation.trec import run_file_name, write_qrels, write_run
from embedtune.files import JsonValue, digest_value
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import QuestionSet, origins_of
from embedtune.pipeline.report_lineage import environment
from embedtune.pipeline.reporting import report_content, write_report
from embedtune.pipeline.robustness import measure_robustness
from embedtune.pipeline.sampling import Sample
from embedtune.pipeline.systems import BASE, BM25, HYBRID, SystemSpec, SystemUnderTest, Workbench, default_comparisons
from embedtune.pipeline.verdicts import GATE_METRIC, check_candidates
from embedtune.pipeline.wiring import served_name, served_precision
from embedtune.pipeline.workspace import Plan
from embedtune.retrieval.choosing import TuningResult
from embedtune.retrieval.retriever import POOL_DEPTH
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.pairs import TrainingPair
from embedtune.vocabulary.retrieval import FusionSettings, Mode, PassageSettings

STAGE = "evaluation"
RESULT = "evaluation.json"
RUNS = "runs"
QRELS = "qrels.tsv"
REPORT = "report.html"
TUNED = "tuned"
_UNTUNED = FusionSettings()
_PASSAGES = TypeAdapter(PassageSettings)
_FUSION = TypeAdapter(FusionSettings)


def evaluate(
    project: Project,
    questions: QuestionSet,
    specs: Sequence[SystemSpec],
    *,
    trained_on: Sequence[TrainingPair] | None = None,
    robustness: bool = False,
    sample: Sample | None = None,
    command: str = "",
) -> EvaluationRecord:
    """Ask systems the test questions of a set and compare them.

    Whatever is tuned is tuned on the set's human dev questions, never on those reported; the
    record's details say what was tuned on what.

    Args:
        project: Settings, models and reporter.
        questions: The corpus and the questions.
        specs: The systems.
        trained_on: All that the systems' models were trained on; ``None`` if it is not known, so that leaks
            are not looked for.
        robustness: Ask variants of the questions too.
        sample: How the questions were drawn from more, where they were.
        command: What makes the same evaluation again, for whoever reads the record.

    Raises:
        InputError: No system was named.
        ModelError: A system's model cannot be had.
    """
    if not specs:
        raise InputError("No system was named.", "Name one with --system, such as --system base.")
    cache = project.vector_cache()
    bench = Workbench(questions, project.models, project.config.retrieval, project.report, cache)
    bench.find(specs)
    systems = [bench.build(spec) for spec in specs]
    texts = {section.id: section.full_text for section in questions.sections}
    overlap = overlap_labels(questions.test.queries, questions.test.qrels, texts)
    benchmark = Benchmark(
        queries=questions.test.queries,
        qrels=questions.test.qrels,
        corpus_digest=corpus_digest(questions.sections),
        attributes={**questions.attributes, OVERLAP: overlap},
        section_groups=questions.groups,
        equal_sections=questions.standing,
    )
    evaluation = evaluate_systems(
        [system.ranker for system in systems],
        benchmark,
        default_comparisons(specs),
        project.config.evaluation,
        project.seed,
        project.report,
        {system.spec.name: system.similarity for system in systems if system.similarity is not None},
    )
    similarity = project.config.filters.leak_threshold
    record = EvaluationRecord(
        evaluation,
        leakage=(
            {}
            if trained_on is None
            else leak_report(benchmark, evaluation.runs, trained_on, questions.sections, similarity).as_json()
        ),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        details=_details(questions, bench, systems, sample, command),
        robustness=(
            measure_robustness(questions, systems, project.models, project.seed, project.report) if robustness else None
        ),
    )
    return replace(record, gates=check_candidates(record, specs, project.config.gates))


def write_evaluation(record: EvaluationRecord, questions: QuestionSet, result: Path) -> None:
    """Write the result as JSON, and the rankings and judgements as TREC files beside it."""
    write_record(result, record)
    runs = result.parent / RUNS
    write_qrels(runs / QRELS, questions.scored_qrels)
    for run in record.evaluation.runs:
        write_run(runs / run_file_name(run.system), run)


def evaluation_stage(
    project: Project,
    questions: QuestionSet,
    run: Path,
    training_pairs: Sequence[TrainingPair],
    command: str = "embedtune run",
) -> Path:
    """Compare the project's run with the baselines; returns the result's file.

    Args:
        project: The project.
        questions: What is asked.
        run: The run folder.
        training_pairs: All that was trained on.
        command: What makes the same evaluation again.
    """
    located = project.models.located_base()
    precision = served_precision(project.config.publish)
    plan = Plan(
        STAGE,
        f"comparing systems on {len(questions.test.qrels)} questions ({questions.name})",
        {
            "model": exported_digest(model_digest(model_folder(run)), precision),
            "base_model": model_digest(located.folder),
            "sections": corpus_digest(questions.sections),
            "questions": questions.test.digest,
            "dev_questions": questions.dev.digest if questions.dev else "",
            "labels": digest_value([dict(questions.groups), {k: dict(v) for k, v in questions.attributes.items()}]),
            "trained_on": digest_value(
                [[p.query.id, p.query.text, p.positive, p.provenance.section_id] for p in training_pairs]
            ),
        },
        (project.config.retrieval, project.config.evaluation, project.config.gates, project.seed),
        (RESULT, RUNS, REPORT),
    )
    served = served_name(run, project.config.publish)
    specs = [
        SystemSpec.parse(BASE),
        SystemSpec.parse(BM25),
        SystemSpec.parse(f"{HYBRID}{BASE}"),
        SystemSpec(TUNED, served, Mode.DENSE),
        SystemSpec(f"{HYBRID}{TUNED}", served, Mode.HYBRID),
    ]

    def work(folder: Path) -> str:
        record = evaluate(project, questions, specs, trained_on=training_pairs, robustness=True, command=command)
        write_evaluation(record, questions, folder / RESULT)
        write_report(report_content(project, record, questions, specs), folder / REPORT)
        gain = record.evaluation.comparison(GATE_METRIC, BASE, TUNED)
        if gain is None:
            return f"{record.evaluation.n} questions are too few for a comparison"
        verdict = gain.verdict if gain.verdict == "no clear difference" else f"tuned is {gain.verdict} than base"
        return f"{verdict}: nDCG@10 {gain.delta:+.3f} [{gain.ci_low:+.3f}, {gain.ci_high:+.3f}]"

    return project.workspace.run_stage(plan, work, project.report) / RESULT


def tuned_settings(
    record: EvaluationRecord | None, digest: str, untuned: FusionSettings = _UNTUNED
) -> tuple[PassageSettings, FusionSettings]:
    """Return passages and fusion that an evaluation chose for a model; the defaults where it chose none.

    Args:
        record: The evaluation.
        digest: The model's digest.
        untuned: The fusion where it chose none.
    """
    systems = _systems(record) if record else {}
    for mode in (Mode.HYBRID, Mode.DENSE):
        for system in systems.values():
            if system.get("model") == digest and system.get("mode") == mode.value:
                return _settings_from(system)
    return PassageSettings(), untuned


def candidate_names(record: EvaluationRecord, digest: str) -> tuple[str, ...]:
    """Return the systems of an evaluation that used a model, the dense ones first."""
    found = [name for name, system in _systems(record).items() if system.get("model") == digest]
    return tuple(sorted(found, key=lambda name: (name.startswith(HYBRID), name)))


def base_digest(record: EvaluationRecord) -> str:
    """Return the digest of the model that an evaluation calls the base, empty if it asked none."""
    return str(_systems(record).get(BASE, {}).get("model", ""))


def _systems(record: EvaluationRecord) -> dict[str, Mapping[str, JsonValue]]:
    """Return what a record says of the making of each system; a file from elsewhere may say nothing."""
    systems = record.details.get("systems")
    if not isinstance(systems, Mapping):
        return {}
    return {name: system for name, system in systems.items() if isinstance(system, Mapping)}


def _settings_from(system: Mapping[str, JsonValue]) -> tuple[PassageSettings, FusionSettings]:
    return _PASSAGES.validate_python(system["passages"]), _FUSION.validate_python(system["fusion"])


def _details(
    questions: QuestionSet, bench: Workbench, systems: Sequence[SystemUnderTest], sample: Sample | None, command: str
) -> dict[str, JsonValue]:
    return {
        "questions": questions.name,
        "question_origin": QuestionOrigin.of(origins_of(questions)).value,
        "test_questions": digest_value([query.id for query in questions.test.queries]),
        "dev_questions": len(questions.dev.qrels) if questions.dev else 0,
        "sample": sample.as_json() if sample else None,
        "candidates": {
            "sections": len(questions.sections),
            "passage_choices": [cut.label for cut in bench.affordable],
            "sections_per_component": POOL_DEPTH,
        },
        "systems": {system.spec.name: _system_details(system) for system in systems},
        "command": command,
        "environment": environment(),
    }


def _system_details(system: SystemUnderTest) -> JsonValue:
    row: dict[str, JsonValue] = {
        "mode": system.spec.mode.value,
        "model": system.model_digest,
        "passages_searched": system.passages,
    }
    if system.tuning:
        row |= _tuning_details(system.tuning)
    if system.keywords:
        row["keywords"] = cast("JsonValue", asdict(system.keywords))
    return row


def _tuning_details(tuning: TuningResult) -> dict[str, JsonValue]:
    return {
        "passages": asdict(tuning.passages),
        "fusion": cast("JsonValue", asdict(tuning.fusion)),
        "tuned_on": tuning.n,
        "dev_value": tuning.dev_value,
        "reason": tuning.reason,
    }
