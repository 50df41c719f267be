"""Divide questions from people with the corpus: what answers a question decides what it may be used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from embedtune.corpus.near_duplicates import clusters, near_duplicate_pairs
from embedtune.files import short_digest
from embedtune.pairs.formats.asked import Asked
from embedtune.pairs.formats.section_finder import SectionFinder
from embedtune.pairs.formats.test_suite import relevant_sections
from embedtune.pairs.questions import question_key
from embedtune.pairs.split import CorpusSplit
from embedtune.pairs.statistics import RejectionCounts
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.pairs import Origin, Query, Split
from embedtune.wording.near_equal import near_equal_questions

NOT_FOUND = "answer not found in the corpus"
BOTH_SIDES = "answered on both sides of the split"
HELD_OUT = "held out by its own file"
NOT_HUMAN = "answered by a held-out section and not written by a person"
LEAK = "equal or near-equal to a held-out question"
DUPLICATE = "exact duplicate"

_STRICTNESS = (Split.TRAIN, Split.DEV, Split.TEST)
_EXAMPLES = 3
_SAME_TEXT = 0.7
_HEX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class PlacedQuestion:
    """A question and the part of the corpus that it belongs to.

    Attributes:
        query: The question; its id is its own among all files.
        asked: It as its file gave it.
        section_ids: The sections that answer it, the first one first; empty if the corpus holds no answer.
        part: The part that all of these are in.
        cluster: Where the corpus holds no answer: questions of one cluster ask, or are answered, nearly alike.
    """

    query: Query
    asked: Asked
    section_ids: tuple[str, ...]
    part: Split
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """What became of questions from people.

    Attributes:
        questions: Those that can be used, in the order of the files.
        held_out: Those that their own file holds out and that are rejected for it.
        rejected: Reason to count.
        examples: Reason to up to three rejected questions.
    """

    questions: tuple[PlacedQuestion, ...]
    held_out: tuple[str, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)


def place_questions(
    asked: Sequence[Asked],
    sections: Sequence[Section],
    split: CorpusSplit,
    references: Sequence[str],
    *,
    leak_threshold: float,
    dev_share: float,
    seed: int,
) -> Placement:
    """Give each question to the part of the corpus that answers it, and drop what would leak.

    A question whose answers lie in two parts is dropped: wherever it went, one of its sections would be on
    the other side. One whose answer the corpus does not hold can be trained on all the same, with the
    answer itself as the passage; such questions are clustered by near-equal question or answer, and whole
    clusters go to train or dev, by hash. A dev question that repeats a test question, and a training question that
    repeats either or a reference, is dropped.

    Args:
        asked: The questions.
        sections: All sections of the corpus.
        split: Their clusters and parts.
        references: Questions that must not be trained on or tuned on: those of the test suites.
        leak_threshold: Similarity of content words from which two questions are the same.
        dev_share: Share of the clusters without an answer in the corpus that go to dev.
        seed: Seed of that choice.
    """
    finder = SectionFinder(sections)
    rejected = RejectionCounts(_EXAMPLES)
    placed: dict[int, PlacedQuestion] = {}
    loose: dict[int, Asked] = {}
    held_out: list[str] = []
    for number, (query, question) in enumerate(zip(_named(asked), asked, strict=True)):
        found, _ = relevant_sections(question.case, finder)
        parts = {split.split_of[identity] for identity in found}
        reason = _reason_against(question, parts)
        if reason:
            rejected.add(reason, query.text)
            held_out += [query.text] if reason == HELD_OUT else []
        elif found:
            placed[number] = PlacedQuestion(query, question, tuple(dict.fromkeys(found)), parts.pop())
        else:
            loose[number] = replace(question, case=replace(question.case, query=query))
    placed |= dict(zip(loose, _loose(list(loose.values()), dev_share, seed), strict=True))
    kept = _without_leaks(
        [placed[number] for number in sorted(placed)], (*references, *held_out), leak_threshold, rejected
    )
    counted = rejected.rejections
    return Placement(tuple(kept), tuple(held_out), counted.by_filter, counted.examples)


def _reason_against(question: Asked, parts: set[Split]) -> str:
    """Return why a question cannot be used, empty if it can."""
    if not parts and not question.case.expected_texts:
        return NOT_FOUND
    if len(parts) > 1:
        return BOTH_SIDES
    part = next(iter(parts), Split.TRAIN)
    if _STRICTNESS.index(part) < _STRICTNESS.index(question.part):
        return HELD_OUT
    return NOT_HUMAN if part is not Split.TRAIN and question.case.query.origin is not Origin.HUMAN else ""


def _named(asked: Sequence[Asked]) -> list[Query]:
    """Return the questions with ids that no two different ones share; files number theirs alike."""
    owner: dict[str, str] = {}
    queries: list[Query] = []
    for question in asked:
        query = question.case.query
        key, identity, number = question_key(query.text), query.id, 1
        while owner.setdefault(identity, key) != key:
            number += 1
            identity = f"{query.id}-{number}"
        queries.append(replace(query, id=identity))
    return queries


def _loose(asked: Sequence[Asked], dev_share: float, seed: int) -> list[PlacedQuestion]:
    """Divide questions whose answer is not in the corpus."""
    if not asked:
        return []
    keys = [question_key(question.case.query.text) for question in asked]
    answers = [question.case.expected_texts[0] for question in asked]
    links = near_duplicate_pairs(keys, _SAME_TEXT) + near_duplicate_pairs(answers, _SAME_TEXT)
    for texts in (keys, answers):
        first: dict[str, int] = {}
        links += [(first.setdefault(text, number), number) for number, text in enumerate(texts)]
    labels = clusters(len(asked), links)
    smallest: dict[int, str] = {}
    for key, label in zip(keys, labels, strict=True):
        smallest[label] = min(key, smallest.get(label, key))
    names = [short_digest(smallest[label]) for label in labels]
    return [
        PlacedQuestion(
            question.case.query,
            question,
            (),
            Split.DEV if _draw(name, seed) < dev_share else Split.TRAIN,
            f"answer:{name}",
        )
        for question, name in zip(asked, names, strict=True)
    ]


def _draw(name: str, seed: int) -> float:
    """Return a number from 0 to 1 that name and seed decide."""
    return int(short_digest([seed, name])[:_HEX_DIGITS], 16) / float(16**_HEX_DIGITS)


def _without_leaks(
    placed: Sequence[PlacedQuestion], forbidden: Sequence[str], leak_threshold: float, rejected: RejectionCounts
) -> list[PlacedQuestion]:
    """Drop what repeats a question of a stricter part, the strictest part first, and exact duplicates."""
    kept: set[int] = set()
    stricter = list(forbidden)
    for part in reversed(_STRICTNESS):
        members = [number for number, question in enumerate(placed) if question.part is part]
        texts = [placed[number].query.text for number in members]
        leaks = [False] * len(texts) if part is Split.TEST else _repeats(texts, stricter, leak_threshold)
        seen: set[tuple[object, ...]] = set()
        for number, leak in zip(members, leaks, strict=True):
            question = placed[number]
            answer = question.section_ids or question.asked.case.expected_texts
            key = (question_key(question.query.text), bool(question.section_ids), answer)
            if leak or key in seen:
                rejected.add(LEAK if leak else DUPLICATE, question.query.text)
            else:
                kept.add(number)
            seen.add(key)
        stricter += texts
    return [question for number, question in enumerate(placed) if number in kept]


def _repeats(texts: Sequence[str], references: Sequence[str], threshold: float) -> list[bool]:
    """Tell for each question whether it asks what a reference asks; one without content words if it is equal."""
    near = set(near_equal_questions(texts, references, threshold))
    equal = {question_key(text) for text in references}
    return [number in near or question_key(text) in equal for number, text in enumerate(texts)]
