"""A log as a whole: what has changed, and whether to raise the alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.advisory import Verdict
from embedtune.anomaly.calibration.guarantee import Guarantee
from embedtune.anomaly.calibration.thresholds import ALL
from embedtune.anomaly.drift.domain_mix import DomainShare, domain_mix, mix_p_value
from embedtune.anomaly.drift.embedding_shift import PERMUTATIONS, EmbeddingShift, embedding_shift
from embedtune.anomaly.drift.rates import FlagRate, Judged, flag_rate
from embedtune.anomaly.drift.unusual_clusters import UnusualCluster, unusual_clusters
from embedtune.anomaly.drift.vocabulary import Vocabulary, compare_vocabulary
from embedtune.anomaly.log_entries import LogEntry
from embedtune.anomaly.veil import compared
from embedtune.anomaly.windows import normal_form
from embedtune.errors import InputError

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector

SMALLEST_LOG = 30
"""Judged queries that a log must hold to be compared."""

STRETCHES = 20
"""Parts into which a log is cut to show how it went, at most."""

MOST_TESTS = 4
"""Comparisons that share the level of an alarm: of flags, vectors and words, and of domains with those before."""

SMALLEST_LEVEL = MOST_TESTS / (PERMUTATIONS + 1)
"""The smallest level: below it the energy test could raise no alarm."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the log.

    Attributes:
        begin: When its first query was judged.
        queries: How many different ones it holds.
        flagged: How many of these were flagged.
        unusual: How many were unusual, without the flagged ones.
        expected_high: The share of flagged ones that so many queries exceed with 2.5 % chance where nothing has
            changed.
    """

    begin: str
    queries: int
    flagged: int
    unusual: int
    expected_high: float


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
        rate: Flagged queries among the different ones, beside the calibrated rate.
        embedding: Whether the vectors are others.
        vocabulary: Whether the words are others.
        domains: Which domains were asked about, each time counted; it raises no alarm.
        mix_p_value: The chance of domains that differ as much from those before where nothing has changed; ``None``
            where too little was logged before.
        rules: How often each written rule held, most often first.
        p_values: How many queries have a p-value in each twentieth from 0 to 1; alike where nothing has changed.
        stretches: How the log went.
        clusters: Which questions to write next; empty where the log has no texts.
        with_texts: Whether the log has texts.
        level: The chance of an alarm where nothing has changed, which the tests share; for one look at one log.
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
    domains: tuple[DomainShare, ...]
    mix_p_value: float | None
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

    @property
    def bound(self) -> float:
        """The p-value from which on a test raises the alarm: its share of the level (Bonferroni)."""
        return _bound(self.level, self.mix_p_value)


def assess(
    detector: AnomalyDetector, entries: Sequence[LogEntry], level: float, seed: int, before: Sequence[LogEntry] = ()
) -> Drift:
    """Compare a log with the queries that calibrated its detector.

    Three tests share the level by Bonferroni's bound: the flag rate, the vectors and the words; a fourth one compares
    the domains with those of the queries before, where there are enough. They count different queries, each as it was
    judged last, since one person who asks again is no drift.

    Args:
        detector: The detector that judged them.
        entries: The log; entries of other detectors are counted and passed over.
        level: The chance of an alarm where nothing has changed, in one look: who looks again and again at a growing
            log has it each time anew.
        seed: Decides samples and permutations.
        before: What was logged before, by whatever detector.

    Raises:
        InputError: Too few entries of this detector, a damaged one, or a level so small that not every test could
            raise the alarm.
    """
    if not SMALLEST_LEVEL <= level < 1:
        raise InputError(
            f"A chance of {level:g} of a false alarm cannot be kept to.", f"Give {SMALLEST_LEVEL:g} or more, below 1."
        )
    digest = detector.card.digest
    own = sorted(_by_one_name([entry for entry in entries if entry.detector == digest]), key=lambda entry: entry.time)
    if len(own) < SMALLEST_LOG:
        raise InputError(
            f"The log holds {len(own)} queries that this detector judged ({len(entries)} in all); at least "
            f"{SMALLEST_LOG} are needed.",
            "Log more queries, or name the version and the detector that judged them.",
        )
    distinct = _distinct(own)
    reference, guarantees = detector.reference, detector.thresholds.guarantees
    rate = _rate(distinct, guarantees)
    seen = compared(reference, distinct, seed)
    embedding = embedding_shift(seen.normal_sketches, reference.groups, seen.sketches, seed)
    vocabulary = compare_vocabulary(seen.normal_new_words, reference.groups, seen.new_words)
    earlier = [entry.domain for entry in _distinct(_by_one_name(sorted(before, key=lambda entry: entry.time)))]
    mix = None
    if len(earlier) >= SMALLEST_LOG:
        mix = mix_p_value(earlier, [entry.domain for entry in distinct], detector.thresholds.guarantee.effect)
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
        domains=domain_mix(
            detector.card.domains,
            [(entry.domain, _flagged(entry)) for entry in own],
            None if mix is None else [entry.domain for entry in before],
        ),
        mix_p_value=mix,
        rules=_rules(own),
        p_values=tuple(np.histogram([entry.p_value for entry in own], bins=20, range=(0, 1))[0].tolist()),
        stretches=_stretches(own, guarantees),
        clusters=unusual_clusters([entry for entry in own if entry.verdict != Verdict.NORMAL], len(own)),
        with_texts=any(entry.text is not None for entry in own),
        level=level,
        alarms=_alarms(rate, embedding, vocabulary, mix, _bound(level, mix)),
    )


def _flagged(entry: LogEntry) -> bool:
    return entry.verdict == Verdict.ANOMALOUS


def _by_one_name(entries: Sequence[LogEntry]) -> list[LogEntry]:
    """Name each query by its text where a log has it: the hashes of two logs have two keys."""
    texts: dict[str, str] = {}
    for entry in entries:
        if entry.text is not None and entry.query not in texts:
            texts[entry.query] = normal_form(entry.text)
    return [replace(entry, query=texts.get(entry.query, entry.query)) for entry in entries]


def _distinct(entries: Sequence[LogEntry]) -> list[LogEntry]:
    """Return each different query as it was judged last."""
    return list({entry.query: entry for entry in entries}.values())


def _rate(distinct: Sequence[LogEntry], guarantees: Mapping[str, Guarantee]) -> FlagRate:
    """Compare the flags with the calibration behind the threshold that each query met."""
    met: dict[str, list[bool]] = {}
    for entry in distinct:
        name = entry.calibrated_on if entry.calibrated_on in guarantees else ALL
        met.setdefault(name, []).append(_flagged(entry))
    return flag_rate([Judged(sum(flags), len(flags), guarantees[name]) for name, flags in met.items()])


def _bound(level: float, mix: float | None) -> float:
    """Return the p-value from which on a test raises the alarm, of a level that the tests share."""
    return level / (MOST_TESTS if mix is not None else MOST_TESTS - 1)


def _alarms(
    rate: FlagRate, embedding: EmbeddingShift, vocabulary: Vocabulary, mix: float | None, highest: float
) -> tuple[str, ...]:
    found = (
        (rate.p_value, f"{rate.share:.1%} of the queries are flagged, where {rate.expected:.1%} are expected"),
        (embedding.p_value, "the vectors of the queries come from elsewhere"),
        (vocabulary.p_value, f"{vocabulary.share:.1%} of the words are new, where {vocabulary.usual:.1%} are usual"),
        (1.0 if mix is None else mix, "other domains are asked about than before"),
    )
    return tuple(f"{text} (p = {p_value:.2g})" for p_value, text in found if p_value <= highest)


def _rules(entries: Sequence[LogEntry]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for entry in entries:
        for rule in entry.rules:
            counts[rule] = counts.get(rule, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _stretches(entries: Sequence[LogEntry], guarantees: Mapping[str, Guarantee]) -> tuple[Stretch, ...]:
    parts = min(STRETCHES, max(1, len(entries) // SMALLEST_LOG))
    ends = [round(len(entries) * number / parts) for number in range(parts + 1)]
    return tuple(_stretch(entries[begin:end], guarantees) for begin, end in pairwise(ends))


def _stretch(entries: Sequence[LogEntry], guarantees: Mapping[str, Guarantee]) -> Stretch:
    distinct = _distinct(entries)
    rate = _rate(distinct, guarantees)
    unusual = sum(entry.verdict == Verdict.UNUSUAL for entry in distinct)
    return Stretch(entries[0].time, rate.queries, rate.flagged, unusual, rate.expected_high)
