"""A small training job: nonsense manuals whose questions repeat words of the section that answers."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from embedtune.config.training_settings import SpeedSettings, TrainingSettings
from embedtune.encoders.digests import model_digest
from embedtune.training.dev.dev_set import DevSet, dev_set
from embedtune.vocabulary.corpus import Passage
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Negative, Origin, Provenance, Query, TrainingPair

DOMAINS = ("brakes", "engine")
SECTIONS = 12
QUESTIONS = 3
DEV_SECTIONS = 8


def sample_pairs(negatives: int = 1) -> tuple[TrainingPair, ...]:
    """Return three questions for each of twelve sections, each with negatives from the next sections."""
    pairs = []
    for section in range(SECTIONS):
        for number in range(QUESTIONS):
            others = [(section + step + 1) % SECTIONS for step in range(negatives)]
            pairs.append(
                TrainingPair(
                    _question(section, number),
                    _words(section),
                    tuple(Negative(_words(other), f"s{other}") for other in others),
                    Provenance(section_id=f"s{section}", cluster=f"c{section}"),
                )
            )
    return tuple(pairs)


def sample_dev() -> DevSet:
    """Return one question for each of eight other sections, in two domains."""
    sections = range(100, 100 + DEV_SECTIONS)
    queries = [_question(section, 0) for section in sections]
    qrels = Qrels({query.id: {f"s{section}": 1} for query, section in zip(queries, sections, strict=True)})
    passages = [Passage(f"s{section}#0", f"s{section}", _words(section)) for section in sections]
    return dev_set(queries, qrels, passages, 100)


def sample_settings(**changes) -> TrainingSettings:
    """Return settings under which a job of 36 pairs takes 5 steps an epoch, 15 in all.

    Though a passage has three questions, a batch takes one of them, so that it has passages to compare.
    """
    chosen = {
        "base_model": "tiny",
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 2e-3,
        "train_layers": 2,
        "max_seq_length": 48,
        "eval_steps": 2,
        "device": "cpu",
        "base_share": 0.0,
        "speed": SpeedSettings(questions_per_passage=1),
    }
    return TrainingSettings(**(chosen | changes))


def sample_job(base: Path, run: Path, *, pairs=None, dev="sample", seed=3, **changes):
    """Return a job on the sample pairs; ``changes`` go to its settings."""
    from embedtune.training.trainer import TrainingJob

    return TrainingJob(
        pairs=sample_pairs() if pairs is None else tuple(pairs),
        dev=sample_dev() if dev == "sample" else dev,
        base=base,
        base_digest=model_digest(base),
        run=run,
        settings=sample_settings(**changes),
        seed=seed,
    )


def _words(section: int) -> str:
    drawn = random.Random(f"section {section}")
    return " ".join("".join(drawn.choices("abcdefghijklmnopqrstuvwxyz", k=4)) for _ in range(9))


def _question(section: int, number: int) -> Query:
    words = _words(section).split()[3 * number : 3 * number + 3]
    return Query(f"q{section}-{number}", " ".join(words), Origin.EXTRACTIVE, domain=DOMAINS[section % 2])


def sample_remining(per_pair: int = 1):
    """Return what mines, for each pair, the positives of other sections that the model finds nearest."""
    from embedtune.training.job import Remining

    def mine(encoder):
        pairs = sample_pairs()
        passages = sorted({(pair.provenance.section_id, pair.positive) for pair in pairs})
        scores = encoder.encode([pair.query.text for pair in pairs]) @ encoder.encode([text for _, text in passages]).T
        return [_with_nearest(pair, passages, row, per_pair) for pair, row in zip(pairs, scores, strict=True)]

    return Remining(mine, per_pair, "sha256:nearest")


def _with_nearest(pair, passages, scores, per_pair):
    order = sorted(range(len(passages)), key=lambda place: -scores[place])
    wrong = [place for place in order if passages[place][0] != pair.provenance.section_id][:per_pair]
    found = [Negative(passages[at][1], passages[at][0], "current", float(scores[at])) for at in wrong]
    return replace(pair, negatives=tuple(found))
