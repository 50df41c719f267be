"""How much of its general retrieval a model keeps: a judged collection that has nothing to do with the corpus.

Fine-tuning on one corpus can cost quality everywhere else (Thakur et al. 2021, "BEIR", on models trained on one
collection). Whole documents are ranked by their vectors alone, as in that benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from embedtune.errors import InputError
from embedtune.evaluation.metrics import Measure, score_run
from embedtune.evaluation.paired import paired_comparison
from embedtune.evaluation.significance import MIN_GROUPS
from embedtune.events import Progress, Report
from embedtune.files import digest_value
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.evaluation import Comparison, Qrels, Ranked, Run, Scores
from embedtune.vocabulary.pairs import Query
from embedtune.vocabulary.ports import Encoder

_NDCG = Measure.parse("ndcg@10")
_BLOCK = 256  # documents encoded between two reports of progress
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class GeneralSet:
    """A judged collection of general questions.

    Attributes:
        name: Its name, for people.
        queries: The questions.
        qrels: The judgements.
        documents: One passage for each document, whole.

    Raises:
        InputError: Fewer than two of the questions are judged, so that no interval can be given.
    """

    name: str
    queries: tuple[Query, ...]
    qrels: Qrels
    documents: tuple[Passage, ...]

    def __post_init__(self) -> None:
        """Refuse a set that cannot show a change."""
        if len(self.qrels) < MIN_GROUPS or not self.documents:
            raise InputError(
                f"The general set {self.name} has {len(self.qrels)} judged questions and {len(self.documents)} "
                "documents: too few to measure a change.",
                f"Give training.general_set a BEIR folder with at least {MIN_GROUPS} judged test questions.",
            )

    @property
    def digest(self) -> str:
        """Digest of all that decides what is measured."""
        queries = [[query.id, query.text] for query in self.queries]
        documents = [[document.section_id, document.text] for document in self.documents]
        return digest_value([queries, self.qrels.digest, documents])


def general_scores(encoder: Encoder, general: GeneralSet, report: Report) -> Scores:
    """Return nDCG@10 of each judged question.

    Args:
        encoder: The model.
        general: The collection.
        report: Where progress goes.
    """
    documents = sorted(general.documents, key=lambda document: document.section_id)
    queries = encoder.encode([query.text for query in general.queries])
    blocks = []
    for start in range(0, len(documents), _BLOCK):
        block = documents[start : start + _BLOCK]
        blocks.append(queries @ encoder.encode([document.text for document in block]).T)
        report(Progress(f"General questions, {encoder.name}", start + len(block), len(documents), "documents"))
    rankings = {}
    for query, similarities in zip(general.queries, np.concatenate(blocks, axis=1), strict=True):
        order = np.argsort(-similarities, kind="stable")[: _NDCG.cutoff]
        rankings[query.id] = tuple(Ranked(documents[row].section_id, float(similarities[row])) for row in order)
    return score_run(Run(encoder.name, "", rankings), general.qrels, (_NDCG,))[_NDCG.name]


def general_change(base: Scores, tuned: Scores, seed: int) -> Comparison:
    """Return the change of nDCG@10 from the base to a tuned model, with the interval over the questions.

    Args:
        base: The base model's scores; see `general_scores`.
        tuned: The other model's, on the same questions.
        seed: Seed of the resampling.
    """
    return paired_comparison(base, tuned, ("base", "tuned"), None, _RESAMPLES, np.random.default_rng(seed))


def guarded_share(
    share: float, shares: Sequence[float], tolerance: float, measure: Callable[[float], Comparison]
) -> float:
    """Return the least share of the base, from ``share`` up, that loses no more than ``tolerance``.

    Args:
        share: The share chosen on dev: the guard only ever keeps more of the base.
        shares: What may be chosen instead.
        tolerance: Loss of nDCG@10 that is accepted, such as .01.
        measure: Returns the change from the base to the average with a share.

    Returns:
        The share; where none loses so little, the one that loses least.
    """
    losses: dict[float, float] = {}
    for candidate in (share, *sorted(other for other in set(shares) if other > share)):
        losses[candidate] = -measure(candidate).delta
        if losses[candidate] <= tolerance:
            return candidate
    return min(losses, key=lambda candidate: losses[candidate])
