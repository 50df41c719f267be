"""Learn low-rank changes of attention weights instead of the weights (Hu et al. 2022, "LoRA").

A layer's query, key and value projections W become W + (alpha / rank)·B·A, of which only A and B learn. Each model that
is kept has the sum W + … as its weights: nobody who loads it needs to know. Only the state that a continuation
starts from holds A and B themselves, since W + … rounded to the precision of W does not give them back.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from embedtune.errors import InputError, ModelError, UnavailableError
from embedtune.training.engine.backbone import backbone_of, learns

if TYPE_CHECKING:
    from peft.tuners.lora import LoraLayer
    from sentence_transformers import SentenceTransformer

LEARNED = "learned.safetensors"
_ADAPTER = "default"
_PROJECTIONS = frozenset(
    (
        *("query", "key", "value"),  # BERT, RoBERTa
        *("q", "k", "v"),  # MPNet
        *("q_lin", "k_lin", "v_lin"),  # DistilBERT
        "Wqkv",  # ModernBERT
    )
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a changed projection stands: an attribute of its owner."""

    owner: nn.Module
    name: str
    layer: LoraLayer

    @torch.no_grad()
    def plain(self) -> nn.Module:
        """Return a plain projection with the change added to its weights."""
        plain = copy.deepcopy(self.layer.get_base_layer())
        plain.weight += self.layer.get_delta_weight(_ADAPTER).to(plain.weight)  # type: ignore[attr-defined]
        return plain


def add_adapters(model: SentenceTransformer, rank: int, alpha: int, seed: int) -> int:
    """Have the layers that learn do so by low-rank changes, all zero at first; returns how many parameters learn.

    Args:
        model: The model, frozen already. What it has above its transformer goes on learning as it is.
        rank: The rank.
        alpha: The changes count ``alpha / rank`` times.
        seed: Seed of A; torch's own generator stays as it is.

    Raises:
        UnavailableError: The package ``peft`` is not installed.
        ModelError: The layers have no projections of a known name.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise UnavailableError(
            "Low-rank changes (training.lora_rank) need the package peft.", "pip install 'embedtune[lora]'"
        ) from error
    backbone = backbone_of(model)
    learning = [layer for layer in backbone.layers if learns([layer])]
    wanted = {part for layer in learning for part in _projections(layer)}
    targets = [name for name, part in backbone.module.named_modules() if part in wanted]
    if not targets:
        raise ModelError(
            f"The attention of {type(backbone.module).__name__} is not known to embedtune.",
            "Train its weights: set training.lora_rank to 0.",
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets), backbone.module)
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def has_adapters(model: SentenceTransformer) -> bool:
    """Tell whether a model learns by low-rank changes."""
    return hasattr(backbone_of(model).module, "peft_config")


@contextlib.contextmanager
def summed(model: SentenceTransformer) -> Iterator[None]:
    """Have a model be a plain one, its changes added to its weights, while the block lasts.

    What it learns with is put aside and back, and not computed back: training goes on bit for bit.
    """
    places = _places(model)
    try:
        for place in places:
            setattr(place.owner, place.name, place.plain())
        yield
    finally:
        for place in places:
            setattr(place.owner, place.name, place.layer)


def become_plain(model: SentenceTransformer) -> None:
    """Make a model a plain one for good, its changes added to its weights."""
    for place in _places(model):
        setattr(place.owner, place.name, place.plain())
    if has_adapters(model):
        delattr(backbone_of(model).module, "peft_config")


def save_learned(model: SentenceTransformer, folder: Path) -> None:
    """Write what learns, for a continuation."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    learned = {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}
    save_file(learned, folder / LEARNED)


@torch.no_grad()
def load_learned(model: SentenceTransformer, folder: Path) -> None:
    """Read what had learned into a model of the same shape.

    Raises:
        InputError: The file is missing, damaged or of another shape.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    learning = {name: value for name, value in model.named_parameters() if value.requires_grad}
    try:
        learned = load_file(folder / LEARNED)
    except (OSError, SafetensorError) as error:
        raise _damaged(folder) from error
    if {name: value.shape for name, value in learned.items()} != {name: v.shape for name, v in learning.items()}:
        raise _damaged(folder)
    for name, value in learning.items():
        value.copy_(learned[name])


def _damaged(folder: Path) -> InputError:
    return InputError(f"{folder / LEARNED}, where the run goes on, is missing or damaged.", "Train anew.")


def _projections(layer: nn.Module) -> list[nn.Module]:
    named = layer.named_modules()
    return [part for name, part in named if isinstance(part, nn.Linear) and name.split(".")[-1] in _PROJECTIONS]


def _places(model: SentenceTransformer) -> list[_Place]:
    if not has_adapters(model):
        return []
    from peft.tuners.lora import LoraLayer

    return [
        _Place(owner, name, part)
        for owner in backbone_of(model).module.modules()
        for name, part in owner.named_children()
        if isinstance(part, LoraLayer)
    ]
