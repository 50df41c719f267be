"""Questions from people as training data: read, divided with the corpus, joined with the passages that answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.events import Notice, Report, silent
from embedtune.files import digest_file, digest_value
from embedtune.pairs.answer_place import answer_word
from embedtune.pairs.formats.asked import AskedFile, read_asked
from embedtune.pairs.formats.case_selection import Selection
from embedtune.pairs.human import PlacedQuestion, place_questions
from embedtune.pairs.positives import join_positives
from embedtune.pairs.questions import question_key
from embedtune.pairs.split import CorpusSplit
from embedtune.pipeline.corpus import SplitCorpus
from embedtune.pipeline.mining import training_passages
from embedtune.pipeline.project import Project
from embedtune.pipeline.questions import EVERYTHING, JudgedQueries
from embedtune.pipeline.skipped_rows import tell_skipped
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import GeneratedQuery, Provenance, Query, Split, TrainingPair

_BEIR_QUESTIONS = ("corpus.jsonl", "queries.jsonl", "qrels/*.tsv")


@dataclass(frozen=True, slots=True)
class HumanQuestions:
    """Questions from people, each in the part of the corpus that answers it.

    Attributes:
        pairs: Pairs of the train and dev parts, without mined negatives, in the order of the files.
        dev: Questions on dev sections, for tuning passage size and fusion; ``None`` where there are none.
        test: Questions on test sections, for reporting; ``None`` where there are none.
        rejected: Reason to count of the questions that are not used.
        examples: Reason to up to three of them.
        held_out: Questions that nothing generated may repeat: those of dev and test, and those that the
            files hold out themselves.
    """

    pairs: tuple[TrainingPair, ...]
    dev: JudgedQueries | None
    test: JudgedQueries | None
    rejected: Mapping[str, int]
    examples: Mapping[str, Sequence[str]]
    held_out: tuple[str, ...]

    @property
    def train(self) -> tuple[TrainingPair, ...]:
        """The pairs to train on."""
        return tuple(pair for pair in self.pairs if pair.provenance.split is Split.TRAIN)


def human_questions(
    project: Project,
    corpus: SplitCorpus,
    files: Sequence[Path],
    test_texts: Sequence[str],
    *,
    selection: Selection = EVERYTHING,
    skip_bad_lines: bool = False,
) -> HumanQuestions:
    """Read questions from people and divide them with the corpus.

    Args:
        project: The project; its settings say how training passages are cut.
        corpus: Sections and split.
        files: Files of pairs, questions with answers or test suites, and BEIR folders.
        test_texts: Questions of the test suites; none of them is trained or tuned on.
        selection: Which of the questions are wanted; the others are counted and not used.
        skip_bad_lines: Go on after a malformed row; how many there were is reported.

    Raises:
        FormatError: A file cannot be read, or a row is malformed.
    """
    read = [_read(path, project.report, skip_bad_lines=skip_bad_lines) for path in files]
    held_out = tuple(text for file in read for text in file.held_out)
    given = [question for file in read for question in file.questions]
    asked = [question for question in given if not selection.reason_against(question.case.query)]
    left_out = Counter(selection.reason_against(question.case.query) for question in given) - Counter({"": len(given)})
    placement = place_questions(
        asked,
        corpus.sections,
        corpus.split,
        (*test_texts, *held_out),
        leak_threshold=project.config.filters.leak_threshold,
        dev_share=project.config.split.dev_share,
        seed=project.seed,
    )
    by_part = {part: [placed for placed in placement.questions if placed.part is part] for part in Split}
    unused = sum(placement.rejected.values()) + sum(left_out.values())
    reserved = [placed.query.text for part in (Split.DEV, Split.TEST) for placed in by_part[part]]
    if given:
        counts = ", ".join(f"{len(by_part[part])} {part.value}" for part in Split)
        project.report(Notice(f"{len(given)} questions from people: {counts}, {unused} not used."))
    return HumanQuestions(
        pairs=_pairs(project, corpus, [placed for placed in placement.questions if placed.part is not Split.TEST]),
        dev=_judged(by_part[Split.DEV]),
        test=_judged(by_part[Split.TEST]),
        rejected={**placement.rejected, **left_out},
        examples=placement.examples,
        held_out=(*held_out, *placement.held_out, *reserved),
    )


def questions_digest(files: Sequence[Path]) -> str:
    """Return the digest of all that `human_questions` reads of its files.

    Raises:
        FormatError: A file does not exist.
    """
    return digest_value([[digest_file(part) for part in _parts(path)] for path in files])


def _parts(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(part for pattern in _BEIR_QUESTIONS for part in path.glob(pattern))


def _read(path: Path, report: Report = silent, *, skip_bad_lines: bool) -> AskedFile:
    file = read_asked(path, skip_bad_lines=skip_bad_lines)
    tell_skipped(path, file.skipped, report)
    return file


def _pairs(project: Project, corpus: SplitCorpus, questions: Sequence[PlacedQuestion]) -> tuple[TrainingPair, ...]:
    """Join questions with windows of their sections, or with their answer where the corpus holds none.

    A training question becomes one pair for each cluster of sections that answers it, so that all its
    answers are known to whoever mines negatives; a dev question becomes one pair.
    """
    sections = {section.id: section for section in corpus.sections}
    drafts: list[GeneratedQuery] = []
    owners: list[PlacedQuestion] = []
    for placed in questions:
        for section in _answering(placed, sections, corpus.split):
            word = answer_word(section, placed.asked.case.expected_texts)
            query = replace(placed.query, domain=placed.query.domain or section.domain)
            drafts.append(GeneratedQuery(query, section.id, placed.part, word))
            owners.append(placed)
    joined = join_positives(
        drafts,
        sections,
        corpus.split,
        training_passages(project),
        heading_share=project.config.training.heading_share,
        seed=project.seed,
    )
    of_sections = [_with_given(pair, placed) for pair, placed in zip(joined, owners, strict=True)]
    loose = [_loose_pair(placed) for placed in questions if not placed.section_ids]
    return (*of_sections, *loose)


def _answering(placed: PlacedQuestion, sections: Mapping[str, Section], split: CorpusSplit) -> Iterable[Section]:
    """Return the sections to pair a question with: the first of each cluster; for dev the first alone."""
    firsts: dict[str, Section] = {}
    for identity in placed.section_ids:
        firsts.setdefault(split.cluster_of[identity], sections[identity])
    found = list(firsts.values())
    return found if placed.part is Split.TRAIN else found[:1]


def _with_given(pair: TrainingPair, placed: PlacedQuestion) -> TrainingPair:
    """Give a pair what its file had beside question and answer."""
    provenance = replace(pair.provenance, extras=placed.asked.extras)
    return replace(pair, negatives=placed.asked.negatives, provenance=provenance)


def _loose_pair(placed: PlacedQuestion) -> TrainingPair:
    asked = placed.asked
    provenance = Provenance(cluster=placed.cluster, split=placed.part, extras=asked.extras)
    return TrainingPair(placed.query, asked.case.expected_texts[0], asked.negatives, provenance)


def _judged(questions: Sequence[PlacedQuestion]) -> JudgedQueries | None:
    """Return questions with their sections as judgements; equal questions are one, answered by all their sections."""
    queries: dict[str, Query] = {}
    grades: dict[str, dict[str, int]] = {}
    for placed in questions:
        if placed.section_ids:
            query = queries.setdefault(question_key(placed.query.text), placed.query)
            grades.setdefault(query.id, {}).update(dict.fromkeys(placed.section_ids, 1))
    return JudgedQueries(tuple(queries.values()), Qrels(grades)) if queries else None
