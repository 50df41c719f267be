"""The sections of a collection on a Qdrant server, as points of the collection itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.index.description import IndexDescription, malformed, parse_description
from embedtune.index.held_sections import HeldSection, held_of_row
from embedtune.index.payloads import DOMAIN, LABELS, SECTION
from embedtune.index.server_points import (
    DESCRIPTION,
    POINT,
    POINTS_AT_ONCE,
    SECTIONS,
    WORDS,
    make_collection,
    point_id,
    scrolled,
)
from embedtune.index.server_words import WordWeights, mean_length
from embedtune.vocabulary.corpus import corpus_digest
from embedtune.vocabulary.retrieval import section_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qdrant_client.models import PointStruct

    from embedtune.index.server_connection import ServerConnection

_ROW, _FINISHED, _MEAN_LENGTH = "row", "finished", "mean_length"
_DRIFT = 0.05


class ServerRecords:
    """`SectionRecords` in a collection of a server.

    A section's point names the content in force; putting it is what acknowledges the section.

    Args:
        connection: The server.
        collection: The collection's full name.
    """

    def __init__(self, connection: ServerConnection, collection: str) -> None:
        self._connection = connection
        self._collection = collection
        self._place = f"{collection} at {connection.url}"

    def describe(self) -> IndexDescription | None:
        """Return what the collection says of itself, ``None`` for a new one.

        Raises:
            InputError: The server does not answer.
            FormatError: It is damaged.
        """
        payload = self._description()
        return parse_description(payload[_ROW], self._place) if payload else None

    def begin(self, description: IndexDescription, sections: Sequence[HeldSection]) -> None:
        """Prepare a collection; one that exists is left as it is.

        Raises:
            InputError: The server refuses.
        """
        if not self._description():
            make_collection(self._connection, self._collection, description.dimension)
            self._describe(description, mean_length([one.section for one in sections]), finished=False)

    @property
    def unfinished(self) -> bool:
        """Whether an update was begun and not finished."""
        return not self._description().get(_FINISHED)

    def read(self) -> Mapping[str, HeldSection]:
        """Return the sections by id, in the order of ids.

        Raises:
            InputError: The server does not answer.
            FormatError: They are damaged.
        """
        description = self.describe()
        if description is None:
            return {}
        finished = not self.unfinished
        held = []
        for payload in scrolled(self._connection, self._collection, SECTIONS, [_ROW]):
            try:
                held.append(held_of_row(payload[_ROW], description.passages))
            except (KeyError, TypeError, ValueError) as error:
                raise malformed(self._place, str(error)) from error
        if finished and corpus_digest([one.section for one in held]) != description.corpus_digest:
            raise malformed(self._place, "its sections are not those described")
        return {one.id: one for one in sorted(held, key=lambda one: one.id)}

    def put(self, sections: Sequence[HeldSection]) -> None:
        """Acknowledge sections whose vectors are held, new or in place of what they were.

        Raises:
            InputError: The server refuses.
        """
        self._put(sections, self._begun())

    def remove(self, section_ids: Sequence[str]) -> None:
        """Acknowledge that sections are gone.

        Raises:
            InputError: The server refuses.
        """
        from qdrant_client.models import PointIdsList

        self._begun()
        chosen = PointIdsList(points=[_section_point(id_) for id_ in section_ids])
        self._connection.ask(lambda client: client.delete(self._collection, chosen, wait=True), self._collection)

    def finish(self, description: IndexDescription, sections: Sequence[HeldSection]) -> None:
        """End an update: the records hold just these sections.

        Words are weighed by the mean length of the sections; once that has moved by a twentieth, or words are
        to be counted otherwise, all are weighed again.

        Raises:
            InputError: The server refuses.
        """
        before = self._begun()
        weights = WordWeights(description.fusion.keywords, mean_length([one.section for one in sections]))
        drifted = abs(weights.mean_length - before.mean_length) > _DRIFT * before.mean_length
        if drifted or weights.keywords != before.keywords:
            self._put(sections, weights)
        else:
            weights = before
        self._describe(description, weights.mean_length, finished=True)

    def _begun(self) -> WordWeights:
        """Note that an update is on its way; return how words are weighed."""
        payload = self._description()
        if not payload:
            raise malformed(self._place, "it has no description")
        description = parse_description(payload[_ROW], self._place)
        mean = float(str(payload[_MEAN_LENGTH]))
        if payload[_FINISHED]:
            self._describe(description, mean, finished=False)
        return WordWeights(description.fusion.keywords, mean)

    def _put(self, sections: Sequence[HeldSection], weights: WordWeights) -> None:
        from qdrant_client.models import PointStruct

        points = [
            PointStruct(
                id=_section_point(one.id),
                vector={WORDS: weights.of(one.section)},
                payload={
                    POINT: SECTIONS,
                    SECTION: one.id,
                    DOMAIN: one.section.domain,
                    LABELS: list(section_labels(one.section)),
                    _ROW: one.row(),
                },
            )
            for one in sections
        ]
        for start in range(0, len(points), POINTS_AT_ONCE):
            self._upsert(points[start : start + POINTS_AT_ONCE])

    def _describe(self, description: IndexDescription, mean: float, *, finished: bool) -> None:
        from qdrant_client.models import PointStruct

        payload = {POINT: DESCRIPTION, _ROW: description.row(), _MEAN_LENGTH: mean, _FINISHED: finished}
        self._upsert([PointStruct(id=point_id(DESCRIPTION), vector={}, payload=payload)])

    def _description(self) -> dict[str, object]:
        """Return the payload of the point that describes the collection, empty where there is none."""
        if not self._connection.ask(lambda client: client.collection_exists(self._collection), self._collection):
            return {}
        found = self._connection.ask(
            lambda client: client.retrieve(self._collection, [point_id(DESCRIPTION)], with_payload=True),
            self._collection,
        )
        return dict(found[0].payload or {}) if found else {}

    def _upsert(self, points: list[PointStruct]) -> None:
        self._connection.ask(lambda client: client.upsert(self._collection, points, wait=True), self._collection)


def _section_point(section_id: str) -> str:
    return point_id(f"{SECTIONS}:{section_id}")
