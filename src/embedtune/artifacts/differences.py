"""Two versions side by side: what was measured, how they search, what they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.artifacts.manifest import manifest_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedtune.artifacts.card import ModelCard
    from embedtune.vocabulary.evaluation import Comparison
    from embedtune.vocabulary.versions import Manifest


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One thing that both versions state.

    Attributes:
        group: ``metrics``, ``settings`` or ``data``.
        name: What it is.
        left: What the one version says, empty if nothing.
        right: What the other says.
    """

    group: str
    name: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """Whether they say something else."""
        return self.left != self.right


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """Two versions side by side.

    Attributes:
        left: The label of the one.
        right: The label of the other.
        comparable: Whether both were measured on as many questions of the same origin; otherwise figures of
            the two say little about each other.
        rows: What they state.
    """

    left: str
    right: str
    comparable: bool
    rows: tuple[DifferenceRow, ...]


def difference(left: Manifest, left_card: ModelCard, right: Manifest, right_card: ModelCard) -> VersionDifference:
    """Put two versions side by side.

    Args:
        left: The manifest of the one.
        left_card: Its card.
        right: The manifest of the other.
        right_card: Its card.
    """
    groups = {
        "metrics": (_metrics(left, left_card), _metrics(right, right_card)),
        "settings": (_settings(left), _settings(right)),
        "data": (_data(left, left_card), _data(right, right_card)),
    }
    rows = [
        DifferenceRow(group, name, one.get(name, ""), other.get(name, ""))
        for group, (one, other) in groups.items()
        for name in dict.fromkeys((*one, *other))
    ]
    same = (left_card.questions, left_card.question_origin) == (right_card.questions, right_card.question_origin)
    return VersionDifference(left.label, right.label, same and left_card.questions > 0, tuple(rows))


def _metrics(manifest: Manifest, card: ModelCard) -> dict[str, str]:
    rows = {"measured on": card.measured_on}
    for item in manifest.metrics:
        rows[f"{item.metric}, {item.candidate}"] = f"{item.candidate_value:.3f}"
        rows[f"{item.metric}, {item.candidate} minus {item.baseline}"] = _gain(item)
    return rows


def _gain(item: Comparison) -> str:
    return f"{item.delta:+.3f} [{item.ci_low:+.3f}, {item.ci_high:+.3f}]"


def _settings(manifest: Manifest) -> dict[str, str]:
    rows = _flat(manifest.settings)
    rows["configuration"] = manifest.lineage.config
    return rows | {f"package {name}": version for name, version in manifest.packages.items()}


def _data(manifest: Manifest, card: ModelCard) -> dict[str, str]:
    lineage = manifest.lineage
    rows = {
        "base model": lineage.base_model,
        "base model's digest": lineage.base_model_hash,
        "documents": lineage.corpus,
        "pairs": lineage.pairs,
        "split": lineage.split,
        "weights": card.weights_hash,
        "share of the base": "" if card.base_share is None else f"{card.base_share:g}",
        "manifest": manifest_digest(manifest),
    }
    if card.data:
        rows |= {"number of pairs": str(card.data.pairs), "hard negatives": str(card.data.negatives)}
        rows |= {f"pairs of {domain}": str(count) for domain, count in card.data.by_domain.items()}
    return rows


def _flat(value: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    rows: dict[str, str] = {}
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, dict):
            rows |= _flat(inner, f"{name}.")
        else:
            rows[name] = str(inner)
    return rows
