"""A report of an evaluation that was written earlier: nothing is encoded or asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from embedtune.artifacts.manifest import served_digest
from embedtune.encoders.digests import model_digest
from embedtune.encoders.locate import model_folder
from embedtune.encoders.remote_name import PREFIX
from embedtune.errors import EmbedtuneError, InputError
from embedtune.evaluation.metrics import Measure, score_run
from embedtune.evaluation.result import EvaluationRecord, read_record
from embedtune.evaluation.trec import read_qrels, read_run, run_file_name
from embedtune.pipeline.evaluation import QRELS, RUNS, TUNED
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import QuestionSet
from embedtune.pipeline.reporting import content_of, judgements
from embedtune.pipeline.systems import BASE, HYBRID, SystemSpec
from embedtune.pipeline.training import STAGE as TRAINING
from embedtune.report.content import ReportContent
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query
from embedtune.vocabulary.retrieval import Mode

_CHECKED = Measure.parse("ndcg@10")
_SAME = 1e-9
_AGAIN = "Evaluate again with -o and --report."


def saved_content(
    project: Project, result: Path, questions: QuestionSet | None = None, *, with_texts: bool = True
) -> ReportContent:
    """Return what a report says of an evaluation that was written to a file.

    Args:
        project: Where trainings, versions and data are looked for.
        result: The evaluation's JSON file; its rankings lie in ``runs/`` beside it.
        questions: The questions that it asked, for their texts and those of the corpus; ``None`` shows ids.
        with_texts: Whether questions, headings and excerpts are shown, where they are given.

    Raises:
        InputError: The result or its rankings are missing, or do not belong together or to the questions.
        FormatError: A file is malformed.
    """
    record, qrels = read_saved(result)
    specs = _specs(project, record)
    if questions is None:
        queries = [Query(query, "", Origin.HUMAN) for query in qrels.query_ids]
        return content_of(project, record, specs, queries, qrels, {}, with_texts=False)
    _check_questions(record, qrels, questions, result)
    sections = {section.id: section for section in questions.sections}
    return content_of(project, record, specs, questions.test.queries, qrels, sections, with_texts=with_texts)


def read_saved(result: Path) -> tuple[EvaluationRecord, Qrels]:
    """Read an evaluation with the rankings and judgements that `write_evaluation` left beside it.

    Raises:
        InputError: Something is missing, or rankings and figures are not of one evaluation.
        FormatError: A file is malformed.
    """
    record, folder = read_record(result), result.parent / RUNS
    if not (folder / QRELS).is_file():
        raise InputError(f"{folder / QRELS} is missing: a report needs the rankings beside {result.name}.", _AGAIN)
    evaluation, qrels = record.evaluation, read_qrels(folder / QRELS)
    runs = tuple(
        read_run(folder / run_file_name(one.system), evaluation.corpus_digest, qrels.query_ids, one.system)
        for one in evaluation.systems
    )
    for one, run in zip(evaluation.systems, runs, strict=True):
        scored = score_run(run, qrels, [_CHECKED])[_CHECKED.name].mean
        if abs(scored - one.values.get(_CHECKED.name, scored)) > _SAME or len(qrels) != evaluation.n:
            raise InputError(
                f"The rankings in {folder} are not those of {result.name}: {_CHECKED.name} of {one.system} is "
                f"{scored:.4f} by them.",
                "Another evaluation was written there since. " + _AGAIN,
            )
    return replace(record, evaluation=replace(evaluation, runs=runs)), qrels


def _check_questions(record: EvaluationRecord, qrels: Qrels, questions: QuestionSet, result: Path) -> None:
    known = {query.id for query in questions.test.queries}
    same = judgements(record, questions)
    if corpus_digest(questions.sections) != record.evaluation.corpus_digest:
        fault = "searched another corpus than the one given"
    elif any(query not in known or same.grades(query) != qrels.grades(query) for query in qrels.query_ids):
        fault = "asked other questions than those given, or judged them otherwise"
    else:
        return
    raise InputError(
        f"{result.name} {fault}.",
        "Give the documents and questions that it was made with, or none: ids are shown then.",
    )


def _specs(project: Project, record: EvaluationRecord) -> list[SystemSpec]:
    """Return the systems; one whose folder does not hold its model any more is known by the model's digest alone."""
    made = record.details.get("systems")
    rows = made if isinstance(made, Mapping) else {}
    specs: list[SystemSpec] = []
    for one in record.evaluation.systems:
        row = rows.get(one.system)
        digest, mode = (str(row.get(key, "")) for key in ("model", "mode")) if isinstance(row, Mapping) else ("", "")
        if mode not in set(Mode):
            raise InputError(f"The result does not say how {one.system} ranks.", _AGAIN)
        specs.append(SystemSpec(one.system, _model(project, one.system.removeprefix(HYBRID), digest), Mode(mode)))
    return specs


def _model(project: Project, name: str, digest: str) -> str:
    if name == BASE or name.startswith(PREFIX) or not digest:
        return name if digest else ""
    places = (name, str(project.workspace.folder(TRAINING))) if name == TUNED else (name,)
    return next((place for place in places if _holds(project, place, digest)), digest)


def _holds(project: Project, place: str, digest: str) -> bool:
    try:
        if Path(place).is_dir():
            return model_digest(model_folder(Path(place))) == digest
        return served_digest(project.registry.find(place).manifest) == digest
    except EmbedtuneError:
        return False
