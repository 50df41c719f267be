"""A made-up domain of coffee machines, and an encoder whose tokens can be looked up."""

import hashlib
import itertools

import numpy as np

from embedtune.anomaly.fitting import fit_detector
from embedtune.anomaly.preparation import KnownPassages, NormalQueries
from embedtune.config.anomaly_settings import AnomalySettings

DIMENSION = 32
PARTS = "brew group|steam wand|water tank|drip tray|grinder|milk jug|boiler|pump|hose|filter|valve|lid".split("|")
WORK = ("clean the", "replace the", "descale the", "remove the", "test the", "order a new", "tighten the", "oil the")
FORMS = ("how do I {} {}", "when should I {} {}", "can I {} {} myself")
QUESTIONS = [form.format(work, part) for form, work, part in itertools.product(FORMS, WORK, PARTS)]
PASSAGES = [
    f"To {work} {part} switch the machine off and let it cool. Then {work} {part} with care."
    for work in WORK
    for part in PARTS
]
FOREIGN = ["who composed the nine symphonies", "xkqj zzvw pplo rrtt", "which country has the most lakes in winter"]


def on_sphere(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def normal_vectors(count, seed):
    """Three Gaussian clusters in an eight-dimensional part of the sphere."""
    space = np.random.default_rng(0)
    basis = np.linalg.qr(space.normal(size=(DIMENSION, 8)))[0].T
    centres = space.normal(size=(3, 8))
    generator = np.random.default_rng([1, seed])
    codes = centres[generator.integers(3, size=count)] + 0.3 * generator.normal(size=(count, 8))
    return on_sphere(codes @ basis + 0.02 * generator.normal(size=(count, DIMENSION)))


def far_vectors(count, seed):
    return on_sphere(np.random.default_rng([2, seed]).normal(size=(count, DIMENSION)))


class LetterTokens:
    """Every hash of a word is a token of a random vector."""

    vectors = np.random.default_rng(5).normal(size=(509, 24)).astype(np.float32)

    def ids(self, texts):
        return [[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 509 for word in t.lower().split()] for t in texts]


class TokenEncoder:
    """Sums a fixed random vector a word, and has tokens."""

    name = "words"
    digest = "sha256:words"
    dimension = DIMENSION

    def __init__(self):
        self.encoded = []

    def encode(self, texts):
        self.encoded.append(list(texts))
        if not texts:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        return on_sphere(np.array([sum(map(self._word, text.lower().split())) for text in texts]))

    def token_table(self):
        return LetterTokens()

    def _word(self, word):
        return np.random.default_rng(list(hashlib.sha256(word.encode()).digest())).normal(size=DIMENSION)


class BareEncoder(TokenEncoder):
    """The same without tokens."""

    token_table = None

    def __init__(self):
        super().__init__()


def fitted(encoder=None, *, queries=QUESTIONS, passages=PASSAGES, seed=3, domains=None, held_out=None, **values):
    settings = AnomalySettings(**{"epochs": 5, **values})
    normal = NormalQueries(queries, domains=domains, groups=queries, held_out=held_out)
    return fit_detector(
        encoder or TokenEncoder(), normal, settings=settings, seed=seed, passages=KnownPassages(passages)
    )
