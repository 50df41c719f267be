"""Have questions written for a split corpus, and keep those that are worth training on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.events import Report, silent, tracked
from embedtune.files import digest_value, short_digest
from embedtune.pairs.extractive import ExtractiveWriter
from embedtune.pairs.keyphrases import KeyphraseWriter
from embedtune.pairs.statistics import RejectionCounts, Rejections
from embedtune.pairs.templates import TemplateWriter
from embedtune.pairs.terms import corpus_terms
from embedtune.vocabulary.pairs import GeneratedQuery, Origin, Query, Split

if TYPE_CHECKING:
    from embedtune.config.data_settings import CorpusSettings, QuestionSettings
    from embedtune.pairs.filters.cascade import Filtered
    from embedtune.pairs.split import CorpusSplit
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.ports import QueryWriter

SECTION_TOO_SHORT = "section too short"
OVER_SECTION_LIMIT = "more than max_per_section"
OVER_DOMAIN_LIMIT = "more than pairs_per_domain"


@dataclass(frozen=True, slots=True)
class WrittenQuestions:
    """Questions in the order of their sections, and what was not kept."""

    questions: tuple[GeneratedQuery, ...]
    rejections: Rejections


@dataclass(frozen=True, slots=True)
class NamedWriter:
    """A writer, and what its questions are called."""

    origin: Origin
    writer: QueryWriter


def question_writers(
    settings: QuestionSettings, sections: Sequence[Section], llm: QueryWriter | None = None
) -> tuple[NamedWriter, ...]:
    """Return the writers that the settings name.

    Args:
        settings: Which writers, and how much each writes.
        sections: The corpus, for how telling its words are.
        llm: The language model's questions, where the settings name it.
    """
    writers: list[NamedWriter] = []
    if "template" in settings.writers and settings.templates_per_section:
        writers.append(NamedWriter(Origin.TEMPLATE, TemplateWriter(settings.templates_per_section)))
    if "extractive" in settings.writers:
        writers.append(NamedWriter(Origin.EXTRACTIVE, ExtractiveWriter(settings.words_per_extractive)))
    if "keyphrase" in settings.writers:
        keyphrases = KeyphraseWriter(corpus_terms(sections), settings.words_per_keyphrase)
        writers.append(NamedWriter(Origin.EXTRACTIVE, keyphrases))
    if "llm" in settings.writers and llm is not None:
        writers.append(NamedWriter(Origin.LLM, llm))
    return tuple(writers)


def write_questions(
    sections: Sequence[Section],
    split: CorpusSplit,
    writers: Sequence[NamedWriter],
    keep: Callable[[Sequence[GeneratedQuery]], Filtered],
    settings: QuestionSettings,
    corpus_settings: CorpusSettings,
    *,
    seed: int,
    report: Report = silent,
) -> WrittenQuestions:
    """Write questions for every section that is long enough, filter them, and keep as many as are wanted.

    Where more questions pass the filters than a section or a domain may have, which ones stay is drawn
    from all of them, so that the end of a long section is asked about too. Held-out sections do not
    count for a domain's limit.

    Args:
        sections: All sections.
        split: Their clusters and parts.
        writers: Who writes.
        keep: The filters (see `filters.filter_questions`).
        settings: The limits.
        corpus_settings: The smallest section that gets questions.
        seed: Seed of the writers and of the draws.
        report: Where progress goes.
    """
    rejected = RejectionCounts()
    drafts: list[GeneratedQuery] = []
    for section in tracked(sections, "Writing questions", "sections", report):
        if len(section.text.split()) < corpus_settings.min_words:
            rejected.add(SECTION_TOO_SHORT, section.heading)
            continue
        drafts += _written(section, split.split_of[section.id], writers, seed)
    filtered = keep(drafts)
    by_section = [question.section_id for question in filtered.kept]
    some = _drawn(filtered.kept, by_section, settings.max_per_section, seed, OVER_SECTION_LIMIT, rejected)
    if settings.pairs_per_domain:
        by_domain = [q.query.domain if q.split is Split.TRAIN else None for q in some]
        some = _drawn(some, by_domain, settings.pairs_per_domain, seed, OVER_DOMAIN_LIMIT, rejected)
    return WrittenQuestions(tuple(some), filtered.rejections + rejected.rejections)


def question_key(text: str) -> str:
    """Return what two questions must share to count as the same: their words, in lower case."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _written(section: Section, part: Split, writers: Sequence[NamedWriter], seed: int) -> list[GeneratedQuery]:
    """Return a section's questions; the first of equal ones."""
    drafts: dict[str, GeneratedQuery] = {}
    for named in writers:
        for text, word in named.writer.write(section, seed):
            identity = short_digest([section.id, named.origin.value, text])
            query = Query(identity, text, named.origin, category=section.kind.value, domain=section.domain)
            drafts.setdefault(identity, GeneratedQuery(query, section.id, part, word))
    return list(drafts.values())


def _drawn(
    questions: Sequence[GeneratedQuery],
    groups: Sequence[str | None],
    limit: int,
    seed: int,
    reason: str,
    rejected: RejectionCounts,
) -> list[GeneratedQuery]:
    """Return at most ``limit`` questions of each group, chosen by hash, in their order; group ``None`` has no limit."""
    members: Mapping[str, list[int]] = defaultdict(list)
    for position, group in enumerate(groups):
        if group is not None:
            members[group].append(position)
    dropped: set[int] = set()
    for positions in members.values():
        if len(positions) > limit:
            ordered = sorted(positions, key=lambda position: digest_value([seed, questions[position].query.id]))
            dropped.update(ordered[limit:])
    for position in sorted(dropped):
        rejected.add(reason, questions[position].query.text)
    return [question for position, question in enumerate(questions) if position not in dropped]
