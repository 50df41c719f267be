"""The detector of queries that do not belong: detectors, rules and thresholds, bound to one model and frozen.

It advises and never blocks. It is no wall against an attacker who knows it: who can ask often enough finds an order
that passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.advisory import Advisory, KnownQuery, StrangeWindow, Verdict
from embedtune.anomaly.calibration.thresholds import ALL, Thresholds
from embedtune.anomaly.combination import Combination
from embedtune.anomaly.detectors.port import Asked, Scores, Windowed
from embedtune.anomaly.detectors.unit_vectors import Vectors, unit_vectors
from embedtune.anomaly.detectors.wording import Wording
from embedtune.anomaly.reference import Reference
from embedtune.anomaly.rules.matching import rule_hits
from embedtune.anomaly.rules.rule import Rule, RuleHit
from embedtune.anomaly.storage import DetectorCard, write_detector
from embedtune.anomaly.windows import is_text, window_text
from embedtune.artifacts.versioned_embeddings import LabelledVectors
from embedtune.errors import InputError

if TYPE_CHECKING:
    from embedtune.vocabulary.ports import Encoder

UNUSUAL_FACTOR = 2
"""A query with a p-value up to this many times alpha is worth a look, though not flagged."""

_WANTED = "Give text, and leave empty queries out."
_NAMED = 3  # nearest known queries that an advisory names


@dataclass(frozen=True, slots=True, eq=False)
class AnomalyDetector:
    """Tells which queries are unlike the normal ones of one model's users.

    Attributes:
        card: What it is: the model's digest, alpha, and how it was fitted.
        combination: The detectors.
        rules: The written rules that are asked.
        thresholds: What a score means.
        reference: What normal queries look like, for a log to be compared with.
        known: Vectors of the card's known queries, shape (n, dimension), float32.
    """

    card: DetectorCard
    combination: Combination
    rules: tuple[Rule, ...]
    thresholds: Thresholds
    reference: Reference
    known: Vectors

    @property
    def threshold(self) -> float:
        """The score above which a query is anomalous, unless its domain has a threshold of its own."""
        return self.thresholds.threshold()

    def score_stream(
        self, encoder: Encoder, texts: Iterable[str], domain: str = "", at_once: int = 256
    ) -> Iterator[Advisory]:
        """Encode queries and score them as they come, so that a long file needs little memory.

        Args:
            encoder: The model that the detector was fitted on.
            texts: The queries.
            domain: The domain they are asked of, empty for none.
            at_once: How many are encoded together.

        Raises:
            ModelError: The encoder is another model.
            InputError: A query is blank or no text; it is named by its number, and those before it are scored.
        """
        coming = iter(texts)
        before = 0
        while some := list(islice(coming, at_once)):
            fit = list(takewhile(lambda text: not _fault(text), some))
            yield from self.score_texts(encoder, fit, [domain] * len(fit))
            before += len(fit)
            if len(fit) < len(some):
                raise InputError(f"Query {before + 1} {_fault(some[len(fit)])}.", _WANTED)

    def score_texts(
        self, encoder: Encoder, texts: Sequence[str], domains: Sequence[str] | None = None
    ) -> list[Advisory]:
        """Encode queries and score them; see `score`.

        Raises:
            ModelError: The encoder is not the model that the detector was fitted on.
            InputError: As `score`.
        """
        self.card.check_encoder(encoder.digest)
        check_texts(texts)
        return self.score(texts, encoder.encode(texts), domains) if texts else []

    def score(
        self, texts: Sequence[str], vectors: Vectors | LabelledVectors, domains: Sequence[str] | None = None
    ) -> list[Advisory]:
        """Score queries by their texts and vectors.

        Args:
            texts: The queries; of a very long one the beginning and the end are read.
            vectors: Their unit vectors, shape (n, dimension), float32. Labelled ones
                (`VersionedEmbeddings.encode_labelled`) are refused if another model made them; of a bare array only
                the shape tells.
            domains: The domain that each is asked of, empty for none; ``None`` for none at all.

        Returns:
            One advisory a query, in their order.

        Raises:
            ModelError: The vectors are labelled, and another model made them.
            InputError: A query is blank or no text, or the vectors are not one finite unit vector a query.
        """
        check_texts(texts)
        checked = self.checked(texts, vectors, domains)
        asked = Asked.of(texts, checked)
        rarities = self.combination.rarities(asked)
        hits = [rule_hits(text, self.rules) for text in texts]
        scores = with_rules(self.combination.combined(rarities), hits)
        names = [self.thresholds.own(domain) for domain in domains or [ALL] * len(texts)]
        return [
            self._advisory(
                asked,
                row,
                float(scores[row]),
                {name: float(own[row]) for name, own in rarities.items()},
                hits[row],
                names[row],
            )
            for row in range(len(texts))
        ]

    def checked(
        self, texts: Sequence[str], vectors: Vectors | LabelledVectors, domains: Sequence[str] | None
    ) -> Vectors:
        """Return the bare vectors of queries; see `score` for the arguments.

        Raises:
            ModelError: The vectors are labelled, and another model made them.
            InputError: They are not one finite unit vector a query, or the domains not one a query.
        """
        if isinstance(vectors, LabelledVectors):
            self.card.check_encoder(vectors.model_digest)
            vectors = vectors.vectors
        checked = unit_vectors(vectors, self.card.dimension)
        if len(texts) != len(checked) or (domains is not None and len(domains) != len(texts)):
            raise InputError(
                f"{len(texts)} queries came with {len(checked)} vectors.", "Give one vector and one domain for each."
            )
        return checked

    def save(self, folder: Path) -> None:
        """Write the detector to ``folder``, which must be absent or empty; wholly or not at all.

        Raises:
            InputError: The folder holds something already, or cannot be written.
        """
        write_detector(folder, self.card, stored_arrays(self.combination, self.thresholds, self.reference, self.known))

    def _advisory(
        self, asked: Asked, row: int, score: float, rarities: dict[str, float], hits: tuple[RuleHit, ...], name: str
    ) -> Advisory:
        one = np.array([score])
        p_value = float(self.thresholds.p_values(one, name)[0])
        verdict = Verdict.NORMAL
        if self.thresholds.anomalous(one, name)[0]:
            verdict = Verdict.ANOMALOUS
        elif p_value <= UNUSUAL_FACTOR * self.card.alpha:
            verdict = Verdict.UNUSUAL
        new = new_words(self.combination, asked.words[row])
        if verdict is Verdict.NORMAL:
            return Advisory(verdict, p_value, score, rarities, new, name, hits)
        windows = tuple(self._windows(asked, row))
        return Advisory(verdict, p_value, score, rarities, new, name, hits, windows, self._nearest(asked.vectors[row]))

    def _windows(self, asked: Asked, row: int) -> list[StrangeWindow]:
        words = asked.words[row]
        return [
            StrangeWindow(name, window_text(asked.texts[row], int(np.argmax(detector.window_scores(words)))))
            for name, detector in self.combination.detectors.items()
            if isinstance(detector, Windowed)
        ]

    def _nearest(self, vector: NDArray[np.float32]) -> tuple[KnownQuery, ...]:
        if not len(self.known):
            return ()
        cosines = self.known @ vector
        best = np.argsort(-cosines, kind="stable")[:_NAMED]
        return tuple(KnownQuery(self.card.known_queries[row], float(cosines[row])) for row in best)


def stored_arrays(
    combination: Combination, thresholds: Thresholds, reference: Reference, known: Vectors
) -> dict[str, NDArray[np.generic]]:
    """Return what is stored of a detector beside its card, by name; see `AnomalyDetector` for the parts."""
    calibration = {f"calibration.{name}": scores for name, scores in thresholds.scores.items()}
    return {**combination.arrays(), **calibration, **reference.arrays(), "known": known.astype(np.float16)}


def check_texts(texts: Sequence[str]) -> None:
    """Check that every query is text.

    Raises:
        InputError: One is blank, or holds half of a character (a lone surrogate).
    """
    for number, text in enumerate(texts, start=1):
        if fault := _fault(text):
            raise InputError(f"Query {number} of {len(texts)} {fault}.", _WANTED)


def _fault(text: str) -> str:
    if not text.strip():
        return "is empty"
    return "" if is_text(text) else "is not text: it holds half a character"


def new_words(combination: Combination, words: Sequence[str]) -> float:
    """Return the share of a query's words that are known from nowhere; 0 where no detector counts words."""
    counting = combination.detectors.get("wording")
    return counting.new_words(words) if isinstance(counting, Wording) else 0.0


def with_rules(scores: Scores, hits: Sequence[Sequence[RuleHit]]) -> Scores:
    """Return the scores, infinite where a written rule holds.

    Calibration queries are scored the same way, so the promise about false positives covers the rules too.
    """
    return np.where([bool(own) for own in hits], np.inf, scores)
