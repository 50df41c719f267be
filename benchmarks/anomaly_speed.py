"""How fast queries are judged: from vectors, many at once, and one by one beside a search.

Claims: at least 2,000 queries a second from vectors; at most 1 ms added to a search, the log included.

    python benchmarks/anomaly_speed.py DATA [--work FOLDER] [--rounds 5]

DATA holds emanual_tv. The detector is the default one, fitted on half of its questions; the other half is judged, at
first by a detector that was just read and then again. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from anomaly_texts import SEED, Remembering, halves, read_domain
from embedtune.anomaly.fitting import fit_detector
from embedtune.anomaly.loading import load_detector
from embedtune.anomaly.preparation import KnownPassages, NormalQueries
from embedtune.anomaly.query_log import QueryLog
from embedtune.config.anomaly_settings import AnomalySettings, QueryLogSettings
from embedtune.encoders.locate import MINILM
from embedtune.encoders.sentence_transformer import load_named_encoder

LEAST_RATE, MOST_ADDED = 2_000.0, 1e-3


def main() -> int:
    """Print rates and times; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("anomaly-vectors"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    encoder = Remembering(load_named_encoder(MINILM), arguments.work)
    domain = read_domain(arguments.data, "emanual_tv")
    learnt, test = halves(domain, SEED, 0)
    normal = NormalQueries([domain.questions[row] for row in learnt], groups=[domain.groups[row] for row in learnt])
    fitted = fit_detector(
        encoder, normal, settings=AnomalySettings(), seed=SEED, passages=KnownPassages(domain.passages)
    )
    texts = [domain.questions[row] for row in test]
    vectors = encoder.encode(texts)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        fitted.save(folder / "detector")
        size = sum(path.stat().st_size for path in (folder / "detector").iterdir())
        detector = load_detector(folder / "detector", encoder)
        first = _timed(lambda: detector.score(texts, vectors))
        best = min(_timed(lambda: detector.score(texts, vectors)) for _ in range(arguments.rounds))
        fresh = load_detector(folder / "detector", encoder)
        log = QueryLog(folder / "queries.log", QueryLogSettings())
        alone: list[float] = []
        logged: list[float] = []
        for row, text in enumerate(texts):
            one = vectors[row : row + 1]
            begin = time.perf_counter()
            advisories = fresh.score([text], one)
            middle = time.perf_counter()
            log.append(fresh, [text], one, advisories)
            alone.append(middle - begin)
            logged.append(time.perf_counter() - begin)
    print(f"detector of {size / 1e6:.1f} MB")
    rates = len(texts) / first, len(texts) / best
    print(f"{len(texts)} queries from vectors: {rates[0]:,.0f} a second at first, {rates[1]:,.0f} at best")
    for name, times in (("advice", alone), ("advice and log", logged)):
        ordered = sorted(times)
        print(
            f"{name}, one query at a time: median {statistics.median(times) * 1e3:.2f} ms, "
            f"95 % below {ordered[int(0.95 * len(ordered))] * 1e3:.2f} ms"
        )
    return int(rates[1] < LEAST_RATE or statistics.median(logged) > MOST_ADDED)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
