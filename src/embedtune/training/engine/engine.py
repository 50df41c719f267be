"""What makes a training quick, put together as the settings ask."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

from embedtune.config.training_settings import SpeedSettings
from embedtune.events import Notice, Progress, Report
from embedtune.training.engine.frozen_states import FrozenStates
from embedtune.training.engine.lean_forward import LeanForward
from embedtune.training.engine.state_store import StateStore
from embedtune.training.engine.token_memory import TokenMemory

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BYTES_PER_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Engine:
    """How a model is run while it trains.

    Attributes:
        tokens: Knows the tokens of each text.
        forward: Runs the model in its own place; ``None``: the model runs as the library has it.
        states: What the frozen layers make of texts; ``None``: they are run at each step.
        collator: Makes tensors of a batch's texts.
    """

    tokens: TokenMemory
    forward: LeanForward | None
    states: FrozenStates | None
    collator: SentenceTransformerDataCollator

    def installed(self) -> contextlib.AbstractContextManager[None]:
        """Return a block in which the model runs this way."""
        return self.forward.installed() if self.forward else contextlib.nullcontext()

    def lent_to(self, model: SentenceTransformer) -> contextlib.AbstractContextManager[None]:
        """Return a block in which another model runs this way, with the states of the layers that both have alike.

        Args:
            model: Frozen as the one that trains.
        """
        if self.forward is None:
            return contextlib.nullcontext()
        states = self.states.for_model(model) if self.states else None
        return replace(self.forward, model=model, states=states).installed()

    def fill(self, texts: Iterable[str], stopped: Callable[[], bool], report: Report) -> None:
        """Run the frozen layers on all texts that will be trained on, as far as there is room for the states."""
        if self.states is None:
            return
        distinct = list(dict.fromkeys(texts))
        done = 0
        for count in self.states.fill(self.tokens.ids(distinct), stopped):
            done += count
            report(Progress("Frozen layers", done, len(distinct), "texts"))
        if done < len(distinct) and not stopped():
            report(
                Notice(
                    f"There is room for the frozen layers' states of {done:,} of {len(distinct):,} texts; the others "
                    "run through these layers at each step. training.speed.frozen_cache_disk_mb makes room."
                )
            )


def engine_for(model: SentenceTransformer, settings: SpeedSettings, folder: Path) -> Engine:
    """Return what runs a model while it trains.

    Args:
        model: The model, frozen already, with its greatest length set.
        settings: Which levers are used.
        folder: Where states lie that memory has no room for.
    """
    tokens = TokenMemory(model)
    preprocess = tokens if settings.tokens_once else model.preprocess
    states = _states(model, settings, folder)
    lean = states is not None or settings.merge_texts or settings.tokens_at_once
    forward = LeanForward(model, states, settings.merge_texts, settings.tokens_at_once) if lean else None
    return Engine(tokens, forward, states, SentenceTransformerDataCollator(preprocess_fn=preprocess))


def _states(model: SentenceTransformer, settings: SpeedSettings, folder: Path) -> FrozenStates | None:
    room = settings.frozen_cache_mb + settings.frozen_cache_disk_mb
    if not room or not FrozenStates.fits(model):
        return None
    memory, disk = settings.frozen_cache_mb * _BYTES_PER_MB, settings.frozen_cache_disk_mb * _BYTES_PER_MB
    return FrozenStates(model, StateStore(FrozenStates.width(model), memory, disk, folder))
