"""A log as a whole: what has changed, and whether to raise the alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.advisory import Verdict
from embedtune.anomaly.calibration.guarantee import Guarantee
from embedtune.anomaly.drift.domain_mix import DomainMix, domain_mix
from embedtune.anomaly.drift.embedding_shift import EmbeddingShift, embedding_shift
from embedtune.anomaly.drift.rates import FlagRate, flag_rate
from embedtune.anomaly.drift.unusual_clusters import UnusualCluster, unusual_clusters
from embedtune.anomaly.drift.vocabulary import Vocabulary, compare_vocabulary
from embedtune.anomaly.log_entries import LogEntry
from embedtune.anomaly.veil import compared
from embedtune.errors import InputError

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector

SMALLEST_LOG = 30
"""Judged queries that a log must hold to be compared."""

STRETCHES = 20
"""Parts into which a log is cut to show how it went, at most."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the log.

    Attributes:
        begin: When its first query was judged.
        queries: How many it holds.
        flagged: How many of them were flagged.
        unusual: How many were unusual, without the flagged ones.
    """

    begin: str
    queries: int
    flagged: int
    unusual: int


@dataclass(frozen=True, slots=True)
class Drift:
    """What a log shows.

    Attributes:
        queries: Judged queries by this detector.
        distinct: Different ones.
        others: Entries of the log that another detector wrote; they are not compared.
        begin: When the first was judged.
        end: When the last was.
        guarantee: The calibration of the detector.
        rate: Flagged queries, beside the calibrated rate.
        embedding: Whether the vectors are others.
        vocabulary: Whether the words are others.
        mix: Whether the domains are others.
        rules: How often each written rule held, most often first.
        p_values: How many queries have a p-value in each twentieth from 0 to 1; alike where nothing has changed.
        stretches: How the log went.
        clusters: Which questions to write next; empty where the log has no texts.
        with_texts: Whether the log has texts.
        level: The chance of an alarm where nothing has changed, which the tests share.
        alarms: What is outside its bounds, for people; empty for no alarm.
    """

    queries: int
    distinct: int
    others: int
    begin: str
    end: str
    guarantee: Guarantee
    rate: FlagRate
    embedding: EmbeddingShift
    vocabulary: Vocabulary
    mix: DomainMix
    rules: tuple[tuple[str, int], ...]
    p_values: tuple[int, ...]
    stretches: tuple[Stretch, ...]
    clusters: tuple[UnusualCluster, ...]
    with_texts: bool
    level: float
    alarms: tuple[str, ...]

    @property
    def alarm(self) -> bool:
        """Whether anything is outside its bounds."""
        return bool(self.alarms)


def assess(detector: AnomalyDetector, entries: Sequence[LogEntry], level: float, seed: int) -> Drift:
    """Compare a log with the queries that calibrated its detector.

    Four tests share the level by Bonferroni's bound: the flag rate, the vectors, the words and the domains. Vectors and
    words are compared on different queries, since one person who asks again is no drift.

    Args:
        detector: The detector that judged them.
        entries: The log; entries of other detectors are counted and passed over.
        level: The chance of an alarm where nothing has changed.
        seed: Decides samples and permutations.

    Raises:
        InputError: Too few entries of this detector, or a damaged one.
    """
    digest = detector.card.digest
    own = sorted((entry for entry in entries if entry.detector == digest), key=lambda entry: entry.time)
    if len(own) < SMALLEST_LOG:
        raise InputError(
            f"The log holds {len(own)} queries that this detector judged ({len(entries)} in all); at least "
            f"{SMALLEST_LOG} are needed.",
            "Log more queries, or name the version and the detector that judged them.",
        )
    distinct = list({entry.query: entry for entry in own}.values())
    flagged = [entry.verdict == Verdict.ANOMALOUS for entry in own]
    reference = detector.reference
    rate = flag_rate(sum(flagged), len(own), detector.thresholds.guarantee)
    seen = compared(reference, distinct, seed)
    embedding = embedding_shift(seen.normal_sketches, reference.groups, seen.sketches, seed)
    vocabulary = compare_vocabulary(seen.normal_new_words, reference.groups, seen.new_words)
    mix = domain_mix(detector.card.domains, [(entry.domain, flag) for entry, flag in zip(own, flagged, strict=True)])
    return Drift(
        queries=len(own),
        distinct=len(distinct),
        others=len(entries) - len(own),
        begin=own[0].time,
        end=own[-1].time,
        guarantee=detector.thresholds.guarantee,
        rate=rate,
        embedding=embedding,
        vocabulary=vocabulary,
        mix=mix,
        rules=_rules(own),
        p_values=tuple(np.histogram([entry.p_value for entry in own], bins=20, range=(0, 1))[0].tolist()),
        stretches=_stretches(own),
        clusters=unusual_clusters([entry for entry in own if entry.verdict != Verdict.NORMAL], len(own)),
        with_texts=any(entry.text is not None for entry in own),
        level=level,
        alarms=_alarms(rate, embedding, vocabulary, mix, level),
    )


def _alarms(
    rate: FlagRate, embedding: EmbeddingShift, vocabulary: Vocabulary, mix: DomainMix, level: float
) -> tuple[str, ...]:
    found = {
        f"{rate.share:.1%} of the queries are flagged, where {rate.expected:.1%} are expected": rate.p_value,
        "the vectors of the queries come from elsewhere": embedding.p_value,
        f"{vocabulary.share:.1%} of the words are new, where {vocabulary.usual:.1%} are usual": vocabulary.p_value,
        "the domains are asked about in other proportions": mix.p_value,
    }
    return tuple(f"{text} (p = {p_value:.2g})" for text, p_value in found.items() if p_value <= level / len(found))


def _rules(entries: Sequence[LogEntry]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for entry in entries:
        for rule in entry.rules:
            counts[rule] = counts.get(rule, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _stretches(entries: Sequence[LogEntry]) -> tuple[Stretch, ...]:
    parts = min(STRETCHES, max(1, len(entries) // SMALLEST_LOG))
    ends = [round(len(entries) * number / parts) for number in range(parts + 1)]
    cut = [entries[begin:end] for begin, end in pairwise(ends)]
    return tuple(
        Stretch(
            part[0].time,
            len(part),
            sum(entry.verdict == Verdict.ANOMALOUS for entry in part),
            sum(entry.verdict == Verdict.UNUSUAL for entry in part),
        )
        for part in cut
    )
