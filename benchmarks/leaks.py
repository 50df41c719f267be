"""Planted leaks: are they found in full, and what else is called a leak?

Claim: of 30 test questions put among the training questions, 10 of them with other case, punctuation and word
order, all are found, and at most 1 % of the other test questions are called leaks. Beyond the claim: how many of
30 that were put there with a typo are found.

    python benchmarks/leaks.py DATA [--only NAME]…

DATA holds ``emanual_tv/``, ``mechanics_se/`` and ``scifact/`` (BEIR). A false alarm is a test question that is
called a leak for a training question without an answer in common; what is called a leak before any is planted is
shown, for people to judge. Test sets repeat questions in other words: a question that is called a leak because
its repetition was planted is counted apart.
"""

from __future__ import annotations

import argparse
import random
import statistics
import string
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embedtune.evaluation.leaked_questions import TrainedQuestion, trained_questions
from embedtune.pairs.formats.beir import BeirSet, read_beir
from embedtune.vocabulary.pairs import Query

SETS = ("emanual_tv", "mechanics_se", "scifact")
SPLITS = ("train", "test")
PLANTED = 30
PARAPHRASED = 10
DRAWS = 100
TYPO_DRAWS = 20
LONG = 5
SIMILARITY = 0.7  # filters.leak_threshold
BAR = 0.01
_PUNCTUATION = ".,;:!?-'\"()/"


@dataclass(frozen=True)
class Found:
    """One draw.

    Attributes:
        verbatim: Planted as they are, and found.
        paraphrased: Planted in another form, and found.
        repeated: Called leaks for a planted question with the same answer.
        wrong: Called leaks for a question with other answers.
    """

    verbatim: int
    paraphrased: int
    repeated: int
    wrong: int


def paraphrase(text: str, generator: random.Random) -> str:
    """Return a question with other case, punctuation and word order."""
    words = text.split()
    cut = generator.randrange(1, max(2, len(words)))
    match generator.randrange(3):
        case 0:
            words = [*words[cut:], *words[:cut]]
        case 1:
            words = [*words[cut:], "-", *words[:cut]]
        case _:
            generator.shuffle(words)
    joined = " ".join(words)
    if generator.random() < 0.5:  # noqa: PLR2004 - one of two
        joined = joined.translate(str.maketrans("", "", _PUNCTUATION))
    cased = generator.choice((str.upper, str.lower, str.title, str.swapcase))(joined)
    return cased.rstrip("?.") + generator.choice(("", "?", "!", "...", " ?!"))


def draw(tested: BeirSet, trained: BeirSet, seed: int) -> Found:
    """Plant questions and count what is found."""
    generator = random.Random(seed)  # noqa: S311 - a draw that anyone can repeat
    planted = generator.sample(tested.queries, PLANTED)
    paraphrased = {query.id for query in planted[:PARAPHRASED]}
    leaks = [
        replace(query, text=paraphrase(query.text, generator)) if query.id in paraphrased else query
        for query in planted
    ]
    there = [*trained.queries, *leaks]
    generator.shuffle(there)
    found = leaks_among(tested, there)
    ids = {leak.query_id for leak in found}
    wanted = {query.id for query in planted}
    others = [leak for leak in found if leak.query_id not in wanted]
    repeated = sum(bool(answers(tested, trained, leak) & tested.qrels.relevant(leak.query_id)) for leak in others)
    return Found(len(ids & (wanted - paraphrased)), len(ids & paraphrased), repeated, len(others) - repeated)


def leaks_among(tested: BeirSet, trained: Sequence[Query]) -> list[TrainedQuestion]:
    """Return the test questions that are called leaks."""
    corpus = [section.full_text for section in tested.sections]
    return [
        leak
        for leak in trained_questions(tested.queries, trained, SIMILARITY, lambda: corpus)
        if leak.closeness.is_leak
    ]


def misspelt(text: str, generator: random.Random) -> str:
    """Return a question with one slip of the keyboard in a word of five letters or more; as it is without one."""
    words = text.split(" ")
    places = [place for place, word in enumerate(words) if len(word) >= LONG and word.isalpha()]
    if not places:
        return text
    place = generator.choice(places)
    word, cut = words[place], generator.randrange(1, len(words[place]) - 1)
    match generator.randrange(4):
        case 0:
            words[place] = word[:cut] + word[cut + 1 :]
        case 1:
            words[place] = word[:cut] + word[cut] + word[cut:]
        case 2:
            words[place] = word[:cut] + generator.choice(string.ascii_lowercase) + word[cut + 1 :]
        case _:
            words[place] = word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :]
    return " ".join(words)


def typos_found(tested: BeirSet, trained: BeirSet) -> tuple[int, int]:
    """Return how many questions that were planted with a typo are called leaks, and how many others, over all draws."""
    hit = others = 0
    before = {leak.query_id for leak in leaks_among(tested, trained.queries)}
    for seed in range(TYPO_DRAWS):
        generator = random.Random(seed)  # noqa: S311 - a draw that anyone can repeat
        planted = generator.sample(tested.queries, PLANTED)
        leaks = [replace(query, text=misspelt(query.text, generator)) for query in planted]
        ids, wanted = (
            {leak.query_id for leak in leaks_among(tested, [*trained.queries, *leaks])},
            {q.id for q in planted},
        )
        hit, others = hit + len(ids & wanted), others + len(ids - wanted - before)
    return hit, others


def answers(tested: BeirSet, trained: BeirSet, leak: TrainedQuestion) -> frozenset[str]:
    """Return the sections that answer the training question of a leak, planted or not."""
    return tested.qrels.relevant(leak.trained_id) | trained.qrels.relevant(leak.trained_id)


def measure(folder: Path) -> bool:
    """Print the figures of one collection; returns whether the bar is met."""
    trained, tested = (read_beir(folder, split) for split in SPLITS)
    texts = {query.id: query.text for query in (*trained.queries, *tested.queries)}
    started = time.perf_counter()
    corpus = [section.full_text for section in tested.sections]
    before = trained_questions(tested.queries, trained.queries, SIMILARITY, lambda: corpus)
    seconds = time.perf_counter() - started
    natural = [leak for leak in before if leak.closeness.is_leak]
    asked = len(tested.queries)
    print(f"\n{folder.name}: {len(trained.queries)} training questions, {asked} test questions, {seconds:.2f} s")
    print(f"  called leaks before planting: {len(natural)}; similar, not called leaks: {len(before) - len(natural)}")
    for leak in natural:
        print(f"    [{leak.closeness}] {texts[leak.query_id]}\n      trained on: {texts[leak.trained_id]}")
    draws = [draw(tested, trained, seed) for seed in range(DRAWS)]
    verbatim, paraphrased = min(one.verbatim for one in draws), min(one.paraphrased for one in draws)
    print(f"  found in the worst of {DRAWS} draws: {verbatim} of {PLANTED - PARAPHRASED} as they are, ", end="")
    print(f"{paraphrased} of {PARAPHRASED} in another form")
    wrong = [one.wrong / (asked - PLANTED) for one in draws]
    repeated = statistics.fmean(one.repeated for one in draws)
    print(f"  called leaks for their repetition: {repeated:.1f} a draw")
    print(f"  false alarms: {statistics.fmean(wrong):.2%} of the others on average, {max(wrong):.2%} in the worst draw")
    hit, others = typos_found(tested, trained)
    print(f"  with a typo: {hit} of {PLANTED * TYPO_DRAWS} found, {others} others called leaks in {TYPO_DRAWS} draws")
    return verbatim + paraphrased == PLANTED and statistics.fmean(wrong) <= BAR


def main() -> int:
    """Measure every collection; exit code 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", action="append", choices=SETS, help="Measure this set alone.")
    arguments = parser.parse_args()
    met = [measure(arguments.data / name) for name in arguments.only or SETS]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
