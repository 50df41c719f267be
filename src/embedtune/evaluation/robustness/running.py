"""Put robustness cases to a system and decide each.

*Same answer kept*: if the reference finds a section that answers it among the first results (`kept_within`), the
variant must find one there too. If it finds none, its own first section must stay among them: robustness says how
much the answer depends on the writing, and how good the answer is the metrics say.

*Decisive detail respected*: the section that answers the reference must score lower for the variant, by more than
rounding. The score is one that can be compared between questions: for a system with a model the cosine of the
question and the section's best window of 64 words, with the heading in front; else the score in its ranking.

*No crash*: the system ranks without an error. *Finite vector*: the vector and all scores are finite numbers. Both
are asked of every case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from embedtune.corpus.passages import cut_passages
from embedtune.evaluation.robustness.cases import Expectation, RobustnessCase
from embedtune.evaluation.robustness.outcome import FailedCase, FamilyOutcome, SystemRobustness
from embedtune.vocabulary.corpus import Section
from embedtune.vocabulary.evaluation import Ranked
from embedtune.vocabulary.pairs import Origin, Query
from embedtune.vocabulary.ports import Encoder, Ranker
from embedtune.vocabulary.retrieval import PassageSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIRST_RESULTS = 5
_SHARE = 4
_DEPTH = 100
_ROUNDING = 1e-5
_SHOWN = 300
_Answer = TypeVar("_Answer")


def kept_within(sections: int) -> int:
    """Return among how many results an answer counts as kept: 5, in a corpus below 20 sections a quarter of it."""
    return max(1, min(_FIRST_RESULTS, sections // _SHARE))


def run_cases(
    ranker: Ranker, encoder: Encoder | None, cases: Sequence[RobustnessCase], sections: Sequence[Section]
) -> SystemRobustness:
    """Return how a system does on cases.

    A variant on which the system breaks off is a failed case and stops nothing; what breaks on an unaltered
    question is no question of robustness and is raised.

    Args:
        ranker: Ranks the corpus.
        encoder: The system's model; ``None`` for one without vectors.
        cases: The cases.
        sections: The corpus.
    """
    references = sorted({case.reference for case in cases})
    texts = sorted({case.text for case in cases})
    before = dict(zip(references, _rankings(ranker, references), strict=True))
    after = _survived(lambda some: _rankings(ranker, some), texts)
    vectors = _survived(encoder.encode, texts) if encoder else {}
    decisive = sorted({case.reference for case in cases if case.expectation is Expectation.DETAIL})
    plain = dict(zip(decisive, encoder.encode(decisive), strict=True)) if encoder and decisive else {}
    windows = _windows(encoder, cases, sections) if encoder else {}
    judge = _Judge(kept_within(len(sections)), before, after, plain, vectors, windows)
    failed = [_failed(case, what) for case in cases if (what := judge.fault(case))]
    return SystemRobustness(ranker.system, _families(cases, failed), tuple(failed))


@dataclass(frozen=True, slots=True)
class _Judge:
    """What a system answered, and the rules.

    Attributes:
        first: Among how many results an answer counts as kept.
        before: The ranking of each reference.
        after: The ranking of each variant, or the error it ended with.
        plain: The vector of each reference whose detail decides; empty without a model.
        vectors: The vector of each variant, or the error; empty without a model.
        windows: The vectors of the windows of each section whose score decides a case, shape (windows, dimension).
    """

    first: int
    before: Mapping[str, tuple[Ranked, ...]]
    after: Mapping[str, tuple[Ranked, ...] | Exception]
    plain: Mapping[str, NDArray[np.float32]]
    vectors: Mapping[str, NDArray[np.float32] | Exception]
    windows: Mapping[str, NDArray[np.float32]]

    def fault(self, case: RobustnessCase) -> str:
        """Return what speaks against a case; empty if it holds."""
        ranking, vector = self.after[case.text], self.vectors.get(case.text)
        if isinstance(ranking, Exception):
            return _told(ranking)
        if isinstance(vector, Exception):
            return _told(vector)
        fault = _not_finite(ranking, vector)
        if not fault and case.expectation is Expectation.SAME_ANSWER:
            return self._answer_lost(case, ranking)
        if not fault and case.expectation is Expectation.DETAIL:
            return self._detail_ignored(case, ranking, vector)
        return fault

    def _answer_lost(self, case: RobustnessCase, ranking: Sequence[Ranked]) -> str:
        found = [hit.section_id for hit in self.before[case.reference][: self.first]]
        if not found:
            return "nothing was found for the question as it was"
        answered = case.answers.intersection(found)
        kept = case.answers if answered else frozenset(found[:1])
        ids = [hit.section_id for hit in ranking]
        if kept.intersection(ids[: self.first]):
            return ""
        rank = next((place for place, id_ in enumerate(ids, start=1) if id_ in kept), None)
        what = "an answer" if answered else "the first result"
        place = f"rank {rank}" if rank else "nowhere in the ranking"
        was = next(place for place, id_ in enumerate(found, start=1) if id_ in kept)
        return f"{what} went from rank {was} to {place}"

    def _detail_ignored(
        self, case: RobustnessCase, ranking: Sequence[Ranked], vector: NDArray[np.float32] | None
    ) -> str:
        if vector is None:
            was, now = _best(self.before[case.reference], case.answers), _best(ranking, case.answers)
        else:
            windows = np.concatenate([self.windows[id_] for id_ in sorted(case.answers & self.windows.keys())])
            was, now = float((windows @ self.plain[case.reference]).max()), float((windows @ vector).max())
        return "" if now < was - _ROUNDING else f"the right section scores {now:.4f}, and {was:.4f} for the question"


def _rankings(ranker: Ranker, texts: Sequence[str]) -> list[tuple[Ranked, ...]]:
    queries = [Query(str(number), text, Origin.HUMAN) for number, text in enumerate(texts)]
    ranked = ranker.rank(queries, _DEPTH)
    return [ranked.get(query.id, ()) for query in queries]


def _survived(
    answer: Callable[[Sequence[str]], Sequence[_Answer] | NDArray[np.float32]], texts: Sequence[str]
) -> dict[str, _Answer | Exception]:
    """Answer texts in one call; where it fails, in halves, until each text that fails stands alone with its error."""
    if not texts:
        return {}
    try:
        return dict(zip(texts, answer(texts), strict=True))
    except Exception as error:  # noqa: BLE001 - whatever a system fails with is the finding
        if len(texts) == 1:
            return {texts[0]: error}
    half = len(texts) // 2
    return _survived(answer, texts[:half]) | _survived(answer, texts[half:])


def _windows(
    encoder: Encoder, cases: Sequence[RobustnessCase], sections: Sequence[Section]
) -> dict[str, NDArray[np.float32]]:
    decisive = {id_ for case in cases if case.expectation is Expectation.DETAIL for id_ in case.answers}
    passages = cut_passages([section for section in sections if section.id in decisive], PassageSettings())
    rows: dict[str, list[int]] = {}
    for row, passage in enumerate(passages):
        rows.setdefault(passage.section_id, []).append(row)
    vectors = encoder.encode([passage.text for passage in passages])
    return {section: vectors[places] for section, places in rows.items()}


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _not_finite(ranking: Sequence[Ranked], vector: NDArray[np.float32] | None) -> str:
    if vector is not None and not np.isfinite(vector).all():
        return "the vector holds a number that is not finite"
    if not np.isfinite([hit.score for hit in ranking]).all():
        return "a score is not finite"
    return ""


def _best(ranking: Sequence[Ranked], answers: frozenset[str]) -> float:
    return max((hit.score for hit in ranking if hit.section_id in answers), default=0.0)


def _failed(case: RobustnessCase, happened: str) -> FailedCase:
    text = case.text if len(case.text) <= _SHOWN else f"{case.text[:_SHOWN]}…"
    return FailedCase(case.name, case.family, case.query_id, case.reference, text, case.expectation, happened)


def _families(cases: Sequence[RobustnessCase], failed: Sequence[FailedCase]) -> tuple[FamilyOutcome, ...]:
    expected = {case.family: case.expectation for case in cases}
    lost = [case.family for case in failed]
    totals = [case.family for case in cases]
    return tuple(
        FamilyOutcome(family, expectation, totals.count(family) - lost.count(family), totals.count(family))
        for family, expectation in expected.items()
    )
