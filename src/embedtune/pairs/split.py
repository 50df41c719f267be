"""Divide a corpus into train, dev and test by cluster, before any question is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.corpus.near_duplicates import clusters, near_duplicate_pairs
from embedtune.files import digest_value
from embedtune.vocabulary.pairs import Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.config.data_settings import SplitSettings
    from embedtune.vocabulary.corpus import Section


@dataclass(frozen=True, slots=True)
class CorpusSplit:
    """Which cluster and which part each section belongs to.

    Attributes:
        cluster_of: Section id to cluster name; sections of one cluster say nearly the same.
        split_of: Section id to part; all sections of a cluster are in one part.
    """

    cluster_of: Mapping[str, str]
    split_of: Mapping[str, Split]


def split_sections(
    sections: Sequence[Section], settings: SplitSettings, near_duplicate_threshold: float, seed: int
) -> CorpusSplit:
    """Divide sections so that no near-duplicate, and no heading of a domain, is on two sides.

    Every domain is divided by itself; a cluster of several domains counts for the one of its smallest
    section id. Clusters come in an order that hashes that id and the seed, so the order of the sections
    does not matter, and adding a document hardly moves the others.

    Args:
        sections: All sections.
        settings: The shares held out.
        near_duplicate_threshold: Jaccard similarity from which sections are one cluster.
        seed: Seed of the order.
    """
    cluster_of = _cluster(sections, near_duplicate_threshold)
    members: dict[str, list[Section]] = defaultdict(list)
    for section in sections:
        members[cluster_of[section.id]].append(section)
    by_domain: dict[str, list[str]] = defaultdict(list)
    for name, group in members.items():
        by_domain[min(group, key=lambda section: section.id).domain].append(name)
    split_of: dict[str, Split] = {}
    for names in by_domain.values():
        ordered = sorted(names, key=lambda name: digest_value([seed, name]))
        parts = _parts([len(members[name]) for name in ordered], settings)
        for name, part in zip(ordered, parts, strict=True):
            split_of.update({section.id: part for section in members[name]})
    return CorpusSplit(cluster_of, split_of)


def _cluster(sections: Sequence[Section], threshold: float) -> dict[str, str]:
    sections = sorted(sections, key=lambda section: section.id)  # which pairs are compared depends on the order
    links = near_duplicate_pairs([section.text for section in sections], threshold)
    first: dict[tuple[str, str], int] = {}
    for position, section in enumerate(sections):
        heading = " ".join(section.heading.lower().split())
        key = (section.domain, heading)
        if heading and first.setdefault(key, position) != position:
            links.append((first[key], position))
    labels = clusters(len(sections), links)
    smallest: dict[int, str] = {}
    for label, section in zip(labels, sections, strict=True):
        smallest[label] = min(smallest.get(label, section.id), section.id)
    return {section.id: smallest[label] for label, section in zip(labels, sections, strict=True)}


def _parts(sizes: Sequence[int], settings: SplitSettings) -> list[Split]:
    """Fill test, then dev, each up to its share of the domain's sections; the rest trains.

    A cluster that would overfill a held-out part by more than it leaves empty goes to training, and
    at least one cluster always trains.
    """
    total = sum(sizes)
    wanted = {Split.TEST: settings.test_share * total, Split.DEV: settings.dev_share * total}
    filled = {Split.TEST: 0, Split.DEV: 0}
    parts: list[Split] = []
    for position, size in enumerate(sizes):
        must_train = position == len(sizes) - 1 and Split.TRAIN not in parts
        fitting = [part for part in filled if filled[part] + size / 2 <= wanted[part]]
        part = Split.TRAIN if must_train or not fitting else fitting[0]
        if part is not Split.TRAIN:
            filled[part] += size
        parts.append(part)
    return parts
