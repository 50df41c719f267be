"""Training pairs as the columns of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedtune.events import Alert, Report
from embedtune.vocabulary.pairs import TrainingPair


@dataclass(frozen=True, slots=True)
class PairColumns:
    """The columns that the trainer reads and the clusters that the sampler and the loss need.

    Attributes:
        texts: ``anchor``, ``positive``, ``negative_1`` …, and ``label`` with the row number.
        clusters: Cluster name of each row.
        positive_clusters: Its number.
        negative_clusters: Cluster numbers of each row's negatives; -1 where unknown.
    """

    texts: Mapping[str, Sequence[str] | Sequence[int]]
    clusters: tuple[str, ...]
    positive_clusters: tuple[int, ...]
    negative_clusters: tuple[tuple[int, ...], ...]


def pair_columns(pairs: Sequence[TrainingPair], report: Report) -> PairColumns:
    """Turn pairs into columns; every row has as many negatives as the one with fewest.

    A trainer needs rows of one shape. Negatives that other rows lack are left out, and reported.
    """
    least = min((len(pair.negatives) for pair in pairs), default=0)
    most = max((len(pair.negatives) for pair in pairs), default=0)
    if least < most:
        report(Alert(f"Pairs have {least} to {most} hard negatives each; {least} of each are used."))
    clusters = tuple(_cluster(pair) for pair in pairs)
    names = {name: number for number, name in enumerate(sorted(set(clusters)))}
    of_section = {
        pair.provenance.section_id: names[cluster]
        for pair, cluster in zip(pairs, clusters, strict=True)
        if pair.provenance.section_id
    }
    texts: dict[str, list[str] | list[int]] = {
        "anchor": [pair.query.text for pair in pairs],
        "positive": [pair.positive for pair in pairs],
    }
    for column in range(least):
        texts[f"negative_{column + 1}"] = [pair.negatives[column].text for pair in pairs]
    texts["label"] = list(range(len(pairs)))
    return PairColumns(
        texts=texts,
        clusters=clusters,
        positive_clusters=tuple(names[cluster] for cluster in clusters),
        negative_clusters=tuple(
            tuple(of_section.get(negative.section_id, -1) for negative in pair.negatives[:least]) for pair in pairs
        ),
    )


def _cluster(pair: TrainingPair) -> str:
    """Return what pairs must share to answer each other's questions, in the order of what is known."""
    place = pair.provenance
    return place.cluster or place.section_id or pair.positive
