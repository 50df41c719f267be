"""Which answers of the test questions a model saw while training."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from embedtune.corpus.near_duplicates import Shingle, shingles
from embedtune.corpus.passages import heading_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.evaluation import Qrels
    from embedtune.vocabulary.pairs import TrainingPair

_SHARED = 0.8
_OFTEN = 64  # a run of words that stands in more sections than this is a notice, and tells none from another


def questions_on_trained_sections(
    qrels: Qrels, sections: Sequence[Section], pairs: Sequence[TrainingPair]
) -> tuple[str, ...]:
    """Return the judged questions with an answer that was a training positive, in order of id.

    A positive was cut from a section if it names that section, or if four fifths of its runs of three words
    stand in it (containment: Broder 1997, "On the resemblance and containment of documents"), so that an equal
    text under another id is found too. Each different positive is looked at once, and a run of words that very
    many sections share is passed over, so that the time grows with the texts and not with their pairs.

    Args:
        qrels: The judgements.
        sections: The corpus.
        pairs: The training pairs.
    """
    asked = {section for query in qrels.query_ids for section in qrels.relevant(query)}
    seen = {pair.provenance.section_id for pair in pairs} & asked
    places = _places([section for section in sections if section.id in asked - seen])
    for positive in {pair.positive for pair in pairs}:
        seen |= _containing(positive, places)
    return tuple(query for query in qrels.query_ids if qrels.relevant(query) & seen)


def _places(sections: Sequence[Section]) -> dict[Shingle, list[str]]:
    """Return the sections in which each run of words stands."""
    places: dict[Shingle, list[str]] = defaultdict(list)
    for section in sections:
        for shingle in shingles(f"{heading_text(section)}\n{section.text}"):
            places[shingle].append(section.id)
    return dict(places)


def _containing(positive: str, places: Mapping[Shingle, Sequence[str]]) -> set[str]:
    """Return the sections that hold most of a passage."""
    holders = [places.get(shingle, ()) for shingle in shingles(positive)]
    telling = [holder for holder in holders if len(holder) <= _OFTEN]
    counts = Counter(section for holder in telling for section in holder)
    return {section for section, count in counts.items() if count >= _SHARED * len(telling)}
