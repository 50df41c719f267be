"""Whether intervals cover the truth as often as they say, and how often a difference is claimed where there is none.

Claims: 95 % intervals cover the true difference in 93 to 97 % of draws, from 15 independent groups of questions on;
comparing a system with a re-seeded copy of itself claims a difference in at most 5 % of 200 draws of four metrics each,
overall and, after the correction, on any slice.

    python benchmarks/significance.py

Coverage: questions are drawn from a population whose mean difference is known. Differences are symmetric, skewed (half
of them 0), or hits and misses (72 % of them 0); every question stands alone, or one to eight share a group and half of
them its luck. A/A: both copies rank the right section of each question by the same law with their own noise, part of
which all questions on one section share. Needs no data; a folder given is not looked at.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.config.settings import EvaluationSettings
from embedtune.evaluation.compare import COMPARED, evaluate_runs
from embedtune.evaluation.metrics import Measure, score_run
from embedtune.evaluation.outcome import Benchmark
from embedtune.evaluation.paired import ScoredPair, paired_comparisons
from embedtune.evaluation.query_groups import query_groups
from embedtune.evaluation.significance import GroupedDifferences, bootstrap_interval
from embedtune.evaluation.slices import ALL
from embedtune.vocabulary.evaluation import Comparison, Qrels, Ranked, Run
from embedtune.vocabulary.pairs import Origin, Query

if TYPE_CHECKING:
    from collections.abc import Sequence

COVERED = (0.93, 0.97)
FALSE_CLAIMS = 0.05
DRAWS, SAMPLES = 2000, 1000
GROUPS = (10, 15, 30, 60, 200)
FEWEST = 15
POPULATIONS = {
    "symmetric": ((-0.5, -0.1, 0.0, 0.1, 0.5), (0.15, 0.20, 0.30, 0.20, 0.15)),
    "skewed": ((-0.37, -0.1, 0.0, 0.13, 0.37, 0.63, 1.0), (0.06, 0.08, 0.50, 0.12, 0.11, 0.08, 0.05)),
    "hit or miss": ((-1.0, 0.0, 1.0), (0.08, 0.72, 0.20)),
}
SIZES, SIZE_SHARES = (1, 2, 3, 5, 8), (0.45, 0.25, 0.15, 0.10, 0.05)
COMMON_LUCK = 0.5
AA_DRAWS, AA_LONG, AA_SECTIONS, AA_QUESTIONS, DEPTH = 200, 1000, 120, 240, 20
DOMAINS = ("brakes", "engine", "hvac", "radar", "hull")
DIFFICULTIES = ("easy", "medium", "hard")


def main() -> int:
    """Print both tables; exit code 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", help="Not looked at; `make bench` gives it to every script.")
    parser.parse_args()
    return int(coverage_missed() | false_claims_missed())


def coverage_missed() -> bool:
    """Measure coverage in every population; tells whether one from `FEWEST` groups on is outside the bar."""
    missed = False
    print(f"Coverage of 95 % intervals, {DRAWS} draws of {SAMPLES} resamples; bar {COVERED} from {FEWEST} groups on")
    for name, (values, shares) in POPULATIONS.items():
        for clustered in (False, True):
            population = Population(np.array(values), np.array(shares), clustered)
            found = {groups: coverage(population, groups) for groups in GROUPS}
            kind = "groups of 1 to 8" if clustered else "each alone"
            figures = ", ".join(f"{n} groups {share:.1%}" for n, share in found.items())
            print(f"  {name}, {kind}: {figures}", flush=True)
            missed |= any(n >= FEWEST and not COVERED[0] <= share <= COVERED[1] for n, share in found.items())
    return missed


@dataclass(frozen=True, slots=True)
class Population:
    """Differences of questions as a law: values with their shares, alone or in groups that share luck."""

    values: np.ndarray
    shares: np.ndarray
    clustered: bool

    @property
    def mean(self) -> float:
        """The true mean difference; size and luck of a group are independent."""
        return float(self.values @ self.shares)

    def draw(self, groups: int, generator: np.random.Generator) -> GroupedDifferences:
        """Draw the questions of so many groups."""
        sizes = generator.choice(SIZES, groups, p=SIZE_SHARES) if self.clustered else np.ones(groups, dtype=np.int64)
        group_of = np.repeat(np.arange(groups), sizes)
        common = generator.choice(self.values, groups, p=self.shares)[group_of]
        own = generator.choice(self.values, len(group_of), p=self.shares)
        differences = np.where(generator.random(len(group_of)) < COMMON_LUCK, common, own)
        return GroupedDifferences(np.bincount(group_of, weights=differences), sizes.astype(np.float64))


def coverage(population: Population, groups: int) -> float:
    """Return the share of draws whose interval holds the true mean."""
    generator = np.random.default_rng([groups, int(population.clustered), len(population.values)])
    covered = 0
    for _ in range(DRAWS):
        low, high = bootstrap_interval(population.draw(groups, generator), SAMPLES, generator)
        covered += low <= population.mean <= high
    return covered / DRAWS


def false_claims_missed() -> bool:
    """Compare copies of one system; tells whether a difference is claimed too often."""
    generator = np.random.default_rng(2024)
    bench = questions(generator)
    settings = EvaluationSettings(depth=DEPTH, bootstrap_samples=SAMPLES)
    overall, raw, corrected = dict.fromkeys(COMPARED, 0), dict.fromkeys(COMPARED, 0), dict.fromkeys(COMPARED, 0)
    for draw in range(AA_DRAWS):
        found = evaluate_runs(copies(bench, generator), bench, [("one", "two")], settings, draw).comparisons
        for metric in COMPARED:
            items = [item for item in found if item.metric == metric]
            slices = [item for item in items if item.p_adjusted is not None]
            overall[metric] += claims([item for item in items if item.slice == ALL])
            corrected[metric] += claims(slices)
            raw[metric] += any(item.ci_low > 0 or item.ci_high < 0 for item in slices)
    print(f"Claims in {AA_DRAWS} comparisons of copies, {AA_QUESTIONS} questions on {AA_SECTIONS} sections")
    for name, counts in {"overall": overall, "any slice": corrected, "any slice, not corrected": raw}.items():
        figures = ", ".join(f"{metric} {count / AA_DRAWS:.1%}" for metric, count in counts.items())
        print(f"  {name}: {sum(counts.values()) / (AA_DRAWS * len(COMPARED)):.1%} ({figures})")
    print(f"  overall, in {AA_LONG} draws more: {long_run(bench, generator):.1%}", flush=True)
    most = FALSE_CLAIMS * AA_DRAWS * len(COMPARED)
    return sum(overall.values()) > most or sum(corrected.values()) > most


def questions(generator: np.random.Generator) -> Benchmark:
    """Return questions on sections, some of which are asked about several times."""
    section_of = generator.integers(0, AA_SECTIONS, AA_QUESTIONS)
    queries = tuple(
        Query(
            f"q{number:03d}",
            "What is it?",
            Origin.HUMAN,
            difficulty=DIFFICULTIES[int(generator.integers(len(DIFFICULTIES)))],
            domain=DOMAINS[section % len(DOMAINS)],
        )
        for number, section in enumerate(section_of)
    )
    qrels = Qrels({query.id: {f"s{section}": 1} for query, section in zip(queries, section_of, strict=True)})
    return Benchmark(queries, qrels, "", section_groups={})


def copies(bench: Benchmark, generator: np.random.Generator) -> list[Run]:
    """Return the runs of two systems that rank by one law: the same hardness, noise of their own."""
    ids = bench.qrels.query_ids
    section_of = [next(iter(bench.qrels.relevant(query))) for query in ids]
    hardness = np.array([int(section[1:]) % 7 for section in section_of]) / 3.0
    runs = []
    for system in ("one", "two"):
        moved = {section: float(generator.normal()) for section in sorted(set(section_of))}
        noise = 0.5 * np.array([moved[section] for section in section_of]) + 0.5 * generator.normal(size=len(ids))
        ranks = np.floor(np.exp(hardness + noise)).astype(int)
        rankings = {q: ranked(s, int(rank)) for q, s, rank in zip(ids, section_of, ranks, strict=True)}
        runs.append(Run(system, "", rankings))
    return runs


def ranked(section: str, place: int) -> tuple[Ranked, ...]:
    """Return a ranking of wrong sections with the right one at a place from 0; beyond the depth it is missing."""
    names = [f"wrong{number}" for number in range(DEPTH)]
    names[place:place] = [section]
    return tuple(Ranked(name, -float(number)) for number, name in enumerate(names[:DEPTH]))


def claims(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether any comparison claims a difference."""
    return any(item.verdict != "no clear difference" for item in comparisons)


def long_run(bench: Benchmark, generator: np.random.Generator) -> float:
    """Return the share of claims over all questions in many draws."""
    groups = query_groups(bench.qrels, {})
    labels = [groups[query] for query in bench.qrels.query_ids]
    measures = [Measure.parse(name) for name in COMPARED]
    count = 0
    for _ in range(AA_LONG):
        one, two = (score_run(run, bench.qrels, measures) for run in copies(bench, generator))
        pairs = [ScoredPair(("one", "two"), one[metric], two[metric]) for metric in COMPARED]
        count += sum(claims([item]) for item in paired_comparisons(pairs, labels, SAMPLES, generator))
    return count / (AA_LONG * len(COMPARED))


if __name__ == "__main__":
    sys.exit(main())
