"""Test suites: questions with what they should find, in any of the usual spellings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from embedtune.errors import FormatError
from embedtune.files import write_json
from embedtune.pairs.formats.fields import kind_of
from embedtune.pairs.formats.record_files import RECORD_ENDINGS, read_records, write_records
from embedtune.pairs.formats.rows import BadLine, collect_rows
from embedtune.pairs.formats.section_finder import SectionFinder
from embedtune.pairs.formats.strict_json import read_strict_json
from embedtune.pairs.formats.test_case import CaseReader, TestCase, case_row
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Query

_CONTAINERS = ("tests", "queries", "examples", "test_cases")


@dataclass(frozen=True, slots=True)
class TestSuite:
    """The cases of a file, in order, and those that could not be used."""

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for tests

    cases: tuple[TestCase, ...]
    skipped: tuple[BadLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Something that a case expects and the corpus does not hold.

    Attributes:
        query: The case's question.
        reason: What was not found.
        excluded: Whether nothing else was found either, so that the question cannot be scored.
    """

    query: Query
    reason: str
    excluded: bool


@dataclass(frozen=True, slots=True)
class ResolvedSuite:
    """A suite seen against a corpus.

    Attributes:
        queries: The questions with at least one relevant section, in the order of the cases.
        qrels: Their relevant sections, grade 1.
        unresolved: What was not found, in the order of the cases.
    """

    queries: tuple[Query, ...]
    qrels: Qrels
    unresolved: tuple[Unresolved, ...]


def read_test_suite(path: Path, *, mapping: Mapping[str, str] | None = None, skip_bad_lines: bool = False) -> TestSuite:
    """Read a test suite: JSON lines, CSV, TSV or Parquet by the file's ending, else one JSON file.

    A JSON file is a list of cases, or an object that holds one. The expected content is a text, an object
    with ``document`` and ``heading``, with ``text`` or ``content``, or with ``id``, or a list of these; in
    a cell of CSV such a list stands as JSON. A case without ``id`` gets a digest of its content.

    Args:
        path: The file.
        mapping: What the file calls ``query``, ``expected``, ``expected_ids``, ``difficulty``,
            ``category``, ``domain`` or ``id``, where it uses a name of its own.
        skip_bad_lines: Go on after a malformed case and list it in ``skipped``.

    Raises:
        FormatError: The file cannot be read, holds no case, or a case is malformed; the message
            gives the number of the case and what is missing.
    """
    reader = CaseReader(mapping or {})
    if path.suffix.lower() in RECORD_ENDINGS:
        read = read_records(path, reader.case, reader.cells, skip_bad_lines=skip_bad_lines)
    else:
        rows = enumerate(suite_rows(path), start=1)
        read = collect_rows(path, rows, reader.case, skip_bad_lines=skip_bad_lines, unit="case")
    if not read.items:
        raise _no_case(path)
    return TestSuite(read.items, read.skipped)


def write_test_suite(path: Path, suite: TestSuite) -> None:
    """Write a test suite in the format of the file's ending (a list for ``.json``), wholly or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    if path.suffix.lower() in RECORD_ENDINGS:
        write_records(path, suite.cases, case_row, CaseReader({}).cells)
    else:
        write_json(path, [case_row(case) for case in suite.cases])


def resolve(suite: TestSuite, sections: Sequence[Section]) -> ResolvedSuite:
    """Look up what a suite expects among the sections of a corpus.

    Ids and headings are exact and come first. Texts are looked for only where neither gave a section:
    a suite may carry the ids of another system beside its texts.

    Args:
        suite: The cases.
        sections: All sections of the corpus.
    """
    finder = SectionFinder(sections)
    queries: list[Query] = []
    grades: dict[str, dict[str, int]] = {}
    unresolved: list[Unresolved] = []
    for case in suite.cases:
        relevant, reasons = relevant_sections(case, finder)
        if relevant:
            queries.append(case.query)
            grades[case.query.id] = dict.fromkeys(relevant, 1)
        unresolved += [Unresolved(case.query, reason, not relevant) for reason in reasons]
    return ResolvedSuite(tuple(queries), Qrels(grades), tuple(unresolved))


def relevant_sections(case: TestCase, finder: SectionFinder) -> tuple[list[str], list[str]]:
    """Return the ids of the sections that a case expects, and why others were not found; see `resolve`."""
    exact = [finder.by_id(identity) for identity in case.expected_ids]
    exact += [finder.by_heading(expected) for expected in case.expected_headings]
    by_text = [] if any(found.section_ids for found in exact) else [finder.by_text(t) for t in case.expected_texts]
    # Texts that are found make up for ids and headings that are not.
    counted = by_text if any(found.section_ids for found in by_text) else exact + by_text
    relevant = [identity for found in counted for identity in found.section_ids]
    return relevant, [found.reason for found in counted if not found.section_ids]


def suite_rows(path: Path) -> list[object]:
    """Return the entries of a JSON file that is a list of cases, or an object that holds one.

    Raises:
        FormatError: The file cannot be read, or holds no such list.
    """
    document = read_strict_json(path)
    rows: object = document
    if isinstance(document, dict):
        rows = next((document[name] for name in _CONTAINERS if isinstance(document.get(name), list)), None)
    if not isinstance(rows, list):
        names = f"an object with {', '.join(document)}" if isinstance(document, dict) else kind_of(document)
        raise FormatError(
            f"{path} is not a test suite: it is {names:.200}.",
            f"Give a list of cases, or an object with one under {', '.join(_CONTAINERS)}.",
        )
    return rows


def _no_case(path: Path) -> FormatError:
    return FormatError(f"{path} holds no case.", "Give at least one question with what it should find.")
