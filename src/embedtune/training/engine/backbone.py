"""Where the parts of a transformer are, for the shapes that embedtune trains."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn

from embedtune.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_STACKS = (
    ("encoder", "layer"),  # BERT, RoBERTa, MPNet
    ("transformer", "layer"),  # DistilBERT
    ("layers",),  # ModernBERT
)
_LAST_NORMS = ("final_norm",)  # ModernBERT's layers leave the norm of their output to what comes next


@dataclass(frozen=True, slots=True)
class Backbone:
    """A transformer whose parts can be exchanged for the time of a pass.

    Attributes:
        module: The whole of it.
        stack_path: Attribute names from there to the stack of layers.
        layers: The layers, lowest first.
    """

    module: nn.Module
    stack_path: tuple[str, ...]
    layers: nn.ModuleList

    @property
    def embeddings(self) -> nn.Module:
        """What turns token ids into the input of the lowest layer."""
        return self.module.get_submodule("embeddings")

    @contextlib.contextmanager
    def reduced_to(self, layers: nn.ModuleList, embeddings: nn.Module | None = None) -> Iterator[None]:
        """Have only some of the layers run while the block lasts.

        The model's own code goes on deciding about masks, positions and the like. Without ``embeddings`` these
        are the lowest layers, and their output is left as the next layer would see it.

        Args:
            layers: The layers.
            embeddings: Takes the place of the embeddings.
        """
        swaps: list[tuple[nn.Module, str, nn.Module]] = [(self._stack_owner, self.stack_path[-1], layers)]
        if embeddings is not None:
            swaps.append((self.module, "embeddings", embeddings))
        else:
            swaps += [(self.module, name, nn.Identity()) for name in _LAST_NORMS if hasattr(self.module, name)]
        before = [(owner, name, getattr(owner, name)) for owner, name, _ in swaps]
        try:
            for owner, name, module in swaps:
                setattr(owner, name, module)
            yield
        finally:
            for owner, name, module in before:
                setattr(owner, name, module)

    @property
    def _stack_owner(self) -> nn.Module:
        return self.module.get_submodule(".".join(self.stack_path[:-1]))


class Given(nn.Module):
    """Stands where the embeddings were, and gives the hidden states that it was given."""

    def __init__(self, hidden: Tensor) -> None:
        super().__init__()
        self._hidden = hidden

    def forward(self, *_: object, **__: object) -> Tensor:
        """Return them."""
        return self._hidden


def backbone_of(model: SentenceTransformer) -> Backbone:
    """Return the transformer in a model.

    Raises:
        ModelError: It has no stack of layers of a known shape.
    """
    module = getattr(model[0], "auto_model", None)
    for path in _STACKS:
        found = module
        for name in path:
            found = getattr(found, name, None)
        if isinstance(found, nn.ModuleList) and isinstance(module, nn.Module):
            return Backbone(module, path, found)
    raise ModelError(
        f"The layers of {type(module).__name__} are not known to embedtune.",
        "BERT, RoBERTa, MPNet, DistilBERT and ModernBERT shapes can be trained.",
    )


def learns(modules: Sequence[nn.Module]) -> bool:
    """Tell whether any parameter of the modules learns."""
    return any(parameter.requires_grad for module in modules for parameter in module.parameters())
