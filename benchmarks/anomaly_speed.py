"""How fast queries are judged: from vectors, many at once, and one by one beside a search.

Claims: at least 2,000 queries a second from vectors; at most 1 ms added to a search, the log included. Either is the
median of rounds, and in each round every query is new to the detector.

    python benchmarks/anomaly_speed.py DATA [--work FOLDER] [--rounds 5]

DATA holds emanual_tv. In each round the default detector is fitted on another half of the questions, saved and read
back; half of the other questions are then judged at once, and the rest one by one. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomaly_texts import SEED, Domain, Remembering, halves, read_domain
from embedtune.anomaly.fitting import fit_detector
from embedtune.anomaly.loading import load_detector
from embedtune.anomaly.preparation import KnownPassages, NormalQueries
from embedtune.anomaly.query_log import QueryLog
from embedtune.config.anomaly_settings import AnomalySettings, QueryLogSettings
from embedtune.encoders.locate import MINILM
from embedtune.encoders.sentence_transformer import load_named_encoder

LEAST_RATE, MOST_ADDED = 2_000.0, 1e-3


@dataclass(frozen=True)
class Round:
    """Queries a second at once, and seconds a query: of advice alone, and of advice and log."""

    rate: float
    alone: list[float]
    logged: list[float]


def main() -> int:
    """Print rates and times; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("anomaly-vectors"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    encoder = Remembering(load_named_encoder(MINILM), arguments.work)
    domain = read_domain(arguments.data, "emanual_tv")
    found = [timed_round(domain, encoder, number) for number in range(arguments.rounds)]
    rates = [one.rate for one in found]
    print(f"from vectors: {statistics.median(rates):,.0f} queries a second ({min(rates):,.0f} to {max(rates):,.0f})")
    for name, rounds in (("advice", [one.alone for one in found]), ("advice and log", [one.logged for one in found])):
        late = [sorted(times)[int(0.95 * len(times))] for times in rounds]
        print(
            f"{name}, one query at a time: {_middle(rounds) * 1e3:.2f} ms, "
            f"95 % below {statistics.median(late) * 1e3:.2f} ms"
        )
    missed = statistics.median(rates) < LEAST_RATE or _middle([one.logged for one in found]) > MOST_ADDED
    print("MISSED" if missed else "reached")
    return int(missed)


def timed_round(domain: Domain, encoder: Remembering, number: int) -> Round:
    """Fit a detector on a half of the questions, read it back, and judge the others, each of them once."""
    learnt, test = halves(domain, SEED, number)
    normal = NormalQueries([domain.questions[row] for row in learnt], groups=[domain.groups[row] for row in learnt])
    fitted = fit_detector(
        encoder, normal, settings=AnomalySettings(), seed=SEED, passages=KnownPassages(domain.passages)
    )
    texts = [domain.questions[row] for row in test]
    vectors = encoder.encode(texts)
    half = len(texts) // 2
    alone: list[float] = []
    logged: list[float] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        fitted.save(folder / "detector")
        detector = load_detector(folder / "detector", encoder)
        rate = half / _timed(lambda: detector.score(texts[:half], vectors[:half]))
        log = QueryLog(folder / "queries.log", QueryLogSettings())
        for row in range(half, len(texts)):
            one = vectors[row : row + 1]
            begin = time.perf_counter()
            advisories = detector.score([texts[row]], one)
            middle = time.perf_counter()
            log.append(detector, [texts[row]], one, advisories)
            alone.append(middle - begin)
            logged.append(time.perf_counter() - begin)
    return Round(rate, alone, logged)


def _middle(rounds: Sequence[Sequence[float]]) -> float:
    """Return the median over rounds of the median time."""
    return statistics.median(statistics.median(times) for times in rounds)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
