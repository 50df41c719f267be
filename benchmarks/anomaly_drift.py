"""Drift: how often a log with foreign queries raises the alarm, and how often one without any does.

Claims: a log of 500 queries, 10 % of them foreign, raises the alarm in at least 95 % of runs; one without any in at
most 5 %.

    python benchmarks/anomaly_drift.py DATA [--work FOLDER] [--runs 100] [--queries 500] [--share 0.1] [--seed 20261122]

DATA holds emanual_tv and mechanics_se. For each of five splits as in ``anomaly.py`` a detector is fitted on one half of
the questions; logs are drawn from the other half, the foreign queries from the other collection. A question may come
more than once, as in life. The logs hold no texts, as by default: what tells the queries is veiled.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from anomaly_texts import SEED, Remembering, halves, read_domain
from embedtune.anomaly.drift.assessment import assess
from embedtune.anomaly.fitting import fit_detector
from embedtune.anomaly.preparation import KnownPassages, NormalQueries
from embedtune.anomaly.query_log import log_entries
from embedtune.anomaly.veil import Veil
from embedtune.config.anomaly_settings import AnomalySettings, QueryLogSettings
from embedtune.encoders.locate import MINILM
from embedtune.encoders.sentence_transformer import load_named_encoder

LEAST_FOUND, MOST_FALSE = 0.95, 0.05
LEVEL = QueryLogSettings().alarm


def main() -> int:
    """Print both shares for both collections; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("anomaly-vectors"))
    parser.add_argument("--runs", type=int, default=100, help="Logs a split, of either kind.")
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--seed", type=int, default=SEED, help="Draws splits and logs.")
    arguments = parser.parse_args()
    encoder = Remembering(load_named_encoder(MINILM), arguments.work)
    domains = [read_domain(arguments.data, name) for name in ("emanual_tv", "mechanics_se")]
    settings = AnomalySettings()
    missed = False
    for domain, other in (domains, domains[::-1]):
        alarms: dict[bool, list[bool]] = {False: [], True: []}
        why: dict[str, int] = {}
        for split in range(arguments.splits):
            learnt, test = halves(domain, arguments.seed, split)
            normal = NormalQueries(
                [domain.questions[row] for row in learnt], groups=[domain.groups[row] for row in learnt]
            )
            detector = fit_detector(
                encoder, normal, settings=settings, seed=arguments.seed, passages=KnownPassages(domain.passages)
            )
            texts = [*(domain.questions[row] for row in test), *other.questions]
            vectors = encoder.encode(texts)
            veil = Veil.of(detector.reference)
            told = log_entries(detector, texts, vectors, detector.score(texts, vectors), None, str)
            entries = [veil.entry(entry, row) for row, entry in enumerate(told)]
            draw = np.random.default_rng([arguments.seed, split])
            for foreign in (False, True):
                for _ in range(arguments.runs):
                    count = round(arguments.queries * arguments.share) if foreign else 0
                    rows = [
                        *draw.integers(len(test), size=arguments.queries - count),
                        *(len(test) + draw.integers(len(other.questions), size=count)),
                    ]
                    drift = assess(detector, [entries[row] for row in rows], LEVEL, arguments.seed)
                    alarms[foreign].append(drift.alarm)
                    for alarm in drift.alarms if not foreign else ():
                        name = alarm.split(" of ")[-1].split(" are ")[0]
                        why[name] = why.get(name, 0) + 1
        false, found = (float(np.mean(alarms[kind])) for kind in (False, True))
        print(
            f"{domain.name}: alarm without foreign queries {false:.1%}, with {arguments.share:.0%} of them {found:.1%}"
            f" ({len(alarms[True])} logs of {arguments.queries}); false ones by: {why}",
            flush=True,
        )
        missed = missed or false > MOST_FALSE or found < LEAST_FOUND
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
