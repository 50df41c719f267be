"""Test suites: questions with what they should find, in any of the usual spellings."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from embedtune.errors import FormatError
from embedtune.files import digest_value
from embedtune.pairs.formats.fields import Row, filled_text, kind_of, label
from embedtune.pairs.formats.section_finder import ExpectedSection, SectionFinder
from embedtune.pairs.formats.strict_json import excerpt, read_strict_json
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from embedtune.vocabulary.corpus import Section

_CONTAINERS = ("tests", "queries", "examples", "test_cases")
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "query": ("query", "question"),
    "expected": (
        "expected",
        "expected_content",
        "expected_memory",
        "memory",
        "answer",
        "positive",
        "correct_memory_content",
    ),
    "expected_ids": ("expected_ids", "relevant_ids", "memory_id"),
    "difficulty": ("difficulty",),
    "category": ("category",),
    "domain": ("domain",),
    "id": ("id",),
}


@dataclass(frozen=True, slots=True)
class TestCase:
    """A question with what it should find; at least one of the three is not empty.

    Attributes:
        query: The question, written by a person.
        expected_ids: Ids of sections.
        expected_texts: Texts that stand in the sections.
        expected_headings: Sections by document and heading.
    """

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for tests

    query: Query
    expected_ids: tuple[str, ...]
    expected_texts: tuple[str, ...]
    expected_headings: tuple[ExpectedSection, ...]


@dataclass(frozen=True, slots=True)
class TestSuite:
    """The cases of a file, in order."""

    __test__: ClassVar[bool] = False

    cases: tuple[TestCase, ...]


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


def read_test_suite(path: Path, *, mapping: Mapping[str, str] | None = None) -> TestSuite:
    """Read a test suite: a list of cases, or an object that holds one.

    The expected content is a text, an object with ``document`` and ``heading``, with ``text`` or
    ``content``, or with ``id``, or a list of these. A case without ``id`` gets a digest of its content.

    Args:
        path: The JSON file.
        mapping: What the file calls ``query``, ``expected``, ``expected_ids``, ``difficulty``,
            ``category``, ``domain`` or ``id``, where it uses a name of its own.

    Raises:
        FormatError: The file cannot be read, holds no case, or a case is malformed; the message
            gives the number of the case and what is missing.
    """
    spellings = _spellings(mapping or {})
    rows = _rows(path, read_strict_json(path))
    cases: list[TestCase] = []
    numbers: dict[str, int] = {}
    unnamed: Counter[str] = Counter()
    for number, row in enumerate(rows, start=1):
        try:
            case = _case(row, spellings, unnamed)
            _refuse_repeat(case.query.id, numbers)
        except FormatError as error:
            shown = excerpt(json.dumps(row, ensure_ascii=False))
            raise FormatError(f"{path}, case {number}: {error.message} The case: {shown}", error.remedy) from error
        numbers[case.query.id] = number
        cases.append(case)
    return TestSuite(tuple(cases))


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
        relevant, reasons = _relevant(case, finder)
        if relevant:
            queries.append(case.query)
            grades[case.query.id] = dict.fromkeys(relevant, 1)
        unresolved += [Unresolved(case.query, reason, not relevant) for reason in reasons]
    return ResolvedSuite(tuple(queries), Qrels(grades), tuple(unresolved))


def _relevant(case: TestCase, finder: SectionFinder) -> tuple[list[str], list[str]]:
    """Return the sections a case expects, and why others were not found."""
    exact = [finder.by_id(identity) for identity in case.expected_ids]
    exact += [finder.by_heading(expected) for expected in case.expected_headings]
    by_text = [] if any(found.section_ids for found in exact) else [finder.by_text(t) for t in case.expected_texts]
    # Texts that are found make up for ids and headings that are not.
    counted = by_text if any(found.section_ids for found in by_text) else exact + by_text
    relevant = [identity for found in counted for identity in found.section_ids]
    return relevant, [found.reason for found in counted if not found.section_ids]


def _spellings(mapping: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    for name in mapping:
        if name not in _SPELLINGS:
            raise FormatError(
                f"{name!r} cannot be mapped to a name of the test suite.", f"What can be: {', '.join(_SPELLINGS)}."
            )
    return {name: (mapping[name],) if name in mapping else usual for name, usual in _SPELLINGS.items()}


def _rows(path: Path, document: object) -> list[object]:
    rows: object = document
    if isinstance(document, dict):
        rows = next((document[name] for name in _CONTAINERS if isinstance(document.get(name), list)), None)
    if not isinstance(rows, list):
        names = f"an object with {', '.join(document)}" if isinstance(document, dict) else kind_of(document)
        raise FormatError(
            f"{path} is not a test suite: it is {names:.200}.",
            f"Give a list of cases, or an object with one under {', '.join(_CONTAINERS)}.",
        )
    if not rows:
        raise FormatError(f"{path} holds no case.", "Give at least one question with what it should find.")
    return rows


def _refuse_repeat(identity: str, numbers: Mapping[str, int]) -> None:
    if identity in numbers:
        raise FormatError(f"The id {identity!r} belongs to case {numbers[identity]} already.", "Make ids unique.")


def _case(row: object, spellings: Mapping[str, tuple[str, ...]], unnamed: Counter[str]) -> TestCase:
    if not isinstance(row, dict):
        raise FormatError(f"The case is {kind_of(row)}, not an object.", "Give every case as an object.")
    name, value = _first(row, spellings["query"])
    if value is None:
        raise _missing("question", spellings["query"])
    text = filled_text(value, name)
    ids, texts, headings = _expectations(row, spellings)
    identity = label(row, spellings["id"][0])
    if not identity:
        content = digest_value([text, ids, texts, [[h.document, h.heading] for h in headings]])
        unnamed[content] += 1
        identity = digest_value([content, unnamed[content]]).removeprefix("sha256:")[:16]
    query = Query(
        id=identity,
        text=text,
        origin=Origin.HUMAN,
        difficulty=label(row, spellings["difficulty"][0]).strip().lower(),
        category=label(row, spellings["category"][0]),
        domain=label(row, spellings["domain"][0]),
    )
    return TestCase(query, tuple(ids), tuple(texts), tuple(headings))


def _expectations(
    row: Row, spellings: Mapping[str, tuple[str, ...]]
) -> tuple[list[str], list[str], list[ExpectedSection]]:
    """Return the ids, texts and headings that a case expects."""
    id_name, id_value = _first(row, spellings["expected_ids"])
    ids = [_identity(entry, id_name) for entry in _listed(id_value)]
    texts: list[str] = []
    headings: list[ExpectedSection] = []
    name, value = _first(row, spellings["expected"])
    for entry in _listed(value):
        if not isinstance(entry, dict):
            texts.append(filled_text(entry, name))
        elif "document" in entry:
            headings.append(ExpectedSection(_inner(entry, name, "document"), _inner(entry, name, "heading")))
        elif "id" in entry:
            ids.append(_identity(entry["id"], f"{name}.id"))
        else:
            texts.append(_inner(entry, name, "content" if "content" in entry else "text"))
    if not (ids or texts or headings):
        raise _missing("expected content", (*spellings["expected"], *spellings["expected_ids"]))
    return ids, texts, headings


def _first(row: Row, names: Sequence[str]) -> tuple[str, object]:
    """Return the first of the names that has a value, with it; ``None`` if none has."""
    return next(((name, row[name]) for name in names if row.get(name) not in (None, "", [])), (names[0], None))


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _identity(value: object, name: str) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else filled_text(value, name)


def _inner(entry: Row, outer: str, name: str) -> str:
    if name not in entry:
        raise FormatError(
            f"An entry of `{outer}` has no `{name}`.",
            "Give a text, or an object with `document` and `heading`, with `text`, or with `id`.",
        )
    return filled_text(entry[name], f"{outer}.{name}")


def _missing(what: str, names: Sequence[str]) -> FormatError:
    return FormatError(
        f"It has no {what}: none of {', '.join(f'`{name}`' for name in names)} is there and filled.",
        "Add it, or say what the file calls it with --map NAME=FIELD.",
    )
