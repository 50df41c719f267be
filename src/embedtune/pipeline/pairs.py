"""Questions, positives and hard negatives: the training data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.corpus.passages import cut_passages
from embedtune.encoders.digests import model_digest
from embedtune.errors import InputError
from embedtune.events import Alert, Report, silent
from embedtune.files import digest_value, write_json
from embedtune.index.bm25 import BM25Index
from embedtune.pairs.formats.training_pairs import read_training_pairs, write_training_pairs
from embedtune.pairs.negatives import PassagePool, mine_negatives
from embedtune.pairs.positives import join_positives
from embedtune.pairs.questions import WrittenQuestions, write_questions
from embedtune.pairs.statistics import PairStatistics, Rejections, pair_statistics
from embedtune.pipeline.corpus import SplitCorpus
from embedtune.pipeline.project import Project
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.pairs import Split, TrainingPair
from embedtune.vocabulary.retrieval import PassageSettings

PAIRS = "pairs.jsonl"
STATS = "stats.json"


@dataclass(frozen=True, slots=True)
class GeneratedPairs:
    """Pairs, and what became of the questions that are not among them."""

    pairs: tuple[TrainingPair, ...]
    written: WrittenQuestions


def generate_pairs(project: Project, corpus: SplitCorpus, test_questions: tuple[str, ...]) -> GeneratedPairs:
    """Write questions for all sections and join them with the passages that answer.

    Args:
        project: The project.
        corpus: Sections and split.
        test_questions: Questions of the test suites; none of them may come out.

    Raises:
        InputError: No question could be written.
    """
    config = project.config
    written = write_questions(
        corpus.sections,
        corpus.split,
        config.questions,
        config.corpus,
        seed=project.seed,
        forbidden=test_questions,
        report=project.report,
    )
    if not written.questions:
        raise InputError(
            "No question could be written for this corpus.", "Its sections are too short; see corpus.min_words."
        )
    pairs = join_positives(
        written.questions,
        {section.id: section for section in corpus.sections},
        corpus.split,
        training_passages(project),
        heading_share=config.training.heading_share,
        seed=project.seed,
    )
    return GeneratedPairs(pairs, written)


def training_passages(project: Project) -> PassageSettings:
    """Return how training passages are cut."""
    return PassageSettings(project.config.training.passage_words, project.config.retrieval.overlap)


def add_negatives(project: Project, pairs: tuple[TrainingPair, ...], pool: PassagePool) -> tuple[TrainingPair, ...]:
    """Mine hard negatives for the training pairs; held-out pairs need none and stay as they are."""
    retrieval = project.config.retrieval
    keywords = BM25Index(
        [passage.id for passage in pool.passages],
        [passage.text for passage in pool.passages],
        retrieval.bm25_k1,
        retrieval.bm25_b,
    )
    train = [pair for pair in pairs if pair.provenance.split is Split.TRAIN]
    mined = mine_negatives(
        train,
        pool,
        project.models.base(),
        keywords,
        project.config.negatives,
        seed=project.seed,
        report=project.report,
    )
    by_row = iter(mined)
    return tuple(next(by_row) if pair.provenance.split is Split.TRAIN else pair for pair in pairs)


def corpus_pool(project: Project, corpus: SplitCorpus) -> PassagePool:
    """Return the passages of the training sections as a pool of negatives."""
    sections = [s for s in corpus.sections if corpus.split.split_of[s.id] is Split.TRAIN]
    return PassagePool(
        cut_passages(sections, training_passages(project)),
        {section.id: section.domain for section in sections},
        corpus.split.cluster_of,
    )


def pairs_pool(pairs: tuple[TrainingPair, ...]) -> PassagePool:
    """Return the distinct positives of pairs without a corpus as a pool of negatives."""
    texts = {pair.positive: pair for pair in reversed(pairs) if pair.provenance.split is Split.TRAIN}
    owners = {text: pair_section(pair) for text, pair in texts.items()}
    passages = tuple(
        Passage(f"{owner}#{number}", owner, text, text.find("\n") + 1)
        for number, (text, owner) in enumerate(sorted(owners.items()))
    )
    return PassagePool(
        passages,
        {owners[text]: pair.query.domain for text, pair in texts.items()},
        {owners[text]: pair.provenance.cluster or owners[text] for text, pair in texts.items()},
    )


def pair_section(pair: TrainingPair) -> str:
    """Return the section a pair's positive is from; the digest of its text where none is given."""
    return pair.provenance.section_id or digest_value(pair.positive).removeprefix("sha256:")[:16]


def statistics_of(generated: GeneratedPairs, corpus: SplitCorpus, pairs: tuple[TrainingPair, ...]) -> PairStatistics:
    """Return the counts that belong beside a file of pairs."""
    rejected = dict(generated.written.rejected)
    rejections = Rejections(rejected.pop("exact duplicate", 0), rejected, generated.written.examples)
    return pair_statistics(pairs, {section.id: section.kind for section in corpus.sections}, rejections, corpus.digest)


def data_stage(project: Project, corpus: SplitCorpus, test_questions: tuple[str, ...]) -> Path:
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
        },
        (
            config.questions,
            config.negatives,
            config.corpus,
            str(training_passages(project)),
            str(config.training.heading_share),
            str((config.retrieval.bm25_k1, config.retrieval.bm25_b)),
            project.seed,
        ),
        (PAIRS, STATS),
    )

    def write(folder: Path) -> str:
        generated = generate_pairs(project, corpus, test_questions)
        pairs = add_negatives(project, generated.pairs, corpus_pool(project, corpus))
        write_training_pairs(folder / PAIRS, pairs)
        write_json(folder / STATS, statistics_of(generated, corpus, pairs).to_json())
        train = sum(pair.provenance.split is Split.TRAIN for pair in pairs)
        negatives = sum(len(pair.negatives) for pair in pairs)
        return f"{train} training pairs, {len(pairs) - train} held out, {negatives} hard negatives"

    return project.workspace.run_stage(plan, write, project.report)


def read_pairs(path: Path, *, skip_bad_lines: bool = False, report: Report = silent) -> tuple[TrainingPair, ...]:
    """Read a file of training pairs.

    Args:
        path: A JSON lines file.
        skip_bad_lines: Go on after a malformed line.
        report: Told how many lines were skipped, and why the first was.

    Raises:
        FormatError: The file cannot be read, or a line is malformed.
    """
    read = read_training_pairs(path, skip_bad_lines=skip_bad_lines)
    if read.skipped:
        first = read.skipped[0]
        report(Alert(f"{path}: {len(read.skipped)} malformed line(s) skipped; line {first.line}: {first.reason}"))
    return read.items
