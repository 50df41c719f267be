"""The questions an evaluation asks, with the corpus that answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.corpus.folder import read_corpus
from embedtune.errors import FormatError
from embedtune.evaluation.slices import section_splits
from embedtune.events import Alert, Report
from embedtune.files import digest_value
from embedtune.pairs.formats.beir import has_split, read_beir
from embedtune.pairs.formats.test_suite import TestSuite, read_test_suite, resolve
from embedtune.pairs.split import CorpusSplit
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query, Split, TrainingPair


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


def read_suites(paths: Sequence[Path], mapping: Mapping[str, str] | None = None) -> tuple[TestSuite, ...]:
    """Read test suites.

    Raises:
        FormatError: A suite is missing or malformed.
    """
    return tuple(read_test_suite(path, mapping=mapping) for path in paths)


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
    suite = TestSuite(tuple(case for part in suites for case in part.cases))
    resolved = resolve(suite, sections)
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


def suite_over_folder(paths: Sequence[Path], corpus: Path, mapping: Mapping[str, str], report: Report) -> QuestionSet:
    """Return the questions of test suites over a folder of documents."""
    suites = read_suites(paths, mapping)
    return suite_questions(suites, read_corpus(corpus, report), None, report)


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


def limited(questions: QuestionSet, count: int | None) -> QuestionSet:
    """Return the set with at most ``count`` test questions, evenly spread over the original order."""
    queries = questions.test.queries
    if count is None or count >= len(queries):
        return questions
    kept = tuple(queries[number * len(queries) // count] for number in range(count))
    qrels = questions.test.qrels.restricted_to([query.id for query in kept])
    return QuestionSet(
        f"{questions.name}, {count} of {len(queries)} questions",
        questions.sections,
        JudgedQueries(kept, qrels),
        questions.dev,
        questions.groups,
        {name: {q.id: v[q.id] for q in kept if q.id in v} for name, v in questions.attributes.items()},
    )


def origins_of(questions: QuestionSet) -> tuple[Origin, ...]:
    """Return the distinct origins of the test questions."""
    return tuple(sorted({query.origin for query in questions.test.queries}))
