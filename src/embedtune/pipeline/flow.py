"""The whole flow, from documents to a version that searches; each stage runs once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.corpus.folder import digest_corpus_files, find_files
from embedtune.encoders.digests import model_digest
from embedtune.errors import InputError, VersionExistsError
from embedtune.evaluation.result import EvaluationRecord, read_record
from embedtune.events import Alert, StageFinished, StageSkipped, StageStarted
from embedtune.files import JsonValue, digest_file, digest_value, read_json, write_json
from embedtune.pairs.formats.test_suite import TestSuite
from embedtune.pipeline.anomaly_stage import anomaly_stage
from embedtune.pipeline.corpus import SplitCorpus, sections_stage
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.evaluation import TUNED, evaluation_stage, tuned_settings
from embedtune.pipeline.human_questions import HumanQuestions, questions_digest
from embedtune.pipeline.index_stage import StandBy, index_stage
from embedtune.pipeline.indexing import IndexRequest
from embedtune.pipeline.keyword_choice import untuned_fusion
from embedtune.pipeline.mining import corpus_pool
from embedtune.pipeline.pairs import PAIRS, data_stage, project_questions, question_files, read_pairs
from embedtune.pipeline.project import Project, config_digest
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.questions import (
    JudgedQueries,
    QuestionSet,
    generated_questions,
    read_suites,
    suite_questions,
    suite_texts,
)
from embedtune.pipeline.systems import BASE
from embedtune.pipeline.training import training_stage
from embedtune.pipeline.verdicts import GATE_METRIC
from embedtune.vocabulary.pairs import Split
from embedtune.vocabulary.versions import ModelVersion

_PUBLISHED = "published.json"
_UNPROVEN = "There were no questions from people, and the generated ones show no clear gain or loss."
_UNMEASURED = "There were no questions from people, and the corpus is too small to hold sections out."


@dataclass(frozen=True, slots=True)
class FlowResult:
    """What a run of the whole flow left.

    Attributes:
        version: The published version.
        run: The run folder.
        data: The folder of the training pairs.
        index: The index folder.
        record: The evaluation, ``None`` where there was nothing to ask.
        evaluation: Its file.
    """

    version: ModelVersion
    run: Path
    data: Path
    index: Path
    record: EvaluationRecord | None
    evaluation: Path | None


def run_flow(project: Project, command: str = "embedtune run") -> FlowResult:
    """Run every stage that is not done yet.

    Args:
        project: The project.
        command: What the user called, for the report.

    Raises:
        VersionExistsError: The configured version exists and was made from something else.
        GateError: The tuned model shows no gain on human questions, or a loss on generated ones, and no reason
            to publish it was configured.
        InputError: An input cannot be used.
        InterruptedRunError: A signal stopped the training; run again to go on.
    """
    config = project.config
    paths = [project.workspace.resolve(name) for name in config.project.test_suites]
    suites = read_suites(paths)
    making = _making(project, paths)
    _check_version_free(project, making)
    corpus = sections_stage(project)
    human = project_questions(project, corpus, suite_texts(suites))
    data = data_stage(project, corpus, suite_texts(suites), human)
    pool = corpus_pool(project, corpus) if config.training.remine_epochs else None
    run = training_stage(project, data / PAIRS, pool)
    anomaly = anomaly_stage(project, run, data / PAIRS, corpus)
    by_people = _asked(project, corpus, suites, human)
    questions = by_people or _generated(data / PAIRS, corpus, human)
    evaluation = _evaluate(project, questions, run, data / PAIRS, command)
    record = read_record(evaluation) if evaluation else None
    request = PublishRequest(
        run=run,
        version=config.publish.version,
        name=config.publish.name,
        evaluation=evaluation,
        anomaly=anomaly,
        corpus=corpus.digest,
        pairs=data / PAIRS,
        reason=config.publish.force_without_gain,
        unproven="" if config.publish.force_without_gain else _unproven(project, record, by_people),
    )
    version = _publish(project, request, making)
    index = _index(project, corpus, version, record, human.dev if human else None)
    return FlowResult(version, run, data, index, record, evaluation)


def _asked(
    project: Project, corpus: SplitCorpus, suites: Sequence[TestSuite], human: HumanQuestions | None
) -> QuestionSet | None:
    """Return the questions from people to report on: those of test suites, else those on held-out sections.

    Held-out questions about too few sections to give an interval are not reported on: no gate could pass.
    """
    dev = human.dev if human else None
    if suites:
        return replace(suite_questions(suites, corpus.sections, corpus.split, project.report), dev=dev)
    if human and human.test:
        qrels, clusters = human.test.qrels, corpus.split.cluster_of
        asked = {clusters[section] for query in qrels.query_ids for section in qrels.relevant(query)}
        if len(asked) < project.config.evaluation.min_slice:
            project.report(Alert(f"People's questions about {len(asked)} held-out sections are too few to report on."))
            return None
        name = "questions from people, held-out sections"
        return QuestionSet(name, corpus.sections, human.test, dev, groups=corpus.split.cluster_of)
    return None


def _generated(pairs: Path, corpus: SplitCorpus, human: HumanQuestions | None) -> QuestionSet | None:
    """Return the generated questions on held-out sections; what people asked about dev sections still tunes."""
    questions = generated_questions(read_pairs(pairs), corpus.sections, corpus.split)
    return replace(questions, dev=human.dev) if questions and human else questions


def _evaluate(project: Project, questions: QuestionSet | None, run: Path, pairs: Path, command: str) -> Path | None:
    """Compare the run with the baselines; ``None`` where no section was held out and there is nothing to ask."""
    if questions is None:
        return None
    trained = [pair for pair in read_pairs(pairs) if pair.provenance.split is Split.TRAIN]
    return evaluation_stage(project, questions, run, trained, command)


def _unproven(project: Project, record: EvaluationRecord | None, by_people: QuestionSet | None) -> str:
    """Return why a version without human questions may be published though nothing proves a gain.

    Generated questions cannot prove a gain for people, and a small corpus holds few of them out. Such a
    version is published with that on its card; a significant loss, even on generated questions, still
    refuses it, and so does a missing gain on human ones.
    """
    if by_people is not None:
        return ""
    gain = record.evaluation.comparison(GATE_METRIC, BASE, TUNED) if record else None
    if gain is not None and gain.verdict != "no clear difference":
        return ""
    reason = _UNPROVEN if record else _UNMEASURED
    project.report(Alert(f"{reason} Name a test suite in project.test_suites to find out."))
    return reason


def _making(project: Project, suites: list[Path]) -> str:
    """Return the digest of everything that a version is made from, before anything is made."""
    files = find_files(project.workspace.resolve(project.config.project.corpus))
    return digest_value(
        [
            digest_corpus_files(files),
            [digest_file(path) for path in suites],
            questions_digest(question_files(project)),
            config_digest(project.config),
            model_digest(project.models.located_base().folder),
        ]
    )


def _check_version_free(project: Project, making: str) -> None:
    """Refuse early: a training whose version cannot be published would be for nothing."""
    publish = project.config.publish
    try:
        project.registry.ensure_free(publish.name, publish.version)
    except VersionExistsError as error:
        label = f"{publish.name}-{publish.version}"
        if _made_from(project).get(label) != making:
            raise VersionExistsError(
                f"{label} exists already and was made from other documents or settings.",
                "Set publish.version to a new number; versions never change.",
            ) from error


def _made_from(project: Project) -> dict[str, JsonValue]:
    """Return the digest of what each of the project's versions was made from."""
    try:
        known = read_json(project.workspace.root / _PUBLISHED)
    except InputError:
        return {}
    return known if isinstance(known, dict) else {}


def _publish(project: Project, request: PublishRequest, making: str) -> ModelVersion:
    label = f"{request.name}-{request.version}"
    made_from = _made_from(project)
    if made_from.get(label) == making and label in project.registry.labels():
        version = project.registry.find(label)
        project.report(StageSkipped("publish", f"{version.place} is there"))
        return version
    project.report(StageStarted("publish", f"publishing {label}"))
    started = time.monotonic()
    write_json(project.workspace.root / _PUBLISHED, {**made_from, label: making})
    version = publish_run(project, request)
    summary = f"{len(version.manifest.files)} files, {version.manifest.files_digest[:23]}… in {version.place}"
    project.report(StageFinished("publish", time.monotonic() - started, summary))
    return version


def _index(
    project: Project,
    corpus: SplitCorpus,
    version: ModelVersion,
    record: EvaluationRecord | None,
    dev: JudgedQueries | None,
) -> Path:
    encoder = project.models.named(str(version.folder or version.label))
    untuned = untuned_fusion(project.config.retrieval)
    passages, fusion = tuned_settings(record, encoder.digest, untuned)
    request = IndexRequest(
        corpus.sections,
        encoder,
        version.label,
        passages,
        fusion,
        dev=dev,
        settings=project.config.index,
    )
    base = project.models.base_digest() if project.config.index.baseline else ""
    standing_by = StandBy(base, *tuned_settings(record, base, untuned)) if base and base != encoder.digest else None
    return index_stage(project, request, standing_by)
