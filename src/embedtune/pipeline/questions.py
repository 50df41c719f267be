"""The questions an evaluation asks, with the corpus that answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import read_folder
from embedtune.errors import FormatError
from embedtune.evaluation.equal_sections import collapsed_qrels, equal_sections
from embedtune.evaluation.slices import section_splits
from embedtune.events import Alert, Notice, Report, silent
from embedtune.files import digest_value
from embedtune.pairs.formats.beir import has_split, read_beir
from embedtune.pairs.formats.case_selection import Selection, select_cases, select_queries
from embedtune.pairs.formats.test_suite import TestSuite, read_test_suite, resolve
from embedtune.pairs.split import CorpusSplit
from embedtune.pipeline.skipped_rows import tell_skipped
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query, Split, TrainingPair

EVERYTHING = Selection()
DEFAULT_CORPUS = CorpusSettings()


@dataclass(frozen=True, slots=True)
class JudgedQueries:
    """Questions and the sections that answer them."""

    queries: tuple[Query, ...]
    qrels: Qrels

    @property
    def digest(self) -> str:
        """The digest of questions and judgements."""
        return digest_value([[[query.id, query.text] for query in self.queries], self.qrels.digest])


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A corpus, the questions reported on, and the questions settings may be tuned on.

    Attributes:
        name: Where the questions come from, for people.
        sections: The corpus.
        test: The questions reported on.
        dev: Human questions for tuning passage size and fusion; ``None`` where there are none.
        groups: Section id to cluster; questions about one cluster are one piece of evidence.
        attributes: More labels of the test questions, by attribute and query id.
    """

    name: str
    sections: tuple[Section, ...]
    test: JudgedQueries
    dev: JudgedQueries | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def standing(self) -> dict[str, str]:
        """Section id to the one that stands for it, of sections whose texts are equal."""
        return equal_sections({section.id: section.full_text for section in self.sections})

    @property
    def scored_qrels(self) -> Qrels:
        """The judgements that systems are scored by: equal sections count as one."""
        return collapsed_qrels(self.test.qrels, self.standing)


def beir_questions(folder: Path, split: str) -> QuestionSet:
    """Return a split of a BEIR folder; its dev split is for tuning, unless dev is what is reported.

    Raises:
        FormatError: The folder is not in BEIR's layout or has no such split.
    """
    test = read_beir(folder, split)
    dev = None
    if split != Split.DEV and has_split(folder, Split.DEV):
        other = read_beir(folder, Split.DEV)
        dev = JudgedQueries(other.queries, other.qrels)
    return QuestionSet(f"{test.name}, {split} split", test.sections, JudgedQueries(test.queries, test.qrels), dev)


def read_suites(
    paths: Sequence[Path],
    mapping: Mapping[str, str] | None = None,
    *,
    skip_bad_lines: bool = False,
    report: Report = silent,
) -> tuple[TestSuite, ...]:
    """Read test suites.

    Args:
        paths: The files.
        mapping: What they call a field of a case.
        skip_bad_lines: Go on after a malformed case.
        report: Told how many were skipped, and why the first was.

    Raises:
        FormatError: A suite is missing or malformed.
    """
    suites = tuple(read_test_suite(path, mapping=mapping, skip_bad_lines=skip_bad_lines) for path in paths)
    for path, suite in zip(paths, suites, strict=True):
        tell_skipped(path, suite.skipped, report, unit="case")
    return suites


def joined_suites(suites: Sequence[TestSuite]) -> TestSuite:
    """Return the cases of several suites as one; an id that a suite before has gets a number."""
    taken: set[str] = set()
    cases = []
    for suite in suites:
        for case in suite.cases:
            identity, number = case.query.id, 1
            while identity in taken:
                number += 1
                identity = f"{case.query.id}-{number}"
            taken.add(identity)
            cases.append(replace(case, query=replace(case.query, id=identity)))
    return TestSuite(tuple(cases))


def suite_texts(suites: Sequence[TestSuite]) -> tuple[str, ...]:
    """Return the questions of test suites, which must never be trained on."""
    return tuple(case.query.text for suite in suites for case in suite.cases)


def suite_questions(
    suites: Sequence[TestSuite], sections: tuple[Section, ...], split: CorpusSplit | None, report: Report
) -> QuestionSet:
    """Return the questions of test suites over a corpus.

    A question whose answer is not in the corpus is reported and left out. Where the corpus was split, the
    part that each answer was in becomes a slice: the questions on sections that were never trained on are
    the strictest test.

    Raises:
        FormatError: No question has an answer in the corpus.
    """
    resolved = resolve(joined_suites(suites), sections)
    for problem in resolved.unresolved:
        fate = "is not scored" if problem.excluded else "is scored on its other answers"
        report(Alert(f"Question {problem.query.id} {fate}: {problem.reason}"))
    if not resolved.queries:
        raise FormatError(
            "No question of the test suite has an answer in this corpus.", "Check that they belong together."
        )
    attributes = {"section_split": section_splits(resolved.qrels, split.split_of)} if split else {}
    return QuestionSet(
        "test suite",
        sections,
        JudgedQueries(resolved.queries, resolved.qrels),
        groups=split.cluster_of if split else {},
        attributes=attributes,
    )


def suite_over_folder(
    paths: Sequence[Path],
    corpus: Path,
    mapping: Mapping[str, str],
    report: Report,
    settings: CorpusSettings = DEFAULT_CORPUS,
    *,
    selection: Selection = EVERYTHING,
    skip_bad_lines: bool = False,
) -> QuestionSet:
    """Return the questions of test suites over a folder of documents.

    Args:
        paths: The suites.
        corpus: The documents.
        mapping: What the suites call a field of a case.
        report: Where alerts go.
        settings: How documents become sections.
        selection: Which questions are wanted.
        skip_bad_lines: Go on after a malformed case.

    Raises:
        FormatError: A suite is malformed, no question is left, or none has an answer in the corpus.
    """
    suite = joined_suites(read_suites(paths, mapping, skip_bad_lines=skip_bad_lines, report=report))
    selected = select_cases(suite, selection)
    _tell_left_out(selected.left_out, report)
    return suite_questions((selected.suite,), read_folder(corpus, settings, report).sections, None, report)


def selected_questions(questions: QuestionSet, selection: Selection, report: Report) -> QuestionSet:
    """Return a set without the test questions that are too easy or of a category that is not wanted.

    The dev questions stay: what is tuned on them should serve all questions.

    Raises:
        FormatError: No question stays, or none has a category that is to be skipped.
    """
    if selection == EVERYTHING:
        return questions
    stay, left_out = select_queries(questions.test.queries, selection)
    _tell_left_out(left_out, report)
    queries = tuple(query for query in questions.test.queries if query.id in stay)
    return with_test_questions(questions, queries, questions.name)


def _tell_left_out(left_out: Mapping[str, int], report: Report) -> None:
    if left_out:
        counts = ", ".join(f"{count} of {reason}" for reason, count in left_out.items())
        report(Notice(f"{sum(left_out.values())} questions are left out as asked: {counts}."))


def generated_questions(
    pairs: Sequence[TrainingPair], sections: tuple[Section, ...], split: CorpusSplit
) -> QuestionSet | None:
    """Return the generated questions of the held-out test sections; ``None`` if there are none."""
    held_out = [pair for pair in pairs if pair.provenance.split is Split.TEST]
    if not held_out:
        return None
    qrels = Qrels({pair.query.id: {pair.provenance.section_id: 1} for pair in held_out})
    queries = tuple(pair.query for pair in held_out)
    return QuestionSet("held-out sections", sections, JudgedQueries(queries, qrels), groups=split.cluster_of)


def with_test_questions(questions: QuestionSet, kept: tuple[Query, ...], name: str) -> QuestionSet:
    """Return the set with some of its test questions under another name, and what is said of them."""
    qrels = questions.test.qrels.restricted_to([query.id for query in kept])
    attributes = {label: {q.id: v[q.id] for q in kept if q.id in v} for label, v in questions.attributes.items()}
    return replace(questions, name=name, test=JudgedQueries(kept, qrels), attributes=attributes)


def origins_of(questions: QuestionSet) -> tuple[Origin, ...]:
    """Return the distinct origins of the test questions."""
    return tuple(sorted({query.origin for query in questions.test.queries}))
