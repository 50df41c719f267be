"""Run the question writers over a split corpus and remove what was asked before."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.events import Report, silent, tracked
from embedtune.files import digest_value
from embedtune.pairs.extractive import ExtractiveWriter
from embedtune.pairs.templates import TemplateWriter
from embedtune.vocabulary.pairs import GeneratedQuery, Origin, Query, Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.config.settings import CorpusSettings, QuestionSettings
    from embedtune.pairs.split import CorpusSplit
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.ports import QueryWriter


@dataclass(frozen=True, slots=True)
class WrittenQuestions:
    """Questions, and how many were not kept, by reason, with an example each.

    Attributes:
        questions: In the order of their sections.
        rejected: Reason to count.
        examples: Reason to up to three rejected texts.
    """

    questions: tuple[GeneratedQuery, ...]
    rejected: Mapping[str, int]
    examples: Mapping[str, tuple[str, ...]]


def question_writers(settings: QuestionSettings) -> dict[Origin, QueryWriter]:
    """Return the writers that the settings name, in their order."""
    known: dict[str, tuple[Origin, QueryWriter]] = {
        "template": (Origin.TEMPLATE, TemplateWriter(settings.templates_per_section)),
        "extractive": (Origin.EXTRACTIVE, ExtractiveWriter(settings.words_per_extractive)),
    }
    return dict(known[name] for name in settings.writers)


def write_questions(
    sections: Sequence[Section],
    split: CorpusSplit,
    settings: QuestionSettings,
    corpus_settings: CorpusSettings,
    *,
    seed: int,
    forbidden: Sequence[str] = (),
    report: Report = silent,
) -> WrittenQuestions:
    """Write questions for every section that is long enough.

    Where a section has more questions than it may have, which ones stay is drawn from all of them, so
    that the end of a long section is asked about too.

    A question that two clusters of sections would answer is nobody's: all its copies are removed.
    Of equal questions within one cluster the first is kept. A question equal to a forbidden one
    (those of the test suites) is removed: it would leak the test into training.

    Args:
        sections: All sections.
        split: Their clusters and parts.
        settings: Writers and limits.
        corpus_settings: The smallest section that gets questions.
        seed: Seed of the writers.
        forbidden: Questions that must not come out.
        report: Where progress goes.
    """
    writers = question_writers(settings)
    drafts: list[GeneratedQuery] = []
    rejected = _Rejected()
    for section in tracked(sections, "Writing questions", "sections", report):
        if len(section.text.split()) < corpus_settings.min_words:
            rejected.add("section too short", section.heading)
            continue
        written = [
            _draft(section, split, origin, text, word)
            for origin, writer in writers.items()
            for text, word in writer.write(section, seed)
        ]
        drafts += _drawn(written, settings.max_per_section, seed, "more than max_per_section", rejected)
    kept = _without_repeats(drafts, split, {question_key(text) for text in forbidden}, rejected)
    limited = _limited(kept, settings.pairs_per_domain, seed, rejected)
    return WrittenQuestions(tuple(limited), dict(rejected.counts), {k: tuple(v) for k, v in rejected.examples.items()})


def question_key(text: str) -> str:
    """Return what two questions must share to count as the same: their words, in lower case."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


class _Rejected:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = defaultdict(list)

    def add(self, reason: str, text: str) -> None:
        self.counts[reason] += 1
        if len(self.examples[reason]) < 3:  # noqa: PLR2004 - enough to see what is meant
            self.examples[reason].append(text)


def _draft(section: Section, split: CorpusSplit, origin: Origin, text: str, word: int | None) -> GeneratedQuery:
    identity = digest_value([section.id, origin.value, text]).removeprefix("sha256:")[:16]
    query = Query(identity, text, origin, category=section.kind.value, domain=section.domain)
    return GeneratedQuery(query, section.id, split.split_of[section.id], word)


def _without_repeats(
    drafts: Sequence[GeneratedQuery], split: CorpusSplit, forbidden: set[str], rejected: _Rejected
) -> list[GeneratedQuery]:
    clusters_of: dict[str, set[str]] = defaultdict(set)
    for draft in drafts:
        clusters_of[question_key(draft.query.text)].add(split.cluster_of[draft.section_id])
    kept: list[GeneratedQuery] = []
    seen: set[str] = set()
    for draft in drafts:
        key = question_key(draft.query.text)
        if key in forbidden:
            rejected.add("equal to a test question", draft.query.text)
        elif len(clusters_of[key]) > 1:
            rejected.add("answered by several sections", draft.query.text)
        elif key in seen:
            rejected.add("exact duplicate", draft.query.text)
        else:
            seen.add(key)
            kept.append(draft)
    return kept


def _limited(drafts: Sequence[GeneratedQuery], limit: int, seed: int, rejected: _Rejected) -> list[GeneratedQuery]:
    """Keep at most ``limit`` training questions a domain; held-out ones do not count."""
    if not limit:
        return list(drafts)
    by_domain: dict[str, list[GeneratedQuery]] = defaultdict(list)
    for draft in drafts:
        if draft.split is Split.TRAIN:
            by_domain[draft.query.domain].append(draft)
    kept = {
        draft.query.id
        for group in by_domain.values()
        for draft in _drawn(group, limit, seed, "more than pairs_per_domain", rejected)
    }
    return [draft for draft in drafts if draft.split is not Split.TRAIN or draft.query.id in kept]


def _drawn(
    drafts: Sequence[GeneratedQuery], limit: int, seed: int, reason: str, rejected: _Rejected
) -> list[GeneratedQuery]:
    """Return at most ``limit`` of the drafts in their order, chosen by hash; the others are rejected."""
    ordered = sorted(range(len(drafts)), key=lambda position: digest_value([seed, drafts[position].query.id]))
    for position in sorted(ordered[limit:]):
        rejected.add(reason, drafts[position].query.text)
    return [drafts[position] for position in sorted(ordered[:limit])]
