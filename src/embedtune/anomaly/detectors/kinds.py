"""Which detectors there are: how each is fitted, and how it is read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from embedtune.anomaly.detectors.autoencoder import Autoencoder
from embedtune.anomaly.detectors.autoencoder_training import SMALLEST_TRAINING, fit_autoencoder
from embedtune.anomaly.detectors.intent import Intent
from embedtune.anomaly.detectors.mahalanobis import Mahalanobis
from embedtune.anomaly.detectors.nearest import NEIGHBOURS, Nearest
from embedtune.anomaly.detectors.port import Detector, Material
from embedtune.anomaly.detectors.stored import Stored
from embedtune.anomaly.detectors.topic import Topic
from embedtune.anomaly.detectors.wording import Wording
from embedtune.errors import InputError

if TYPE_CHECKING:
    from embedtune.vocabulary.ports import TokenTable


class Aspect(StrEnum):
    """What a detector looks at."""

    SUBJECT = "subject"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of detector.

    Attributes:
        fit: Fits one; ``None`` where what it needs is not there.
        load: Takes a stored one out of its arrays, for vectors of a length and the tokens of a model.
        aspect: What it looks at.
        smallest: Normal queries that it takes to fit one.
    """

    fit: Callable[[Material], Detector | None]
    load: Callable[[Stored, int, TokenTable | None], Detector]
    aspect: Aspect = Aspect.SUBJECT
    smallest: int = 1


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "wording": Kind(Wording.fit, lambda arrays, _, __: Wording.from_arrays(arrays), Aspect.WORDS),
        "intent": Kind(Intent.fit, lambda arrays, _, tokens: Intent.from_arrays(arrays, tokens), Aspect.WORDS),
        "topic": Kind(Topic.fit, lambda arrays, dimension, _: Topic.from_arrays(arrays, dimension)),
        "passages": Kind(
            Nearest.to_passages,
            lambda arrays, dimension, _: Nearest.from_arrays(arrays, dimension, NEIGHBOURS),
        ),
        "mahalanobis": Kind(Mahalanobis.fit, lambda arrays, dimension, _: Mahalanobis.from_arrays(arrays, dimension)),
        "nearest": Kind(
            Nearest.to_queries, lambda arrays, dimension, _: Nearest.from_arrays(arrays, dimension, NEIGHBOURS)
        ),
        "autoencoder": Kind(
            fit_autoencoder,
            lambda arrays, dimension, _: Autoencoder.from_stored(arrays, dimension),
            smallest=SMALLEST_TRAINING,
        ),
    }
)


def check_kinds(names: Sequence[str]) -> None:
    """Check that there are detectors of these names.

    Raises:
        InputError: There is none of some name.
    """
    if unknown := sorted(set(names) - KINDS.keys()):
        raise InputError(f"There is no detector {unknown[0]!r}.", f"Known detectors: {', '.join(KINDS)}.")


def fit_all(names: Sequence[str], material: Material) -> dict[str, Detector]:
    """Fit detectors by name; those whose needs are not met are left out."""
    fitted = {name: KINDS[name].fit(material) for name in names}
    return {name: detector for name, detector in fitted.items() if detector is not None}
