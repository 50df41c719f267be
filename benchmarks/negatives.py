"""Hard negatives: how fast they are mined, how much memory that takes, and how many of them are wrong.

Claims: BM25 mining at 500 questions a second or more over 20,000 sections; 200,000 sections in 2 GiB;
and, given DATA, at most 1 % of the negatives mined for the training questions of emanual_tv and scifact
are relevant by the judgements of people, for the default settings.

    python benchmarks/negatives.py [DATA]

DATA is a folder of test collections in the layout of BEIR. Without it the quality part is left out. The
speed part mines from texts with the word frequencies of English (Zipf), for a model of random vectors:
what an encoder takes is not counted.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.config.data_settings import NegativeSettings
from embedtune.corpus.passages import cut_passages
from embedtune.index.bm25 import BM25Index
from embedtune.index.identifiers import tokens
from embedtune.pairs.formats.beir import read_beir
from embedtune.pairs.negatives.miner import NegativeMiner, Rankers
from embedtune.pairs.negatives.pool import PassagePool
from embedtune.retrieval.fusion import rrf
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair
from embedtune.vocabulary.retrieval import PassageSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embedtune.vocabulary.ports import Encoder

BAR_RATE = 500.0
BAR_BYTES = 2 << 30
BAR_WRONG = 0.01
SECTIONS, MANY_SECTIONS, QUESTIONS = 20_000, 200_000, 2000
WORDS, VOCABULARY, QUESTION_WORDS = 80, 30_000, 8
DIMENSION = 384
COLLECTIONS = {"emanual_tv": (None, 64), "scifact": (None,)}  # and how their documents are cut
SOURCES = (("bm25",), ("base",), ("hybrid",), ("bm25", "base"))
MARGINS = (0.0, 0.05, 0.1, 0.2)


@dataclass(frozen=True)
class RandomVectors:
    """Gives every text a vector that says nothing."""

    name: str = "random"
    digest: str = "sha256:0"
    dimension: int = DIMENSION

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension)."""
        vectors = np.random.default_rng(len(texts)).standard_normal((len(texts), self.dimension), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


def main() -> int:
    """Print rates, memory and shares; exit code 1 where a bar is missed."""
    if "--memory" in sys.argv:
        return memory()
    missed = speed()
    done = subprocess.run([sys.executable, __file__, "--memory"], check=False)
    missed = missed or done.returncode != 0
    for folder in sys.argv[1:]:
        missed = quality(Path(folder)) or missed
    return int(missed)


def speed() -> bool:
    """Print questions a second for whole sections and for their passages; return whether the bar was missed."""
    slow = False
    sections = synthetic_sections(SECTIONS)
    pairs = synthetic_pairs(sections)
    for words in (None, 64):
        for sources in (("bm25",), ("base",), ("hybrid",)):
            settings = NegativeSettings(sources=sources, cross_domain_share=0.0, per_pair=2)
            size, indexing, rate = mining_rate(sections, pairs, words, settings)
            cut = PassageSettings(words).label
            print(f"{sources[0]:7} {size:7,} passages ({cut}): {rate:6.0f} questions/s; BM25 index in {indexing:.1f} s")
            slow = slow or (sources == ("bm25",) and rate < BAR_RATE)
    return slow


def memory() -> int:
    """Mine from many sections in a process of its own; print its peak."""
    sections = synthetic_sections(MANY_SECTIONS)
    pairs = synthetic_pairs(sections)
    settings = NegativeSettings(cross_domain_share=0.1)
    size, _, rate = mining_rate(sections, pairs, None, settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{size:,} sections, bm25 and base: {rate:.0f} questions/s, peak memory {peak / 2**30:.2f} GiB")
    return int(peak > BAR_BYTES)


def mining_rate(
    sections: list[Section], pairs: list[TrainingPair], words: int | None, settings: NegativeSettings
) -> tuple[int, float, float]:
    """Return passages, seconds to index them by words, and questions a second without the encoder."""
    passages = cut_passages(sections, PassageSettings(words))
    ids = {section.id: section.id for section in sections}
    pool = PassagePool(passages, dict.fromkeys(ids, "d"), ids)
    started = time.perf_counter()
    keywords = BM25Index([passage.id for passage in passages], [passage.text for passage in passages])
    indexed = time.perf_counter()
    miner = NegativeMiner(pairs, pool, Rankers(keywords, RandomVectors(), rrf), settings, seed=1)
    miner.mine()  # encodes
    begun = time.perf_counter()
    miner.mine()
    return len(passages), indexed - started, len(pairs) / (time.perf_counter() - begun)


def synthetic_sections(count: int) -> list[Section]:
    """Return sections of words drawn by Zipf's law."""
    drawn = drawn_words(np.random.default_rng(0), count * WORDS)
    return [
        Section(f"s{n}", "d", "d", (), SectionKind.OTHER, " ".join(drawn[n * WORDS : (n + 1) * WORDS]), (1, 1))
        for n in range(count)
    ]


def synthetic_pairs(sections: list[Section]) -> list[TrainingPair]:
    """Return questions, drawn alike, for some of the sections."""
    drawn = drawn_words(np.random.default_rng(1), QUESTIONS * QUESTION_WORDS)
    made = []
    for number in range(QUESTIONS):
        text = " ".join(drawn[number * QUESTION_WORDS : (number + 1) * QUESTION_WORDS])
        section = sections[number * len(sections) // QUESTIONS]
        query = Query(f"q{number}", text, Origin.TEMPLATE, domain="d")
        made.append(TrainingPair(query, section.text, (), Provenance(section.id, cluster=section.id)))
    return made


def drawn_words(random: np.random.Generator, count: int) -> list[str]:
    """Return words, the one of rank r with a chance that goes with 1 / r."""
    chances = 1 / np.arange(1, VOCABULARY + 1)
    ranks = random.choice(VOCABULARY, size=count, p=chances / chances.sum())
    names = [f"w{rank:x}" for rank in range(VOCABULARY)]
    return [names[rank] for rank in ranks]


def quality(data: Path) -> bool:
    """Print the share of wrong negatives by collection, source and margin; return whether the default's is too high."""
    from embedtune.encoders.locate import MINILM
    from embedtune.encoders.sentence_transformer import load_named_encoder

    encoder = load_named_encoder(MINILM)
    too_many = False
    for name in COLLECTIONS:
        if (data / name).is_dir():
            too_many = judge_collection(data / name, Remembering(encoder)) or too_many
    return too_many


class Remembering:
    """An encoder that encodes a text once for all settings."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}
        self.name, self.digest, self.dimension = encoder.name, encoder.digest, encoder.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension)."""
        fresh = sorted(set(texts) - self._known.keys())
        self._known.update(zip(fresh, self._encoder.encode(fresh), strict=True))
        return np.stack([self._known[text] for text in texts])


def judge_collection(folder: Path, encoder: Remembering) -> bool:
    """Judge the negatives of one collection's training questions."""
    beir = read_beir(folder, "train")
    judged = all_judgements(folder)
    default = NegativeSettings(cross_domain_share=0.0)
    wrong_by_default = 0.0
    for words in COLLECTIONS[folder.name]:
        pool = pool_of(beir.sections, words)
        keywords = BM25Index([p.id for p in pool.passages], [p.text for p in pool.passages])
        rankers = Rankers(keywords, encoder, rrf)
        for told in ("one", "all"):
            pairs = pairs_of(beir.queries, beir.qrels, pool, only_one=told == "one")
            for sources in SOURCES:
                for margin in MARGINS:
                    chosen = replace_settings(default, sources=sources, margin=margin)
                    mined = NegativeMiner(pairs, pool, rankers, chosen, seed=42).mine()
                    count, wrong = judge(mined, judged)
                    share = wrong / max(1, count)
                    print(
                        f"{folder.name:10} {PassageSettings(words).label:13} {told:3} positive(s) told  "
                        f"{'+'.join(sources):9} margin {margin:.2f}: {wrong:3} of {count:4} wrong ({share:.2%})"
                    )
                    if chosen == default:
                        wrong_by_default = max(wrong_by_default, share)
    return wrong_by_default > BAR_WRONG


def replace_settings(settings: NegativeSettings, **changes: object) -> NegativeSettings:
    """Return settings with some changed."""
    return NegativeSettings(**(settings.model_dump() | changes))


def all_judgements(folder: Path) -> dict[str, frozenset[str]]:
    """Return the relevant documents of every question, of all splits together."""
    relevant: dict[str, frozenset[str]] = {}
    for path in sorted((folder / "qrels").glob("*.tsv")):
        qrels = read_beir(folder, path.stem).qrels
        relevant |= {query: relevant.get(query, frozenset()) | qrels.relevant(query) for query in qrels.query_ids}
    return relevant


def pool_of(sections: tuple[Section, ...], words: int | None) -> PassagePool:
    """Return all documents as a pool; each is its own cluster."""
    passages = tuple(p for p in cut_passages(sections, PassageSettings(words)) if p.body.strip())
    ids = {section.id: section.id for section in sections}
    return PassagePool(passages, {section.id: section.domain for section in sections}, ids)


def pairs_of(queries: tuple[Query, ...], qrels: Qrels, pool: PassagePool, *, only_one: bool) -> list[TrainingPair]:
    """Return a pair for each question and each document, or one document, that answers it."""
    shown: dict[str, list[str]] = {}
    for passage in pool.passages:
        shown.setdefault(passage.section_id, []).append(passage.text)
    made = []
    for query in queries:
        answers = sorted(qrels.relevant(query.id))
        for number, section in enumerate(answers[:1] if only_one else answers):
            if section in shown:
                pair = TrainingPair(
                    query, _best_window(query, shown[section]), (), Provenance(section, cluster=section)
                )
                made.append(replace(pair, query=replace(query, id=f"{query.id}/{number}")))
    return made


def _best_window(query: Query, windows: list[str]) -> str:
    """Return the first of the windows that share most words with the question."""
    wanted = set(tokens(query.text))
    return max(windows, key=lambda window: len(wanted.intersection(tokens(window))))


def judge(mined: tuple[TrainingPair, ...], judged: dict[str, frozenset[str]]) -> tuple[int, int]:
    """Return how many negatives there are, and how many of them people called relevant."""
    verdicts = Counter(
        chain.from_iterable(
            [negative.section_id in judged[pair.query.id.rpartition("/")[0]] for negative in pair.negatives]
            for pair in mined
        )
    )
    return verdicts.total(), verdicts[True]


if __name__ == "__main__":
    sys.exit(main())
