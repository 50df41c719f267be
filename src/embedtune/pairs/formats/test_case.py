"""One case of a test suite: a question with what it should find, in any of the usual spellings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from embedtune.errors import FormatError
from embedtune.files import digest_value, short_digest
from embedtune.pairs.formats.cells import CellRules
from embedtune.pairs.formats.fields import Row, filled_text, label
from embedtune.pairs.formats.section_finder import ExpectedSection
from embedtune.vocabulary.pairs import Origin, Query

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
        fields: All fields that it was read with, mapped names replaced by the usual ones.
    """

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for tests

    query: Query
    expected_ids: tuple[str, ...]
    expected_texts: tuple[str, ...]
    expected_headings: tuple[ExpectedSection, ...]
    fields: Mapping[str, object] = field(default_factory=dict)


class CaseReader:
    """Makes cases of rows and sees to it that no id comes twice.

    Args:
        mapping: What the rows call a field of a case, where they use a name of their own.

    Raises:
        FormatError: The mapping names something that is no field of a case.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        for name in mapping:
            if name not in _SPELLINGS:
                raise FormatError(
                    f"{name!r} cannot be mapped to a name of the test suite.", f"What can be: {', '.join(_SPELLINGS)}."
                )
        self._usual = {own: name for name, own in mapping.items()}
        self._spellings = {name: (mapping[name],) if name in mapping else usual for name, usual in _SPELLINGS.items()}
        self._unnamed: Counter[str] = Counter()
        self._seen: set[str] = set()

    @property
    def cells(self) -> CellRules:
        """What the columns of a table of cases hold."""
        lists = frozenset((*self._spellings["expected"], *self._spellings["expected_ids"]))
        return CellRules(frozenset(name for names in self._spellings.values() for name in names) - lists, lists)

    def case(self, row: Row) -> TestCase:
        """Return the case that a row describes.

        Raises:
            FormatError: A field is missing or of the wrong type, or the id is taken; the message gives the
                reason only.
        """
        case = _case(row, self._spellings, self._unnamed, self._renamed(row))
        if case.query.id in self._seen:
            raise FormatError(f"The id {case.query.id!r:.60} belongs to an earlier case already.", "Make ids unique.")
        self._seen.add(case.query.id)
        return case

    def _renamed(self, row: Row) -> dict[str, object]:
        """Return a row under the usual names; a field that has such a name already makes way."""
        fields: dict[str, object] = {self._usual[name]: row[name] for name in row if name in self._usual}
        for name in row:
            free = name
            while free in fields:
                free += "_"
            if name not in self._usual:
                fields[free] = row[name]
        return fields


def case_row(case: TestCase) -> dict[str, object]:
    """Return a case as a JSON object: the fields it was read with, or those of the case itself."""
    if case.fields:
        return {**case.fields, "id": case.fields.get("id") or case.query.id}
    headings = [{"document": expected.document, "heading": expected.heading} for expected in case.expected_headings]
    row: dict[str, object] = {
        "id": case.query.id,
        "query": case.query.text,
        "expected_ids": list(case.expected_ids),
        "expected": [*case.expected_texts, *headings],
        "difficulty": case.query.difficulty,
        "category": case.query.category,
        "domain": case.query.domain,
    }
    return {name: value for name, value in row.items() if value}


def _case(
    row: Row, spellings: Mapping[str, tuple[str, ...]], unnamed: Counter[str], fields: dict[str, object]
) -> TestCase:
    name, value = _first(row, spellings["query"])
    if value is None:
        raise _missing("question", spellings["query"])
    text = filled_text(value, name)
    ids, texts, headings = _expectations(row, spellings)
    identity = label(row, spellings["id"][0])
    if not identity:
        content = digest_value([text, ids, texts, [[h.document, h.heading] for h in headings]])
        unnamed[content] += 1
        identity = short_digest([content, unnamed[content]])
    query = Query(
        id=identity,
        text=text,
        origin=Origin.HUMAN,
        difficulty=label(row, spellings["difficulty"][0]).strip().lower(),
        category=label(row, spellings["category"][0]),
        domain=label(row, spellings["domain"][0]),
    )
    return TestCase(query, tuple(ids), tuple(texts), tuple(headings), fields)


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
