"""Run the frozen layers once for each distinct text, not once an epoch.

Layers that do not learn give the same hidden states whenever they see the same tokens, so these are kept
and only the layers on top run at each step (activation caching, as in Liu et al. 2021, "AutoFreeze").
The frozen layers run without dropout; that is the one difference from running everything.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from embedtune.training.engine.backbone import Given, backbone_of, learns

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from embedtune.training.engine.state_store import StateStore

_TOKENS_AT_ONCE = 1024
_DIGEST_BYTES = 16


class FrozenStates:
    """What the frozen layers of a model make of texts.

    States are kept in half precision under the digest of the frozen weights and the token ids. `fill`
    runs texts of equal length together, so that nothing is padded; a text that it did not see runs alone. What
    is kept thus depends on the texts that `fill` is given and never on the batches, and a resumed run
    continues bit for bit.

    Args:
        model: The model, frozen already.
        store: Where the states are kept.
    """

    def __init__(self, model: SentenceTransformer, store: StateStore) -> None:
        self._backbone = backbone_of(model)
        layers = list(self._backbone.layers)
        depth = next((number for number, layer in enumerate(layers) if learns([layer])), len(layers))
        self._frozen, self._learning = nn.ModuleList(layers[:depth]), nn.ModuleList(layers[depth:])
        self._store = store
        self._weights = _digest([self._backbone.embeddings, *self._frozen])

    @staticmethod
    def fits(model: SentenceTransformer) -> bool:
        """Tell whether a model has frozen layers to save."""
        backbone = backbone_of(model)
        return not learns([backbone.embeddings, backbone.layers[0]])

    @staticmethod
    def width(model: SentenceTransformer) -> int:
        """Return how many numbers a token's state has."""
        return int(getattr(backbone_of(model).module.config, "hidden_size"))  # noqa: B009 - typed as any module

    def for_model(self, model: SentenceTransformer) -> FrozenStates:
        """Return the states of another model; with equal frozen layers it finds those that are kept here."""
        return FrozenStates(model, self._store)

    def fill(self, texts: Iterable[Tensor], stopped: Callable[[], bool] = lambda: False) -> Iterator[int]:
        """Compute the states of texts beforehand, shorter texts first, until the store is full.

        Args:
            texts: Token ids of each text, shape (length,).
            stopped: Asked between two groups of texts.

        Yields:
            How many texts were done since the last time.
        """
        by_length: dict[int, dict[bytes, Tensor]] = {}
        for ids in texts:
            by_length.setdefault(len(ids), {}).setdefault(self._key(ids), ids)
        for length, alike in sorted(by_length.items()):
            together = max(1, _TOKENS_AT_ONCE // max(1, length))
            keys = list(alike)
            for begin in range(0, len(keys), together):
                if stopped():
                    return
                group = keys[begin : begin + together]
                states = self._compute(torch.stack([alike[key] for key in group]))
                if not all(self._store.put(key, state) for key, state in zip(group, states, strict=True)):
                    return
                yield len(group)

    def hidden(self, texts: Sequence[Tensor], device: torch.device) -> Tensor:
        """Return the input of the lowest layer that learns, shape (texts, longest, width), float32.

        Args:
            texts: Token ids of each text, shape (length,).
            device: Where the layers are.
        """
        states = [self._state(ids) for ids in texts]
        return nn.utils.rnn.pad_sequence(states, batch_first=True).to(device, torch.float32)

    @contextlib.contextmanager
    def in_place_of_frozen_layers(self, hidden: Tensor) -> Iterator[None]:
        """Have the model begin with given hidden states while the block lasts."""
        with self._backbone.reduced_to(self._learning, Given(hidden)):
            yield

    def _state(self, ids: Tensor) -> Tensor:
        key = self._key(ids)
        state = self._store.get(key)
        if state is None:
            state = self._compute(ids[None])[0]
            self._store.put(key, state)
        return state

    def _key(self, ids: Tensor) -> bytes:
        return hashlib.blake2b(
            ids.to(torch.int32).numpy().tobytes(), key=self._weights, digest_size=_DIGEST_BYTES
        ).digest()

    @torch.no_grad()
    def _compute(self, ids: Tensor) -> Tensor:
        """Return the states of texts of equal length, shape (texts, length, width), float16."""
        module = self._backbone.module
        for part in (self._backbone.embeddings, *self._frozen):
            part.eval()  # the trainer puts the whole model into training mode at each step
        ids = ids.to(next(module.parameters()).device, torch.int64)
        exactly = torch.autocast(ids.device.type, enabled=False)  # kept for every precision, and for the next run
        with exactly, self._backbone.reduced_to(self._frozen):
            output = module(input_ids=ids, attention_mask=torch.ones_like(ids), return_dict=True)
        states: Tensor = output.last_hidden_state
        return states.to("cpu", torch.float16)


def _digest(modules: Sequence[nn.Module]) -> bytes:
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for module in modules:
        for name, value in module.state_dict().items():
            digest.update(name.encode())
            digest.update(value.detach().cpu().to(torch.float32).numpy().tobytes())
    return digest.digest()
