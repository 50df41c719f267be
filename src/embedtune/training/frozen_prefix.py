"""Run the frozen layers once for each distinct text, not once an epoch.

Layers that do not learn give the same hidden states whenever they see the same tokens, so these are kept
and only the layers on top run at each step (activation caching, as in Liu et al. 2021, "AutoFreeze").
The frozen layers run without dropout; that is the one difference from running everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from embedtune.training.freezing import transformer_layers

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_TOGETHER = 8  # texts that run at once: little padding, and intermediate results stay in the cache
_SHAPES = frozenset({"BertModel", "RobertaModel", "XLMRobertaModel"})


class FrozenPrefix:
    """Embeds tokens with a model whose lower layers are frozen, remembering what they give.

    States are kept in half precision under their token ids. Each text runs through the frozen layers
    alone, without padding: what is remembered then does not depend on the batch it first appeared in, and a
    resumed run continues bit for bit.

    Args:
        model: The model, frozen already.
        budget_bytes: States beyond this size are computed anew each time.
    """

    def __init__(self, model: SentenceTransformer, budget_bytes: int) -> None:
        layers = list(transformer_layers(model))
        self._depth = next((n for n, layer in enumerate(layers) if _learns(layer)), len(layers))
        self._frozen, self._learning = layers[: self._depth], layers[self._depth :]
        self._embeddings = cast("nn.Module", getattr(model[0].auto_model, "embeddings"))  # noqa: B009 - typed as any module
        self._rest = list(model)[1:]
        self._budget = budget_bytes
        self._states: dict[bytes, Tensor] = {}
        self.bytes_held = 0

    @staticmethod
    def fits(model: SentenceTransformer) -> bool:
        """Tell whether a model has the shape that this knows, and frozen layers to save."""
        backbone = getattr(model[0], "auto_model", None)
        if backbone is None or type(backbone).__name__ not in _SHAPES or _learns(backbone.embeddings):
            return False
        return not _learns(transformer_layers(model)[0])

    def embed(self, tokens: dict[str, Tensor]) -> Tensor:
        """Return sentence embeddings, shape (batch, dimension).

        Texts of like length run together: a batch holds one long text often enough that padding all to it
        would be a third of the work.

        Args:
            tokens: ``input_ids`` and ``attention_mask``, shape (batch, length), padded to the right.
        """
        lengths = tokens["attention_mask"].sum(dim=1)
        order = torch.argsort(lengths, stable=True)
        parts = [self._embed_alike(tokens, rows, int(lengths[rows[-1]])) for rows in torch.split(order, _TOGETHER)]
        return torch.cat(parts)[torch.argsort(order)]

    def _embed_alike(self, tokens: dict[str, Tensor], rows: Tensor, longest: int) -> Tensor:
        ids, mask = tokens["input_ids"][rows, :longest], tokens["attention_mask"][rows, :longest]
        states = [self._state(row[:length]) for row, length in zip(ids, mask.sum(dim=1).tolist(), strict=True)]
        hidden = nn.utils.rnn.pad_sequence(states, batch_first=True).to(torch.float32)
        spread = (1.0 - mask[:, None, None, :].to(hidden.dtype)) * torch.finfo(hidden.dtype).min
        for layer in self._learning:
            hidden = _hidden(layer(hidden, attention_mask=spread))
        features: dict[str, Tensor] = {"token_embeddings": hidden, "attention_mask": mask}
        for module in self._rest:
            features = module(features)
        return features["sentence_embedding"]

    def _state(self, ids: Tensor) -> Tensor:
        key = ids.cpu().numpy().tobytes()
        state = self._states.get(key)
        if state is None:
            state = self._compute(ids)
            size = state.numel() * state.element_size()
            if self.bytes_held + size <= self._budget:
                self._states[key] = state
                self.bytes_held += size
        return state

    @torch.no_grad()
    def _compute(self, ids: Tensor) -> Tensor:
        for module in (self._embeddings, *self._frozen):
            module.eval()  # the trainer puts the whole model into training mode at each step
        hidden: Tensor = self._embeddings(input_ids=ids[None])
        for layer in self._frozen:
            hidden = _hidden(layer(hidden))
        return hidden[0].to(torch.float16)


def _learns(module: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())


def _hidden(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Return the hidden states of a layer, which some versions of transformers wrap in a tuple."""
    return output[0] if isinstance(output, tuple) else output
