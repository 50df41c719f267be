"""The flat JSON of older training scripts, as part of the settings tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRAINING_NAMES = {
    "base_model": "base_model",
    "num_epochs": "epochs",
    "train_batch_size": "batch_size",
    "loss_function": "loss",
    "learning_rate": "learning_rate",
    "warmup_steps": "warmup_steps",
    "max_seq_length": "max_seq_length",
}
FLAT_INPUT = "input_jsonl"
FLAT_OUTPUT = "output_dir"
FLAT_KEYS = frozenset({*_TRAINING_NAMES, FLAT_INPUT, FLAT_OUTPUT})
FLAT_NAMES = {f"training.{name}": flat for flat, name in _TRAINING_NAMES.items()}
_LOSSES = {
    "multiplenegativesrankingloss": "multiple_negatives_ranking",
    "mnrl": "multiple_negatives_ranking",
    "cachedmultiplenegativesrankingloss": "cached_multiple_negatives_ranking",
    "cachedmnrl": "cached_multiple_negatives_ranking",
    "multiplenegativessymmetricrankingloss": "multiple_negatives_ranking",
    "cachedmultiplenegativessymmetricrankingloss": "cached_multiple_negatives_ranking",
    "tripletloss": "triplet",
    "contrastiveloss": "contrastive",
    "onlinecontrastiveloss": "online_contrastive",
    "cosinesimilarityloss": "cosine_similarity",
    "gistembedloss": "gist",
    "marginmseloss": "margin_mse",
}
_SYMMETRIC = "symmetricrankingloss"


def is_flat(values: Mapping[str, Any]) -> bool:
    """Tell whether a mapping is the flat form: it holds one of its keys and no table."""
    return not FLAT_KEYS.isdisjoint(values) and not any(isinstance(value, dict) for value in values.values())


def from_flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings tree's form of flat keys.

    ``input_jsonl`` and ``output_dir`` name files, not settings; the command line reads them
    from the file itself (see `flat_paths`).
    """
    training = {_TRAINING_NAMES[key]: value for key, value in values.items() if key in _TRAINING_NAMES}
    if isinstance(training.get("loss"), str):
        name = training["loss"]
        plain = name.lower().replace("_", "")
        training["loss"] = _LOSSES.get(plain, name)
        if plain in _LOSSES and plain.endswith(_SYMMETRIC):
            training["symmetric"] = True
    return {"training": training}


def flat_paths(values: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the input file and the output folder that a flat configuration names."""
    source, target = values.get(FLAT_INPUT), values.get(FLAT_OUTPUT)
    return (str(source) if source else None, str(target) if target else None)
