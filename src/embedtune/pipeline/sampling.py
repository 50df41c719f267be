"""Ask some of the test questions instead of all: drawn with a seed, from every kind in proportion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from embedtune.events import Notice, Report
from embedtune.files import JsonValue, short_digest
from embedtune.pipeline.questions import QuestionSet, with_test_questions
from embedtune.vocabulary.pairs import Query

_LABELS: tuple[tuple[str, Callable[[Query], str]], ...] = (
    ("domain", lambda query: query.domain),
    ("difficulty", lambda query: query.difficulty),
    ("category", lambda query: query.category),
)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Questions of one kind.

    Attributes:
        labels: What they have in common, such as domain and difficulty.
        questions: How many there are.
        asked: How many of them are asked.
    """

    labels: Mapping[str, str]
    questions: int
    asked: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Which questions are asked.

    Attributes:
        questions: The set with the drawn test questions, in their order.
        of: How many could have been asked.
        seed: The seed of the draw; ``None`` where all are asked.
        strata: What was drawn from each kind; empty where all are asked.
    """

    questions: QuestionSet
    of: int
    seed: int | None = None
    strata: tuple[Stratum, ...] = ()

    def as_json(self) -> dict[str, JsonValue] | None:
        """Return what a result says of the draw; ``None`` where all questions are asked."""
        if self.seed is None:
            return None
        strata: list[JsonValue] = [asdict(stratum) for stratum in self.strata]
        return {"asked": len(self.questions.test.queries), "of": self.of, "seed": self.seed, "strata": strata}


def sample_questions(questions: QuestionSet, count: int | None, seed: int, report: Report) -> Sample:
    """Draw at most ``count`` test questions.

    The questions are divided by domain, then by difficulty and category where they have any; each part gives as
    many as its share (largest remainder), so that the mean is that of the whole set, and so down the parts. Of a
    kind those are drawn whose digest with the seed is lowest: neither the order of the file nor a question that
    is added elsewhere changes what is drawn of it. Questions that nothing answers are not asked and not drawn.

    Args:
        questions: The set.
        count: At most so many, at least 1; ``None`` for all.
        seed: Another seed draws others.
        report: Told what was drawn.
    """
    judged = [query for query in questions.test.queries if questions.test.qrels.relevant(query.id)]
    if count is None or count >= len(judged):
        return Sample(questions, len(judged))
    labels = [(name, of) for name, of in _LABELS if any(of(query) for query in judged)]
    kinds = _drawn([_Kind((), tuple(judged))], count, [of for _, of in labels], seed)
    names = [name for name, _ in labels]
    strata = tuple(
        Stratum(dict(zip(names, kind.labels, strict=True)), len(kind.queries), asked) for kind, asked in kinds
    )
    drawn = {query.id for kind, asked in kinds for query in _in_drawing_order(kind.queries, seed)[:asked]}
    by = f", by {' and '.join([', '.join(names[:-1]), *names[-1:]] if names[1:] else names)}" if names else ""
    name = f"{questions.name}, {count} of {len(judged)} questions"
    report(Notice(f"{count} of {len(judged)} questions are asked, drawn with seed {seed}{by}."))
    kept = tuple(query for query in questions.test.queries if query.id in drawn)
    return Sample(with_test_questions(questions, kept, name), len(judged), seed, strata)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Questions with the same labels."""

    labels: tuple[str, ...]
    queries: tuple[Query, ...]


def _drawn(
    kinds: Sequence[_Kind], count: int, labels: Sequence[Callable[[Query], str]], seed: int
) -> list[tuple[_Kind, int]]:
    """Return each finest kind with how many questions it gives: the shares of kinds, then those of their parts."""
    shares = _shares([len(kind.queries) for kind in kinds], count, [kind.labels for kind in kinds], seed)
    if not labels:
        return list(zip(kinds, shares, strict=True))
    found: list[tuple[_Kind, int]] = []
    for kind, share in zip(kinds, shares, strict=True):
        parts: dict[str, list[Query]] = {}
        for query in kind.queries:
            parts.setdefault(labels[0](query), []).append(query)
        finer = [_Kind((*kind.labels, label), tuple(queries)) for label, queries in sorted(parts.items())]
        found.extend(_drawn(finer, share, labels[1:], seed))
    return found


def _shares(sizes: Sequence[int], count: int, labels: Sequence[tuple[str, ...]], seed: int) -> list[int]:
    """Divide ``count`` by size: whole parts first, the rest to the largest remainders, ties by the seed."""
    total = sum(sizes)
    whole = [count * size // total for size in sizes]
    order = sorted(
        range(len(sizes)),
        key=lambda place: (-(count * sizes[place] % total), short_digest([seed, *labels[place]])),
    )
    for place in order[: count - sum(whole)]:
        whole[place] += 1
    return whole


def _in_drawing_order(queries: Sequence[Query], seed: int) -> list[Query]:
    return sorted(queries, key=lambda query: (short_digest([seed, query.id]), query.id))
