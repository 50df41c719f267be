"""A whole BEIR folder, all splits, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.errors import InputError
from embedtune.files import staged_folder, write_json_lines
from embedtune.pairs.formats.beir import beir_splits, read_beir_qrels, read_beir_queries, read_beir_sections
from embedtune.pairs.formats.fields import Row
from embedtune.pairs.formats.qrels import write_judgements
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Query


@dataclass(frozen=True, slots=True)
class BeirCollection:
    """A corpus with the questions and judgements of all splits.

    Attributes:
        sections: The documents.
        queries: The questions of all splits, judged or not.
        qrels: Split to judgements.
        document_rows: Id to the row a document was read from; it is written as it was.
        query_rows: Id to the row a question was read from.
    """

    sections: tuple[Section, ...]
    queries: tuple[Query, ...]
    qrels: Mapping[str, Qrels]
    document_rows: Mapping[str, Row] = field(default_factory=dict)
    query_rows: Mapping[str, Row] = field(default_factory=dict)


def read_beir_collection(folder: Path) -> BeirCollection:
    """Read all of a BEIR folder.

    Raises:
        FormatError: A file is missing, a line is malformed, an id is repeated, or a judgement names a query
            or a document that is not there.
    """
    name = folder.resolve().name
    document_rows: dict[str, Row] = {}
    query_rows: dict[str, Row] = {}
    sections = read_beir_sections(folder, name, document_rows)
    queries = read_beir_queries(folder, name, query_rows)
    ids, documents = {query.id for query in queries}, {section.id for section in sections}
    qrels = {split: read_beir_qrels(folder, split, ids, documents) for split in beir_splits(folder)}
    return BeirCollection(sections, queries, qrels, document_rows, query_rows)


def write_beir_collection(folder: Path, collection: BeirCollection) -> None:
    """Write a BEIR folder, wholly or not at all.

    A document's title is its heading path, joined by ``>``; domain, difficulty and category stand in
    ``metadata``.

    Args:
        folder: A folder that does not exist, or is empty.
        collection: What to write.

    Raises:
        InputError: The folder exists and is not empty, or cannot be written.
    """
    try:
        with staged_folder(folder) as staging:
            rows = collection.document_rows
            write_json_lines(staging / "corpus.jsonl", (rows.get(s.id) or _document(s) for s in collection.sections))
            rows = collection.query_rows
            write_json_lines(staging / "queries.jsonl", (rows.get(q.id) or _query(q) for q in collection.queries))
            asked = [query.id for query in collection.queries]
            for split, qrels in collection.qrels.items():
                write_judgements(staging / "qrels" / f"{split}.tsv", qrels, asked)
    except FileExistsError as error:
        raise InputError(f"{folder} exists and is not empty.", "Name a new folder.") from error


def _document(section: Section) -> dict[str, object]:
    title = " > ".join(section.heading_path)
    return {"_id": section.id, "title": title, "text": section.text, "metadata": {"domain": section.domain}}


def _query(query: Query) -> dict[str, object]:
    labels = {"domain": query.domain, "difficulty": query.difficulty, "category": query.category}
    return {"_id": query.id, "text": query.text, "metadata": {name: text for name, text in labels.items() if text}}
