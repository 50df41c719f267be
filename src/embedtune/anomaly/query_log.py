"""A log of judged queries: JSON lines, set aside when long, without texts unless they are asked for.

What stands for a text is a hash with a key of the log's own (HMAC-SHA-256), and the rest of the entry is veiled: who
holds the log alone cannot test whether some query was asked, and who holds the detector too can tell only how well a
guess would fit (`embedtune.anomaly.veil`). Equal queries can still be counted.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.anomaly.advisory import Advisory
from embedtune.anomaly.log_entries import LogEntry
from embedtune.anomaly.log_files import LogFiles
from embedtune.anomaly.veil import Veil
from embedtune.anomaly.windows import looked_at, normal_form
from embedtune.errors import InputError

if TYPE_CHECKING:
    from embedtune.anomaly.detector import AnomalyDetector
    from embedtune.anomaly.detectors.unit_vectors import Vectors
    from embedtune.anomaly.reference import Reference
    from embedtune.artifacts.versioned_embeddings import LabelledVectors
    from embedtune.config.anomaly_settings import QueryLogSettings

_DECIMALS = 4
_MOST_DOMAIN = 200  # characters of a domain's name


class QueryLog:
    """Appends judged queries to a file; several processes may, by turns.

    Args:
        path: The log; beside it lie its key (``.key``) and the logs set aside (``.1``, the latest, and so on).
        settings: Whether texts are logged, when a log is set aside and how many are kept.

    Raises:
        InputError: The log or its key cannot be written or read.
    """

    def __init__(self, path: Path, settings: QueryLogSettings) -> None:
        self._settings = settings
        self._files = LogFiles(path, settings)
        self._veiled: tuple[Reference, Veil] | None = None

    def append(
        self,
        detector: AnomalyDetector,
        texts: Sequence[str],
        vectors: Vectors | LabelledVectors,
        advisories: Sequence[Advisory],
        domains: Sequence[str] | None = None,
    ) -> None:
        """Log judged queries.

        Args:
            detector: What judged them.
            texts: The queries.
            vectors: What it judged them by, bare or labelled; see `AnomalyDetector.score`.
            advisories: What was said of each.
            domains: The domain of each, empty for none.

        Raises:
            ModelError: The vectors are labelled, and another model made them.
            InputError: The log cannot be written, another process does not let go of it, or there is not one finite
                unit vector and one advisory a query.
        """
        bare = detector.checked(texts, vectors, domains)
        if len(advisories) != len(texts):
            raise InputError(f"{len(texts)} queries came with {len(advisories)} advisories.", "Give one for each.")
        entries = log_entries(detector, texts, bare, advisories, domains, self._hash)
        if not self._settings.text:
            # Of one detector asking again tells nothing more; the same noise under two of them would cancel.
            purpose = f"noise:{detector.card.digest}"
            seeds = [int(self._keyed(purpose, text)[:32], 16) for text in texts]
            veil = self._veil(detector)
            entries = [veil.entry(entry, seed) for entry, seed in zip(entries, seeds, strict=True)]
        lines = "".join(f"{entry.line()}\n" for entry in entries)
        self._files.append(lines.encode("utf-8", "replace"))

    def _veil(self, detector: AnomalyDetector) -> Veil:
        if self._veiled is None or self._veiled[0] is not detector.reference:
            self._veiled = detector.reference, Veil.of(detector.reference)
        return self._veiled[1]

    def _hash(self, text: str) -> str:
        return self._keyed("query", text)[:32]

    def _keyed(self, purpose: str, text: str) -> str:
        said = f"{purpose}:{normal_form(text)}".encode("utf-8", "replace")
        return hmac.new(self._files.key, said, hashlib.sha256).hexdigest()


def log_entries(
    detector: AnomalyDetector,
    texts: Sequence[str],
    vectors: Vectors,
    advisories: Sequence[Advisory],
    domains: Sequence[str] | None,
    name_of: Callable[[str], str],
) -> list[LogEntry]:
    """Return what a log says of judged queries, texts included.

    Args:
        detector: What judged them.
        texts: The queries.
        vectors: Their vectors, shape (n, dimension).
        advisories: What was said of each.
        domains: The domain of each, empty for none.
        name_of: Gives what stands for a query.
    """
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    sketches = detector.reference.sketch(vectors).round(_DECIMALS).tolist()
    return [
        LogEntry(
            time=now,
            query=name_of(text),
            text=looked_at(text),
            domain=domain[:_MOST_DOMAIN],
            detector=detector.card.digest,
            verdict=advisory.verdict,
            p_value=round(advisory.p_value, _DECIMALS),
            rarities={name: round(rarity, _DECIMALS) for name, rarity in advisory.rarities.items()},
            new_words=round(advisory.new_words, _DECIMALS),
            rules=tuple(hit.rule for hit in advisory.rules),
            sketch=tuple(round(number, _DECIMALS) for number in sketch),
            calibrated_on=advisory.calibrated_on,
        )
        for text, domain, advisory, sketch in zip(
            texts, domains or [""] * len(texts), advisories, sketches, strict=True
        )
    ]
