"""Questions from people in whatever file holds them: pairs, questions with answers, test suites, BEIR folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.errors import FormatError
from embedtune.pairs.formats.beir import beir_splits, read_beir_qrels, read_beir_queries, read_beir_sections
from embedtune.pairs.formats.cells import CellRules
from embedtune.pairs.formats.fields import Row
from embedtune.pairs.formats.pairs_file import pair_or_qa_from_row
from embedtune.pairs.formats.record_files import RECORD_ENDINGS, read_records
from embedtune.pairs.formats.rows import BadLine, LinesRead, collect_rows
from embedtune.pairs.formats.test_case import CaseReader, TestCase
from embedtune.pairs.formats.test_suite import suite_rows
from embedtune.pairs.formats.training_examples import pair_from_example
from embedtune.pairs.formats.training_pairs import PAIR_CELLS
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Negative, Query, Split, TrainingPair

_IDS = ("expected_ids", "relevant_ids", "memory_id")
_PAIRS = (("query", "positive"), ("question", "answer"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a file gave it.

    Attributes:
        case: The question with what answers it: ids, texts or headings.
        negatives: Passages that do not answer it.
        extras: Fields that embedtune does not use.
        part: What its file holds it out for; `Split.TRAIN` where it may be trained on.
    """

    case: TestCase
    negatives: tuple[Negative, ...] = ()
    extras: Mapping[str, object] = field(default_factory=dict)
    part: Split = Split.TRAIN


@dataclass(frozen=True, slots=True)
class AskedFile:
    """The questions of a file.

    Attributes:
        questions: Those with an answer, in order.
        held_out: Texts of other questions, which nothing trained on may repeat.
        skipped: The rows that could not be used.
    """

    questions: tuple[Asked, ...]
    held_out: tuple[str, ...] = ()
    skipped: tuple[BadLine, ...] = ()


def read_asked(path: Path, *, skip_bad_lines: bool = False) -> AskedFile:
    """Read questions from people; what the file is shows in its ending and in the fields of its rows.

    A row of ``query`` and ``positive`` is a training pair, one of ``question`` and ``answer`` is that, any
    other a case of a test suite. Of a BEIR folder the questions of ``qrels/train.tsv`` are taken; those of
    its other splits are held out.

    Args:
        path: A file of JSON, JSON lines, CSV, TSV or Parquet, or a BEIR folder.
        skip_bad_lines: Go on after a malformed row.

    Raises:
        FormatError: The file cannot be read, or a row is malformed.
    """
    if path.is_dir():
        return _beir_questions(path)
    reader = CaseReader({})

    def parse(row: Row) -> Asked:
        return _asked(row, reader)

    read: LinesRead[Asked]
    if path.suffix.lower() in RECORD_ENDINGS:
        read = read_records(path, parse, _cells(reader), skip_bad_lines=skip_bad_lines)
    else:
        rows = enumerate(suite_rows(path), start=1)
        read = collect_rows(path, rows, parse, skip_bad_lines=skip_bad_lines, unit="case")
    return AskedFile(read.items, skipped=read.skipped)


def _cells(reader: CaseReader) -> CellRules:
    lists = reader.cells.lists | PAIR_CELLS.lists
    return CellRules((reader.cells.texts | PAIR_CELLS.texts) - lists, lists, PAIR_CELLS.flags)


def _asked(row: Row, reader: CaseReader) -> Asked:
    is_pair = any(all(isinstance(row.get(name), str) for name in names) for names in _PAIRS)
    if not is_pair or any(row.get(name) for name in _IDS):
        return Asked(reader.case(row))
    in_example = "query" in row and isinstance(row.get("metadata"), dict)
    return _asked_pair(pair_from_example(row) if in_example else pair_or_qa_from_row(row))


def _asked_pair(pair: TrainingPair) -> Asked:
    place = pair.provenance
    ids = (place.section_id,) if place.section_id else ()
    return Asked(TestCase(pair.query, ids, (pair.positive,), ()), pair.negatives, place.extras, place.split)


def _beir_questions(folder: Path) -> AskedFile:
    splits = beir_splits(folder)
    if Split.TRAIN not in splits:
        raise FormatError(
            f"{folder} has no questions to train on: there is no qrels/train.tsv.",
            "Name a BEIR folder with a train split, or a file of questions.",
        )
    queries = read_beir_queries(folder, folder.resolve().name)
    ids = {query.id for query in queries}
    judged = {split: read_beir_qrels(folder, split, ids, None) for split in splits}
    train = judged.pop(Split.TRAIN)
    elsewhere = {identity for qrels in judged.values() for identity in qrels.query_ids}
    texts = _document_texts(folder, train)
    asked = tuple(
        Asked(_beir_case(query, train, texts))
        for query in queries
        if query.id not in elsewhere and train.relevant(query.id)
    )
    return AskedFile(asked, tuple(query.text for query in queries if query.id in elsewhere))


def _document_texts(folder: Path, qrels: Qrels) -> dict[str, str]:
    """Return the texts of the documents that answer, where the folder has a corpus: it may be another one."""
    if not (folder / "corpus.jsonl").exists():
        return {}
    wanted = {identity for query in qrels.query_ids for identity in qrels.relevant(query)}
    sections = read_beir_sections(folder, folder.resolve().name)
    return {section.id: section.full_text for section in sections if section.id in wanted and section.text.strip()}


def _beir_case(query: Query, qrels: Qrels, texts: Mapping[str, str]) -> TestCase:
    relevant = sorted(qrels.relevant(query.id), key=lambda identity: (-qrels.grades(query.id)[identity], identity))
    return TestCase(query, tuple(relevant), tuple(texts[identity] for identity in relevant if identity in texts), ())
