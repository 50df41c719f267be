"""Test collections in the layout of BEIR: ``corpus.jsonl``, ``queries.jsonl``, ``qrels/<split>.tsv``.

The layout is that of Thakur et al. 2021, "BEIR: A heterogeneous benchmark for zero-shot evaluation of
information retrieval models" (https://github.com/beir-cellar/beir).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from embedtune.errors import FormatError
from embedtune.pairs.formats.fields import Row, filled_text, kind_of, label
from embedtune.pairs.formats.lines import read_json_lines
from embedtune.pairs.formats.qrels import Judgement, qrels_of, read_judgements
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.pairs import Origin, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from embedtune.pairs.formats.rows import LinesRead
    from embedtune.vocabulary.evaluation import Qrels

_Entry = TypeVar("_Entry", "_CorpusRow", Query)


@dataclass(frozen=True, slots=True)
class BeirSet:
    """A corpus with the judged questions of one split.

    Attributes:
        name: The folder's name.
        sections: One for each line of the corpus, in order.
        queries: The questions of the split that have a relevant section, in the order of the file.
        qrels: The judgements of the split.
    """

    name: str
    sections: tuple[Section, ...]
    queries: tuple[Query, ...]
    qrels: Qrels


@dataclass(frozen=True, slots=True)
class _CorpusRow:
    id: str
    title: str
    text: str
    domain: str
    metadata: tuple[tuple[str, str], ...]


def has_split(folder: Path, split: str) -> bool:
    """Return whether a BEIR folder has judgements for a split."""
    return split in beir_splits(folder)


def beir_splits(folder: Path) -> list[str]:
    """Return the names of the splits that a BEIR folder has judgements for, sorted."""
    return sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))


def read_beir(folder: Path, split: str) -> BeirSet:
    """Read a BEIR folder and one of its splits.

    Questions count as written by people; their category is ``metadata.kind`` or ``metadata.category``
    and their difficulty ``metadata.difficulty`` where these are texts. The domain of a section or a
    question is ``metadata.domain``, else the folder's name.

    Args:
        folder: The folder.
        split: The name of a file in ``qrels``, such as ``test``.

    Raises:
        FormatError: A file or the split is missing, a line is malformed, an id is repeated, or a
            judgement names a query or a document that is not there.
    """
    if not has_split(folder, split):
        found = beir_splits(folder)
        raise FormatError(
            f"{folder} has no split {split!r}: there is no qrels/{split}.tsv.",
            f"Its splits are {', '.join(found)}." if found else "A BEIR folder has qrels/<split>.tsv with judgements.",
        )
    name = folder.resolve().name
    sections = read_beir_sections(folder, name)
    queries = read_beir_queries(folder, name)
    qrels = read_beir_qrels(folder, split, {query.id for query in queries}, {section.id for section in sections})
    judged = set(qrels.query_ids)
    return BeirSet(name, sections, tuple(query for query in queries if query.id in judged), qrels)


def read_beir_corpus(folder: Path) -> tuple[Section, ...]:
    """Read the documents of a BEIR folder, without questions or judgements.

    Raises:
        FormatError: ``corpus.jsonl`` is missing, a line is malformed, or an id is repeated.
    """
    return read_beir_sections(folder, folder.resolve().name)


def read_beir_qrels(folder: Path, split: str, queries: Collection[str], sections: Collection[str] | None) -> Qrels:
    """Read the judgements of one split.

    Args:
        folder: The BEIR folder.
        split: The name of a file in ``qrels``.
        queries: Ids of the questions.
        sections: Ids of the documents; ``None`` where the corpus was not read.

    Raises:
        FormatError: The file is missing, a line is malformed, or names a query or document that is not there.
    """
    path = folder / "qrels" / f"{split}.tsv"
    judgements = read_judgements(path)
    _check_known(path, judgements, queries, sections)
    return qrels_of(path, judgements)


def read_beir_sections(folder: Path, name: str, kept: dict[str, Row] | None = None) -> tuple[Section, ...]:
    """Read ``corpus.jsonl`` of a BEIR folder.

    Args:
        folder: The folder.
        name: The domain of documents that name none.
        kept: Receives every document's whole row, by id, where it is to be written again.

    Raises:
        FormatError: The file is missing, a line is malformed, or an id is repeated.
    """

    def parse(row: Row) -> _CorpusRow:
        text = row.get("text")
        if not isinstance(text, str):
            raise FormatError("`text` is missing or not a text.", "Give every document a `text`; it may be empty.")
        domain = _metadata_text(row, "domain") or name
        return _CorpusRow(_identity(row), label(row, "title").strip(), text, domain, _facts(row))

    read = _read_entries(folder / "corpus.jsonl", parse, kept)
    return tuple(
        Section(
            id=row.id,
            document_id=row.id,
            domain=row.domain,
            heading_path=(row.title,) if row.title else (),
            kind=SectionKind.OTHER,
            text=row.text,
            span=(number, number),
            metadata=row.metadata,
        )
        for row, number in zip(read.items, read.numbers, strict=True)
    )


def read_beir_queries(folder: Path, name: str, kept: dict[str, Row] | None = None) -> tuple[Query, ...]:
    """Read ``queries.jsonl`` of a BEIR folder, the questions of all splits; see `read_beir`.

    Args:
        folder: The folder.
        name: The domain of questions that name none.
        kept: Receives every question's whole row, by id, where it is to be written again.

    Raises:
        FormatError: The file is missing, a line is malformed, or an id is repeated.
    """

    def parse(row: Row) -> Query:
        return Query(
            id=_identity(row),
            text=filled_text(row.get("text"), "text"),
            origin=Origin.HUMAN,
            difficulty=_metadata_text(row, "difficulty"),
            category=_metadata_text(row, "kind") or _metadata_text(row, "category"),
            domain=_metadata_text(row, "domain") or name,
        )

    return _read_entries(folder / "queries.jsonl", parse, kept).items


def _read_entries(path: Path, parse: Callable[[Row], _Entry], kept: dict[str, Row] | None) -> LinesRead[_Entry]:
    """Read entries with ids that differ, and keep their rows where that is asked."""

    def kept_entry(row: Row) -> _Entry:
        entry = parse(row)
        if kept is not None:
            kept[entry.id] = row
        return entry

    read = read_json_lines(path, kept_entry)
    first: dict[str, int] = {}
    for entry, number in zip(read.items, read.numbers, strict=True):
        before = first.setdefault(entry.id, number)
        if before != number:
            raise FormatError(
                f"{path}, line {number}: the id {entry.id!r:.60} stands in line {before} already.", "Make ids unique."
            )
    return read


def _identity(row: Row) -> str:
    identity = label(row, "_id").strip()
    if not identity:
        raise FormatError("`_id` is missing or empty.", "Give every line an `_id`.")
    return identity


def _metadata_text(row: Row, name: str) -> str:
    metadata = row.get("metadata")
    if metadata is None:
        return ""
    if not isinstance(metadata, dict):
        raise FormatError(f"`metadata` is {kind_of(metadata)}, not an object.", "Give an object, or leave it out.")
    value = metadata.get(name)
    return value if isinstance(value, str) else ""


def _facts(row: Row) -> tuple[tuple[str, str], ...]:
    """Return the texts of a document's metadata but for its domain, sorted by name."""
    metadata = row.get("metadata")
    facts = metadata.items() if isinstance(metadata, dict) else ()
    return tuple(sorted((key, value) for key, value in facts if isinstance(value, str) and key != "domain"))


def _check_known(
    path: Path, judgements: Sequence[Judgement], queries: Collection[str], sections: Collection[str] | None
) -> None:
    for judgement in judgements:
        if judgement.query_id not in queries:
            unknown = f"query {judgement.query_id!r:.60} is not in queries.jsonl"
        elif sections is not None and judgement.section_id not in sections:
            unknown = f"document {judgement.section_id!r:.60} is not in corpus.jsonl"
        else:
            continue
        raise FormatError(f"{path}, line {judgement.line}: {unknown}.", "Add it there, or remove the judgement.")
