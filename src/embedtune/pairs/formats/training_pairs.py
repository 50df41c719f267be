"""Training pairs as JSON lines: the format that ``generate`` writes and ``train`` reads.

A line that is read and written again keeps every field. What embedtune does not use travels in
``provenance.extras``; a field it uses takes the pair's present value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedtune.errors import FormatError
from embedtune.files import short_digest, write_json_lines
from embedtune.pairs.formats.cells import CellRules
from embedtune.pairs.formats.fields import Row, choice, flag, kind_of, label, required_text, texts
from embedtune.pairs.formats.lines import read_json_lines
from embedtune.pairs.formats.rows import LinesRead
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, Split, TrainingPair

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_GIVEN = "given"

PAIR_CELLS = CellRules(
    texts=frozenset(
        "query_id query positive domain source_section section_id cluster origin split difficulty category".split()
    ),
    lists=frozenset("negative negatives negative_sources negative_section_ids negative_scores".split()),
    flags=frozenset(("synthetic", "hard_negative")),
)


def read_training_pairs(path: Path, *, skip_bad_lines: bool = False) -> LinesRead[TrainingPair]:
    """Read training pairs; duplicates are kept.

    Args:
        path: A JSON lines file; only ``query`` and ``positive`` must be there.
        skip_bad_lines: Go on after a malformed line.

    Raises:
        FormatError: The file cannot be read or a line is malformed.
    """
    return read_json_lines(path, pair_from_row, skip_bad_lines=skip_bad_lines)


def write_training_pairs(path: Path, pairs: Iterable[TrainingPair]) -> None:
    """Write training pairs, one JSON object a line, wholly or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    write_json_lines(path, map(pair_row, pairs))


def pair_from_row(row: Row) -> TrainingPair:
    """Return the training pair that a JSON object describes.

    Without ``query_id`` the id is a digest of query and positive. Without ``origin`` a question is
    ``template`` where ``synthetic`` is true, else ``human``. ``negative`` comes before ``negatives``;
    either may be a text or a list.

    Raises:
        FormatError: A field is missing, empty or of the wrong type; the message gives the reason only.
    """
    text, positive = required_text(row, "query"), required_text(row, "positive")
    query = Query(
        id=label(row, "query_id") or default_query_id(text, positive),
        text=text,
        origin=choice(row, "origin", Origin, Origin.TEMPLATE if flag(row, "synthetic") else Origin.HUMAN),
        difficulty=label(row, "difficulty"),
        category=label(row, "category"),
        domain=label(row, "domain"),
    )
    provenance = Provenance(
        section_id=label(row, "section_id"),
        section_heading=label(row, "source_section"),
        cluster=label(row, "cluster"),
        split=choice(row, "split", Split, Split.TRAIN),
    )
    pair = TrainingPair(query, positive, _negatives(row), provenance)
    return replace(pair, provenance=replace(provenance, extras=_extras(row, pair_row(pair))))


def pair_row(pair: TrainingPair) -> dict[str, object]:
    """Return a training pair as a JSON object, known fields first.

    ``negative`` is the first negative; ``negatives`` lists all where there are several. ``synthetic``
    and ``hard_negative`` are written as they were given, unless negatives were mined since.
    """
    extras = pair.provenance.extras
    negatives = [negative.text for negative in pair.negatives]
    ids = [negative.section_id for negative in pair.negatives]
    scores = [negative.score for negative in pair.negatives]
    known: dict[str, object] = {
        "query_id": pair.query.id,
        "query": pair.query.text,
        "positive": pair.positive,
        "negative": negatives[0] if negatives else None,
        "negatives": negatives,
        "domain": pair.query.domain,
        "source_section": pair.provenance.section_heading,
        "section_id": pair.provenance.section_id,
        "cluster": pair.provenance.cluster,
        "origin": pair.query.origin.value,
        "split": pair.provenance.split.value,
        "synthetic": extras.get("synthetic", pair.query.origin is not Origin.HUMAN),
        "hard_negative": _hard_negative(pair),
        "negative_sources": [negative.source for negative in pair.negatives],
        "negative_section_ids": ids,
        "negative_scores": scores,
        "difficulty": pair.query.difficulty,
        "category": pair.query.category,
    }
    needless = {
        "negative": not negatives,
        "negatives": len(negatives) < 2,  # noqa: PLR2004 - one stands under `negative`
        "negative_section_ids": not any(ids),
        "negative_scores": all(score is None for score in scores),
        "difficulty": not pair.query.difficulty,
        "category": not pair.query.category,
    }
    row = {name: value for name, value in known.items() if name in extras or not needless.get(name)}
    return row | {name: value for name, value in extras.items() if name not in known}


def default_query_id(query: str, positive: str) -> str:
    """Return the id of a question that came without one: 16 hex digits of a digest."""
    return short_digest([query, positive])


def _extras(row: Row, written: Row) -> dict[str, object]:
    """Return the fields of a row that the pair alone would not write, or would write otherwise."""
    differing = ("synthetic", "hard_negative")
    return {
        name: value
        for name, value in row.items()
        if name not in written or (name in differing and value is not None and value != written[name])
    }


def _hard_negative(pair: TrainingPair) -> object:
    mined = any(negative.source != _GIVEN for negative in pair.negatives)
    return True if mined else pair.provenance.extras.get("hard_negative", bool(pair.negatives))


def _negatives(row: Row) -> tuple[Negative, ...]:
    first, listed = texts(row, "negative"), texts(row, "negatives")
    negatives = _described(listed or first, row)
    for text in reversed(first):
        known = next((negative for negative in negatives if negative.text == text), Negative(text))
        negatives = [known, *(negative for negative in negatives if negative is not known)]
    return tuple(negatives)


def _described(negatives: tuple[str, ...], row: Row) -> list[Negative]:
    """Join the texts of negatives with the lists that run parallel to them."""
    count = len(negatives)
    sources = _parallel(row, "negative_sources", count, _GIVEN)
    ids = _parallel(row, "negative_section_ids", count, "")
    scores = _parallel(row, "negative_scores", count, None)
    described: list[Negative] = []
    for text, source, section_id, score in zip(negatives, sources, ids, scores, strict=True):
        if not isinstance(source, str) or not isinstance(section_id, str):
            raise FormatError(
                "`negative_sources` or `negative_section_ids` holds something that is not a text.",
                "Give texts, or leave these fields out.",
            )
        described.append(Negative(text, section_id, source, _score(score)))
    return described


def _parallel(row: Row, name: str, count: int, default: object) -> list[object]:
    values = row.get(name)
    if values is None:
        return [default] * count
    if not isinstance(values, list):
        raise FormatError(f"`{name}` is {kind_of(values)}, not a list.", f"Give `{name}` as a list, or leave it out.")
    if len(values) != count:
        raise FormatError(
            f"`{name}` has {len(values)} entries for {count} negatives.", f"Give one a negative, or leave `{name}` out."
        )
    return values


def _score(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise FormatError(
                "`negative_scores` holds a number that is too large.", "Give scores below 1e308."
            ) from error
    raise FormatError(
        f"`negative_scores` holds {kind_of(value)}, not a number.", "Give numbers or null, or leave the field out."
    )
