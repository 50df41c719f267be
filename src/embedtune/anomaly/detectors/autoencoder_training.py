"""Training of the autoencoder: AdamW, early stopping, the same bytes for the same seed.

All randomness comes from one local generator; torch's global random state is neither read nor changed.
"""

from __future__ import annotations

import contextlib
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from embedtune.anomaly.detectors.autoencoder import Autoencoder, Layout
from embedtune.anomaly.detectors.port import Material
from embedtune.anomaly.detectors.unit_vectors import Vectors, unit_vectors
from embedtune.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from embedtune.config.anomaly_settings import AnomalySettings

HIDDEN, CODE = 128, 64
# Fewer queries would leave the held-out tenth with one, and early stopping with noise.
SMALLEST_TRAINING = 20
HELD_OUT_SHARE = 0.1
BATCH_SIZE = 64
WEIGHT_DECAY = 0.01
PATIENCE = 20


def fit_autoencoder(material: Material) -> Autoencoder:
    """Train an autoencoder of the usual widths on the normal queries."""
    vectors = material.queries.vectors
    return train_autoencoder(vectors, Layout(vectors.shape[1], HIDDEN, CODE), material.settings, material.seed)


def train_autoencoder(vectors: Vectors, layout: Layout, settings: AnomalySettings, seed: int) -> Autoencoder:
    """Train an autoencoder on vectors of normal queries.

    A tenth is held out; training stops when its error has not fallen for `PATIENCE` epochs, and
    the weights with its lowest error are kept. Runs on one core of the CPU, a few seconds for
    hundreds of queries; torch's thread count is lowered meanwhile and restored at the end.

    Args:
        vectors: Unit vectors of distinct normal queries, shape (n, dimension), float32.
        layout: The widths of the layers.
        settings: Most epochs and the learning rate.
        seed: Decides the held-out tenth, the first weights and the order of the batches.

    Raises:
        InputError: Too few vectors, vectors of another shape or all alike, or a learning rate with
            which the error does not stay finite.
    """
    checked = unit_vectors(vectors, layout.dimension)
    check_fit_size(len(checked))
    import torch

    # The caller may have turned gradients off for its own encoding.
    with torch.inference_mode(mode=False), torch.enable_grad(), _one_thread():
        generator = torch.Generator(device="cpu").manual_seed(seed)
        order = torch.randperm(len(checked), generator=generator, device="cpu").numpy()
        held_count = math.ceil(len(checked) * HELD_OUT_SHARE)
        mean, scale = _standardisation(checked[order[held_count:]])
        standardised = torch.from_numpy((checked[order] - mean) / scale)
        network = _untrained(layout, generator)
        _train(network, standardised[held_count:], standardised[:held_count], settings, generator)
        arrays = {name: value.detach().numpy() for name, value in network.named_parameters()}
    return Autoencoder.from_arrays(layout, {"mean": mean, "scale": scale, **arrays})


def check_fit_size(count: int) -> None:
    """Check that ``count`` queries are enough to train on.

    Raises:
        InputError: They are fewer than `SMALLEST_TRAINING`.
    """
    if count < SMALLEST_TRAINING:
        raise InputError(
            f"{count} normal queries are too few to fit on: at least {SMALLEST_TRAINING} are needed.",
            f"Give {SMALLEST_TRAINING - count} more; a few hundred are better.",
        )


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread: products this small spend their time waiting for a second one.

    On two contended cores two threads took 41 s for what one did in 3 s. It also makes the weights
    independent of how many cores there are.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _standardisation(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Return the mean, shape (dimension,), and the one scale of all dimensions, shape (1,)."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    # One scale, not one per dimension: the encoder's cosine treats all dimensions alike.
    scale = np.sqrt(np.mean(np.square(vectors - mean)))
    if scale < np.finfo(np.float32).eps:
        raise InputError(
            "All normal queries have the same vector.", "Give queries that differ, and check that the encoder works."
        )
    return mean.astype(np.float32), np.array([scale], dtype=np.float32)


def _untrained(layout: Layout, generator: torch.Generator) -> torch.nn.Sequential:
    """Return the network with He initialisation (He et al. 2015) drawn from ``generator``."""
    import torch
    from torch import nn

    network = nn.Sequential()
    for layer, (before, after) in enumerate(pairwise(layout.widths)):
        # Made without storage first: the usual constructor would draw from the global generator.
        linear = nn.Linear(before, after, device="meta", dtype=torch.float32).to_empty(device="cpu")
        nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(linear.bias)
        if layer:
            network.add_module(f"relu{layer}", nn.ReLU())
        network.add_module(f"layer{layer}", linear)
    return network


def _train(
    network: torch.nn.Sequential,
    training: torch.Tensor,
    held_out: torch.Tensor,
    settings: AnomalySettings,
    generator: torch.Generator,
) -> None:
    """Train ``network`` in place and leave it with the weights of its best epoch."""
    import torch
    from torch.nn.functional import mse_loss

    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=WEIGHT_DECAY)
    best_error, best_epoch, best = math.inf, -1, None
    for epoch in range(settings.epochs):
        order = torch.randperm(len(training), generator=generator, device="cpu")
        for start in range(0, len(order), BATCH_SIZE):
            batch = training[order[start : start + BATCH_SIZE]]
            optimizer.zero_grad()
            torch.autograd.backward(mse_loss(network(batch), batch))
            optimizer.step()
        with torch.no_grad():
            error = mse_loss(network(held_out), held_out).item()
        if error < best_error:
            best_error, best_epoch = error, epoch
            best = {name: value.clone() for name, value in network.state_dict().items()}
        elif epoch - best_epoch >= PATIENCE:
            break
    if best is None:
        raise InputError(
            f"The autoencoder's error was never finite with a learning rate of {settings.learning_rate:g}.",
            "Lower anomaly.learning_rate; 0.001 is the default.",
        )
    network.load_state_dict(best)
