"""Compare systems on one set of questions and conclude what the figures allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from embedtune.artifacts.card import QuestionOrigin
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import model_folder
from embedtune.errors import InputError
from embedtune.evaluation.compare import evaluate_systems
from embedtune.evaluation.gates import NoDomainWorse, OverallGain
from embedtune.evaluation.outcome import Benchmark, Evaluation
from embedtune.evaluation.result import EvaluationRecord, write_record
from embedtune.evaluation.trec import run_file_name, write_qrels, write_run
from embedtune.files import JsonValue, digest_value
from embedtune.pairs.questions import question_key
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import QuestionSet, origins_of
from embedtune.pipeline.systems import BASE, BM25, HYBRID, SystemSpec, SystemUnderTest, Workbench, default_comparisons
from embedtune.pipeline.workspace import Plan
from embedtune.retrieval.tuning import TuningResult
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.evaluation import GateResult
from embedtune.vocabulary.pairs import TrainingPair
from embedtune.vocabulary.retrieval import FusionMethod, FusionSettings, Mode, PassageSettings

STAGE = "evaluation"
RESULT = "evaluation.json"
RUNS = "runs"
TUNED = "tuned"
GATE_METRIC = "ndcg@10"


def evaluate(project: Project, questions: QuestionSet, specs: Sequence[SystemSpec]) -> EvaluationRecord:
    """Ask systems the test questions of a set and compare them.

    Whatever is tuned is tuned on the set's human dev questions, never on those reported; the
    record's details say what was tuned on what.

    Raises:
        InputError: No system was named.
        ModelError: A system's model cannot be had.
    """
    if not specs:
        raise InputError("No system was named.", "Name one with --system, such as --system base.")
    bench = Workbench(questions, project.models, project.config.retrieval, project.report)
    systems = [bench.build(spec) for spec in specs]
    benchmark = Benchmark(
        queries=questions.test.queries,
        qrels=questions.test.qrels,
        corpus_digest=corpus_digest(questions.sections),
        attributes=questions.attributes,
        section_groups=questions.groups,
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
    return EvaluationRecord(
        evaluation,
        gates=_gates(evaluation, specs),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        details=_details(questions, systems),
    )


def write_evaluation(record: EvaluationRecord, questions: QuestionSet, result: Path) -> None:
    """Write the result as JSON, and the rankings and judgements as TREC files beside it."""
    write_record(result, record)
    runs = result.parent / RUNS
    write_qrels(runs / "qrels.tsv", questions.test.qrels)
    for run in record.evaluation.runs:
        write_run(runs / run_file_name(run.system), run)


def evaluation_stage(
    project: Project, questions: QuestionSet, run: Path, training_pairs: Sequence[TrainingPair]
) -> Path:
    """Compare the project's run with the baselines; returns the result's file."""
    located = project.models.located_base()
    plan = Plan(
        STAGE,
        f"comparing systems on {len(questions.test.qrels)} questions ({questions.name})",
        {
            "model": model_digest(model_folder(run)),
            "base_model": model_digest(located.folder),
            "sections": corpus_digest(questions.sections),
            "questions": questions.test.digest,
            "dev_questions": questions.dev.digest if questions.dev else "",
            "labels": digest_value([dict(questions.groups), {k: dict(v) for k, v in questions.attributes.items()}]),
            "trained_on": digest_value([pair.query.text for pair in training_pairs]),
        },
        (project.config.retrieval, project.config.evaluation, project.seed),
        (RESULT, RUNS),
    )
    specs = [
        SystemSpec.parse(BASE),
        SystemSpec.parse(BM25),
        SystemSpec.parse(f"{HYBRID}{BASE}"),
        SystemSpec(TUNED, str(run), Mode.DENSE),
        SystemSpec(f"{HYBRID}{TUNED}", str(run), Mode.HYBRID),
    ]

    def work(folder: Path) -> str:
        record = evaluate(project, questions, specs)
        record = replace(record, leakage=leaked_questions(questions, training_pairs))
        write_evaluation(record, questions, folder / RESULT)
        gain = record.evaluation.comparison(GATE_METRIC, BASE, TUNED)
        if gain is None:
            return f"{record.evaluation.n} questions are too few for a comparison"
        verdict = gain.verdict if gain.verdict == "no clear difference" else f"tuned is {gain.verdict} than base"
        return f"{verdict}: nDCG@10 {gain.delta:+.3f} [{gain.ci_low:+.3f}, {gain.ci_high:+.3f}]"

    return project.workspace.run_stage(plan, work, project.report) / RESULT


def leaked_questions(questions: QuestionSet, training_pairs: Sequence[TrainingPair]) -> dict[str, JsonValue]:
    """Return which test questions, but for case and punctuation, were trained on."""
    trained = {question_key(pair.query.text) for pair in training_pairs}
    leaked = [query.id for query in questions.test.queries if question_key(query.text) in trained]
    return {
        "training_questions": len(trained),
        "test_questions_trained_on": len(leaked),
        "ids": cast("JsonValue", leaked),
    }


def tuned_settings(record: EvaluationRecord | None, digest: str) -> tuple[PassageSettings, FusionSettings]:
    """Return passages and fusion that an evaluation chose for a model; the defaults where it chose none.

    Args:
        record: The evaluation.
        digest: The model's digest.
    """
    systems = _systems(record) if record else {}
    for mode in (Mode.HYBRID, Mode.DENSE):
        for system in systems.values():
            if system.get("model") == digest and system.get("mode") == mode.value:
                return _settings_from(system)
    return PassageSettings(), FusionSettings()


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
    passages = cast("dict[str, float | None]", system["passages"])
    fusion = cast("dict[str, str]", system["fusion"])
    words = passages["words"]
    return (
        PassageSettings(None if words is None else int(words), float(passages["overlap"] or 0.0)),
        FusionSettings(FusionMethod(fusion["method"]), float(fusion["dense_weight"])),
    )


def check_gates(evaluation: Evaluation, candidate: str) -> tuple[GateResult, ...]:
    """Check the claim "better than base, and in no domain worse" of one system; nothing without the base."""
    if evaluation.system(BASE) is None:
        return ()
    gates = (OverallGain(GATE_METRIC, BASE, candidate), NoDomainWorse(GATE_METRIC, BASE, candidate))
    return tuple(gate.check(evaluation) for gate in gates)


def _gates(evaluation: Evaluation, specs: Sequence[SystemSpec]) -> tuple[GateResult, ...]:
    """Check every model that is not the base by its vectors alone: a hybrid's gain may be BM25's."""
    candidates = [spec.name for spec in specs if spec.mode is Mode.DENSE and spec.model != BASE]
    return tuple(gate for candidate in candidates for gate in check_gates(evaluation, candidate))


def _details(questions: QuestionSet, systems: Sequence[SystemUnderTest]) -> dict[str, JsonValue]:
    return {
        "questions": questions.name,
        "question_origin": QuestionOrigin.of(origins_of(questions)).value,
        "test_questions": digest_value([query.id for query in questions.test.queries]),
        "dev_questions": len(questions.dev.qrels) if questions.dev else 0,
        "systems": {system.spec.name: _system_details(system) for system in systems},
    }


def _system_details(system: SystemUnderTest) -> JsonValue:
    row: dict[str, JsonValue] = {"mode": system.spec.mode.value, "model": system.model_digest}
    if system.tuning:
        row |= _tuning_details(system.tuning)
    return row


def _tuning_details(tuning: TuningResult) -> dict[str, JsonValue]:
    return {
        "passages": asdict(tuning.passages),
        "fusion": {"method": tuning.fusion.method.value, "dense_weight": tuning.fusion.dense_weight},
        "tuned_on": tuning.n,
        "dev_value": tuning.dev_value,
        "reason": tuning.reason,
    }
