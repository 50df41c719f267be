"""The held-out questions a model is measured on while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedtune.files import digest_value
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Query


@dataclass(frozen=True, slots=True)
class DevSet:
    """Questions, their right sections, and the passages searched.

    Attributes:
        queries: Questions that no training pair repeats.
        qrels: The sections that answer them.
        passages: Passages of the sections that answer and of others.
    """

    queries: tuple[Query, ...]
    qrels: Qrels
    passages: tuple[Passage, ...]

    @property
    def digest(self) -> str:
        """Digest of all that decides what is measured."""
        queries = [[query.id, query.text, query.domain] for query in self.queries]
        passages = [[passage.section_id, passage.text] for passage in self.passages]
        return digest_value([queries, self.qrels.digest, passages])


def dev_set(queries: Sequence[Query], qrels: Qrels, passages: Sequence[Passage], max_passages: int) -> DevSet:
    """Keep every passage of the sections that answer, and as many others as fit, evenly spread.

    A dev evaluation costs as much as it has passages; a few hundred distractors rank checkpoints as
    well as all of them.

    Args:
        queries: Dev questions; those without a relevant section are left out.
        qrels: Judgements.
        passages: All passages of the corpus.
        max_passages: Passages kept, unless those that answer are more.
    """
    judged = set(qrels.query_ids)
    asked = tuple(query for query in queries if query.id in judged)
    answering = {section for query in asked for section in qrels.relevant(query.id)}
    right = [passage for passage in passages if passage.section_id in answering]
    others = [passage for passage in passages if passage.section_id not in answering]
    room = max(0, max_passages - len(right))
    step = max(1.0, len(others) / room) if room else 0.0
    spread = [others[int(number * step)] for number in range(min(room, len(others)))] if room else []
    return DevSet(asked, qrels.restricted_to([query.id for query in asked]), (*right, *spread))
