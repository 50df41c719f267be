"""Queries that do not belong: which are found, how many honest ones are flagged, and by which detector.

Claims (`anomaly_rates.BARS`): at most 5 % of honest questions flagged, with the stated confidence; questions on other
topics, gibberish, injected instructions alone, and honest questions with an instruction put into them are found.

    python benchmarks/anomaly.py DATA [--work FOLDER] [--splits 5] [--seed 20261122] [--detectors wording,intent,…]
        [--only COLLECTION]

DATA holds emanual_tv, mechanics_se, scifact and manuals/electronics_arduino_help. Five times, the groups of sections
are halved at random: questions about one half fit and calibrate, those about the other half test. Injections are of the
five families that nothing is fitted on; with ``(known)`` of the five that the package is fitted on; with ``fresh`` of
another list in the spirit of the five held-out families. A rate is the mean over splits, its interval is over texts.

What was looked at before: the default combination was chosen after its rates on the test halves of five splits (seeds 0
to 4) and on the foreign texts (seed 8) were known, and a first version of it was seen on the held-out families. The
rules were written after the held-out families were drawn, from published lists, by the author of those injections, and
speak of four of the five (all but false authority): on these only the rates without rules are of held-out families, and
by these the default is judged. So the default's rates flatter it to an extent that nobody measured: this seed draws
other splits, gibberish and places for the orders, but out of the same questions, foreign texts and injections. Only the
fresh injections were never looked at: they were written when detectors and rules were finished, by somebody who had
read the held-out list but
neither the rules nor the known list. (The rules' patterns were made linear later; what they find in all texts of this
benchmark stayed the same.)

Vectors are kept in FOLDER, so that a second run encodes nothing.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomaly_promise import Questions, Redivision, promise_broken, redivided
from anomaly_rates import DEFAULT, HONEST, NO_RULES, Tally, print_rates, verdict
from anomaly_texts import (
    PLACES,
    SEED,
    Domain,
    Remembering,
    fresh_injections,
    gibberish,
    halves,
    held_out_injections,
    injected,
    known_injections,
    read_domain,
    titles,
)
from embedtune.anomaly.calibration.thresholds import ALL, Thresholds
from embedtune.anomaly.combination import Combination, fit_combination
from embedtune.anomaly.detector import with_rules
from embedtune.anomaly.detectors.kinds import KINDS
from embedtune.anomaly.detectors.port import Asked
from embedtune.anomaly.preparation import KnownPassages, NormalQueries, prepare
from embedtune.anomaly.rules.matching import rule_hits
from embedtune.config.anomaly_settings import AnomalySettings
from embedtune.encoders.locate import MINILM
from embedtune.encoders.sentence_transformer import load_named_encoder
from embedtune.pairs.formats.beir import read_beir_queries

GIBBERISH = 20
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """What is random: the seed of every draw, and how many splits are drawn."""

    seed: int
    splits: int


def main() -> int:
    """Print every rate of every detector; exit code 1 where the default misses a bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("anomaly-vectors"))
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--seed", type=int, default=SEED, help="Draws splits, gibberish, and which order goes where.")
    parser.add_argument("--detectors", default=",".join(KINDS))
    parser.add_argument("--only", choices=("emanual_tv", "mechanics_se"), help="Measure one collection alone.")
    arguments = parser.parse_args()
    encoder = Remembering(load_named_encoder(MINILM), arguments.work)
    domains = [read_domain(arguments.data, name) for name in ("emanual_tv", "mechanics_se")]
    claims = [query.text for query in read_beir_queries(arguments.data / "scifact", "scifact")]
    near = titles(arguments.data / "manuals" / "electronics_arduino_help")
    missed = False
    for domain, other in (domains, domains[::-1]):
        if arguments.only not in {None, domain.name}:
            continue
        sets = foreign(domain, other, claims, near if domain.name == "emanual_tv" else (), arguments.seed)
        draws = Draws(arguments.seed, arguments.splits)
        missed = measure(domain, sets, encoder, draws, arguments.detectors.split(",")) or missed
    return int(missed)


def foreign(
    domain: Domain, other: Domain, claims: Sequence[str], near: Sequence[str], seed: int
) -> dict[str, list[str]]:
    """Return the texts that do not belong, by the name of their set; sets made of test questions come later."""
    made = gibberish(domain.questions, GIBBERISH, seed)
    held_out, fresh = held_out_injections(), fresh_injections()
    return {
        f"topic: {other.name}": list(other.questions),
        "topic: scifact": list(claims),
        **({"near: arduino help titles": list(near)} if near else {}),
        **{f"gibberish: {kind}": texts for kind, texts in made.items()},
        "gibberish, all": [text for texts in made.values() for text in texts],
        **{f"injection: {family}": texts for family, texts in held_out.items()},
        "injection, all": [text for texts in held_out.values() for text in texts],
        **{f"fresh injection: {family}": texts for family, texts in fresh.items()},
        "fresh injection, all": [text for texts in fresh.values() for text in texts],
        "(known) injection": known_injections(),
    }


def with_orders(questions: Sequence[str], wanted: Sequence[int], seed: int) -> dict[str, list[str]]:
    """Put an order into every second question: the places take turns, and the orders are drawn.

    Args:
        questions: All of a domain: a question is given the same order in every split.
        wanted: The rows to return.
        seed: Decides which order is put into which question.
    """
    draw = random.Random(seed)  # noqa: S311 - a draw that anyone can repeat
    held_out, fresh = (
        [text for texts in families.values() for text in texts]
        for families in (held_out_injections(), fresh_injections())
    )
    kept = set(wanted)
    sets: dict[str, list[str]] = {}
    labelled = (("question", held_out), ("fresh question", fresh), ("(known) question", known_injections()))
    for label, orders in labelled:
        for row, place in zip(range(0, len(questions), 2), cycle(PLACES)):
            text = injected(questions[row], draw.choice(orders), place)
            if row in kept:
                sets.setdefault(f"{label}, order {place}", []).append(text)
    return sets


def systems(names: Sequence[str]) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Return what is compared: the detectors that are combined, and whether the rules are asked."""
    usual = tuple(name for name in AnomalySettings().detectors if name in names)
    alternatives = {
        "wording+intent+mahalanobis": ("wording", "intent", "mahalanobis"),
        "wording+intent+passages": ("wording", "intent", "passages"),
        "all detectors": tuple(names),
    }
    return {
        **{name: ((name,), False) for name in names},
        "rules": ((), True),
        **{name: (own, False) for name, own in alternatives.items() if set(own) <= set(names)},
        NO_RULES: (usual, False),
        DEFAULT: (usual, True),
    }


def measure(
    domain: Domain, sets: dict[str, list[str]], encoder: Remembering, draws: Draws, names: Sequence[str]
) -> bool:
    """Print one domain's rates; return whether the default misses a bar."""
    settings = AnomalySettings(detectors=tuple(names))
    compared = systems(names)
    tallies: dict[str, dict[str, Tally]] = {name: {} for name in compared}
    drawn: list[Redivision] = []
    for split in range(draws.splits):
        learnt, test = halves(domain, draws.seed, split)
        normal = NormalQueries([domain.questions[row] for row in learnt], groups=[domain.groups[row] for row in learnt])
        prepared = prepare(encoder, normal, settings, draws.seed, KnownPassages(domain.passages))
        combination = fit_combination(names, prepared.material, prepared.fit.groups)
        honest = [domain.questions[row] for row in test]
        asked = {
            "": list(prepared.calibration.asked.texts),
            HONEST: honest,
            **sets,
            **with_orders(domain.questions, test, draws.seed),
        }
        rarities = {name: combination.rarities(Asked.of(texts, encoder.encode(texts))) for name, texts in asked.items()}
        hits = {name: [rule_hits(text) for text in texts] for name, texts in asked.items()}
        for system, (own, rules) in compared.items():
            score = scorer(combination.only(own) if own else None, rarities, hits, rules=rules)
            groups = prepared.calibration.groups if own else None  # rules alone give most queries one score
            calibrated = Thresholds.of(score(""), (), settings.alpha, settings.confidence, groups)
            for name, texts in asked.items():
                flags = calibrated.anomalous(score(name), ALL)
                tallies[system].setdefault(name, Tally()).add(texts, flags.tolist())
            if system == DEFAULT:
                drawn += redivided(
                    Questions(score(""), tuple(map(str, prepared.calibration.groups))),
                    Questions(score(HONEST), tuple(domain.groups[row] for row in test)),
                    settings,
                    (draws.seed, split),
                )
                guarantee = calibrated.guarantee
        print(
            f"{domain.name}, seed {draws.seed}, split {split}: {len(prepared.fit.groups)} fitted, {guarantee.sentence}",
            flush=True,
        )
    print_rates(domain.name, tallies)
    missed = promise_broken(drawn)
    return verdict(tallies) or missed


def scorer(
    own: Combination | None,
    rarities: dict[str, dict[str, Scores]],
    hits: dict[str, list[tuple[object, ...]]],
    *,
    rules: bool,
) -> Callable[[str], Scores]:
    """Return what scores the texts of a set by some detectors, with the rules or without."""

    def score(name: str) -> Scores:
        found = hits[name] if rules else [()] * len(hits[name])
        scores = own.combined(rarities[name]) if own else np.zeros(len(found))
        return with_rules(scores, found)  # type: ignore[arg-type]

    return score


if __name__ == "__main__":
    sys.exit(main())
