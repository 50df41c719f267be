"""Check that a published or saved model behaves as an embedding model should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.corpus.folder import read_folder
from embedtune.errors import EmbedtuneError
from embedtune.pipeline.behaviour_texts import BUILT_IN, BUILT_IN_TEXTS, ODD, DomainTexts, corpus_texts
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.project import Project
from embedtune.vocabulary.ports import Encoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-5
"""How far a number of a vector may depend on the batch it was encoded in, and a vector's length lie from 1."""
_BATCH = 50


@dataclass(frozen=True, slots=True)
class BehaviourCheck:
    """One thing that a model must do.

    Attributes:
        name: What was checked.
        passed: Whether it does.
        value: What was measured.
    """

    name: str
    passed: bool
    value: str


@dataclass(frozen=True, slots=True)
class BehaviourReport:
    """All checks of one model.

    Attributes:
        model: The model, as the user named it.
        texts: Where the texts it was asked come from.
        checks: The checks; the first alone where the model cannot be loaded or breaks off.
    """

    model: str
    texts: str
    checks: tuple[BehaviourCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class _Answers:
    """The vectors of a model; shape (texts, dimension) each.

    Attributes:
        asked: One query a domain.
        domains: The texts of each domain.
        batch: Fifty texts encoded at once.
        single: The same texts one by one.
        odd: Texts that nobody means to send.
    """

    asked: NDArray[np.float32]
    domains: tuple[NDArray[np.float32], ...]
    batch: NDArray[np.float32]
    single: NDArray[np.float32]
    odd: NDArray[np.float32]

    @property
    def all(self) -> tuple[NDArray[np.float32], ...]:
        """Every array of vectors."""
        return (self.asked, *self.domains, self.batch, self.single, self.odd)


def check_behaviour(project: Project, model: str, corpus: Path | None = None) -> BehaviourReport:
    """Load a model and check how it encodes.

    Args:
        project: Finds and loads the model.
        model: A version, a run folder, or a sentence-transformers folder.
        corpus: Documents that the texts are taken from; built-in sentences without.

    Raises:
        DocumentError: The documents cannot be read.
    """
    texts = BUILT_IN_TEXTS
    if corpus is not None:
        texts = corpus_texts(read_folder(corpus, project.config.corpus, project.report).sections, str(corpus))
    try:
        encoder = project.models.named(model)
        answers = _ask(encoder, texts)
    except Exception as error:  # noqa: BLE001 - a loader fails in as many ways as there are libraries below it
        told = error.message if isinstance(error, EmbedtuneError) else f"{type(error).__name__}: {error}"
        return BehaviourReport(model, texts.source, (BehaviourCheck("loads and encodes", passed=False, value=told),))
    checks = _checks(encoder, answers, texts, _stated_dimension(project, model))
    return BehaviourReport(model, texts.source, tuple(checks))


def _ask(encoder: Encoder, texts: DomainTexts) -> _Answers:
    own = [text for domain in texts.texts.values() for text in domain]
    known = dict.fromkeys([*own, *(text for domain in BUILT_IN.values() for text in domain)])
    fifty = list(known)[:_BATCH]
    return _Answers(
        asked=encoder.encode([domain[0] for domain in texts.texts.values()]),
        domains=tuple(encoder.encode(list(domain)) for domain in texts.texts.values()),
        batch=encoder.encode(fifty),
        single=np.concatenate([encoder.encode([text]) for text in fifty]),
        odd=encoder.encode(list(ODD)),
    )


def _checks(encoder: Encoder, answers: _Answers, texts: DomainTexts, stated: int | None) -> Iterator[BehaviourCheck]:
    yield BehaviourCheck("loads and encodes", passed=True, value=encoder.name)
    yield _dimension(answers, encoder.dimension, stated)
    yield _queries(answers.asked, tuple(texts.texts))
    yield _similarity(answers.domains)
    off = float(np.abs(answers.batch - answers.single).max())
    yield BehaviourCheck(f"a batch of {_BATCH} equals one by one", off <= TOLERANCE, f"largest difference {off:.1e}")
    bad = sum(int((~np.isfinite(vectors)).any(axis=1).sum()) for vectors in answers.all)
    yield BehaviourCheck("no NaN or Inf", bad == 0, f"{bad} of {sum(map(len, answers.all))} vectors")
    lengths = np.concatenate([np.linalg.norm(vectors, axis=1) for vectors in answers.all])
    far = float(np.abs(lengths - 1).max())
    yield BehaviourCheck("unit norms", far <= TOLERANCE, f"largest distance from 1: {far:.1e}")


def _dimension(answers: _Answers, said: int, stated: int | None) -> BehaviourCheck:
    found = sorted({vectors.shape[1] for vectors in answers.all})
    card = "" if stated is None else f", {stated} on the card"
    value = f"{', '.join(map(str, found))} in its vectors, {said} by the model{card}"
    return BehaviourCheck("dimension", found == [said] and stated in {None, said}, value)


def _queries(asked: NDArray[np.float32], domains: Sequence[str]) -> BehaviourCheck:
    """Check that queries of different domains differ; a collapsed model gives every text one vector."""
    cosines = asked @ asked.T
    nearest = float(cosines[np.triu_indices(len(asked), 1)].max())
    value = f"{len(domains)} domains ({', '.join(domains)}), largest cosine between two queries {nearest:.4f}"
    return BehaviourCheck("a query of every domain", nearest < 1 - TOLERANCE, value)


def _similarity(domains: Sequence[NDArray[np.float32]]) -> BehaviourCheck:
    vectors = np.concatenate(domains)
    of = np.repeat(np.arange(len(domains)), [len(part) for part in domains])
    rows, columns = np.triu_indices(len(vectors), 1)
    cosines, same = (vectors @ vectors.T)[rows, columns], of[rows] == of[columns]
    within, across = float(cosines[same].mean()), float(cosines[~same].mean())
    return BehaviourCheck(
        "same-domain similarity above cross-domain", within > across, f"{within:.4f} within, {across:.4f} across"
    )


def _stated_dimension(project: Project, model: str) -> int | None:
    """Return the dimension on a version's card; ``None`` for a model without one."""
    folder = Path(model)
    if folder.is_dir() and not (folder / "manifest.json").is_file():
        return None
    return read_card(project.registry.find(model)).embedding_dimension
