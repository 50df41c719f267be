"""Questions, positives and hard negatives: the training data, as a file and as a stage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.encoders.digests import model_digest
from embedtune.errors import InputError
from embedtune.events import Report, silent
from embedtune.files import digest_file, digest_value, read_json, write_json
from embedtune.pairs.formats.case_selection import Selection
from embedtune.pairs.formats.pairs_file import read_pairs_file, write_pairs_file
from embedtune.pairs.formats.training_pairs import write_training_pairs
from embedtune.pairs.statistics import CORPUS_DIGEST, PAIRS_DIGEST, PairStatistics
from embedtune.pipeline.corpus import SplitCorpus, read_documents, split_corpus
from embedtune.pipeline.generation import generate_pairs, statistics_of
from embedtune.pipeline.human_questions import HumanQuestions, human_questions, questions_digest
from embedtune.pipeline.mining import add_negatives, corpus_pool, training_passages
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import EVERYTHING, read_suites, suite_texts
from embedtune.pipeline.skipped_rows import tell_skipped
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.pairs import Split, TrainingPair

PAIRS = "pairs.jsonl"
STATS = "stats.json"


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What the command line asks of `generate_file`.

    Attributes:
        output: The file of pairs; ``stats.json`` goes beside it.
        corpus: Folder of documents, or one document, or
        beir: a BEIR folder, whose documents are the sections.
        questions: Files with questions from people that may be trained on.
        suites: Test suites; nothing near-equal to their questions comes out.
        selection: Which of the questions from people are wanted.
        mapping: What the test suites call a field of a case.
        hard_negatives: Whether negatives are mined.
        skip_bad_lines: Go on after a malformed row.
    """

    output: Path
    corpus: Path | None = None
    beir: Path | None = None
    questions: tuple[Path, ...] = ()
    suites: tuple[Path, ...] = ()
    selection: Selection = EVERYTHING
    mapping: tuple[tuple[str, str], ...] = ()
    hard_negatives: bool = False
    skip_bad_lines: bool = False


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """What `generate_file` wrote: how many pairs from how many sections, and their statistics."""

    pairs: int
    sections: int
    statistics: PairStatistics


def generate_file(project: Project, request: GenerationRequest) -> GeneratedFile:
    """Write training pairs for a corpus, and their statistics.

    Raises:
        InputError: The documents or a file of questions cannot be used, or no question could be written.
    """
    if request.output.name == STATS:
        raise InputError(f"{request.output} is where the statistics go.", "Give the file of pairs another name.")
    suites = read_suites(
        request.suites, dict(request.mapping), skip_bad_lines=request.skip_bad_lines, report=project.report
    )
    forbidden = suite_texts(suites)
    sections = read_documents(project, request.corpus, request.beir)
    corpus = split_corpus(project, sections)
    human = None
    if request.questions:
        human = human_questions(
            project,
            corpus,
            request.questions,
            forbidden,
            selection=request.selection,
            skip_bad_lines=request.skip_bad_lines,
        )
    generated = generate_pairs(project, corpus, forbidden, human)
    pairs = generated.pairs
    if request.hard_negatives:
        pairs = add_negatives(project, pairs, corpus_pool(project, corpus))
    statistics = statistics_of(generated, corpus, pairs)
    write_pairs_file(request.output, pairs)
    written = _write_statistics(request.output, statistics)
    return GeneratedFile(len(pairs), len(sections), written)


def project_questions(project: Project, corpus: SplitCorpus, test_questions: tuple[str, ...]) -> HumanQuestions | None:
    """Return the questions from people that the project's settings name; ``None`` if they name none."""
    files = question_files(project)
    return human_questions(project, corpus, files, test_questions) if files else None


def question_files(project: Project) -> tuple[Path, ...]:
    """Return the files with questions from people that the project's settings name."""
    return tuple(project.workspace.resolve(name) for name in project.config.project.questions)


def data_stage(
    project: Project, corpus: SplitCorpus, test_questions: tuple[str, ...], human: HumanQuestions | None = None
) -> Path:
    """Write ``pairs.jsonl`` and ``stats.json``, or take what an earlier run left; returns their folder."""
    config = project.config
    plan = Plan(
        "data",
        "writing questions and mining hard negatives",
        {
            "sections": corpus.digest,
            "split": digest_value({key: part.value for key, part in corpus.split.split_of.items()}),
            "base_model": model_digest(project.models.located_base().folder),
            "test_questions": digest_value(list(test_questions)),
            "questions": questions_digest(question_files(project)),
        },
        (
            config.questions,
            config.filters,
            config.llm,
            config.negatives,
            config.corpus,
            config.split,
            str(training_passages(project)),
            str(config.training.heading_share),
            str((config.retrieval.bm25_k1, config.retrieval.bm25_b)),
            project.seed,
        ),
        (PAIRS, STATS),
    )

    def write(folder: Path) -> str:
        generated = generate_pairs(project, corpus, test_questions, human)
        pairs = add_negatives(project, generated.pairs, corpus_pool(project, corpus))
        write_training_pairs(folder / PAIRS, pairs)
        _write_statistics(folder / PAIRS, statistics_of(generated, corpus, pairs))
        train = sum(pair.provenance.split is Split.TRAIN for pair in pairs)
        negatives = sum(len(pair.negatives) for pair in pairs)
        return f"{train} training pairs, {len(pairs) - train} held out, {negatives} hard negatives"

    return project.workspace.run_stage(plan, write, project.report)


def corpus_of_pairs(path: Path) -> str:
    """Return the digest of the documents that a file of pairs was generated from; empty if nothing tells.

    ``stats.json`` beside the file tells it, if it was written with these very pairs.
    """
    try:
        statistics = read_json(path.parent / STATS)
    except InputError:
        return ""
    if not isinstance(statistics, dict) or statistics.get(PAIRS_DIGEST) != digest_file(path):
        return ""
    return str(statistics.get(CORPUS_DIGEST, ""))


def _write_statistics(pairs: Path, statistics: PairStatistics) -> PairStatistics:
    written = replace(statistics, pairs_digest=digest_file(pairs))
    write_json(pairs.parent / STATS, written.to_json())
    return written


def read_pairs(path: Path, *, skip_bad_lines: bool = False, report: Report = silent) -> tuple[TrainingPair, ...]:
    """Read a file of training pairs, or of questions with answers, in any of its formats.

    Args:
        path: JSON lines, JSON (training examples), CSV, TSV or Parquet.
        skip_bad_lines: Go on after a malformed row.
        report: Told how many rows were skipped, and why the first was.

    Raises:
        FormatError: The file cannot be read, or a row is malformed.
    """
    read = read_pairs_file(path, skip_bad_lines=skip_bad_lines)
    tell_skipped(path, read.skipped, report)
    return read.items
