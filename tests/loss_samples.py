"""Batches of the sample pairs as a loss sees them, and the gradients that it gives."""

from __future__ import annotations

from dataclasses import replace

import torch

from embedtune.encoders.sentence_transformer import load_model
from embedtune.events import silent
from embedtune.training.batching.columns import pair_columns
from embedtune.training.engine.freezing import freeze
from embedtune.vocabulary.pairs import Negative
from training_samples import sample_pairs

# Rows 0 and 1 are of one cluster, and so are 3 and 4; the negative of row 0 is the positive of row 3.
ROWS = (0, 3, 6, 9, 12, 15, 1, 18, 21, 24, 4)


def mixed_pairs():
    """Return the sample pairs with two negatives each, but one for row 6 and none for row 9.

    Rows 12 and 18 ask the same and have different answers.
    """
    pairs = list(sample_pairs(2))
    pairs[18] = replace(pairs[18], query=pairs[12].query)
    pairs[6] = replace(pairs[6], negatives=pairs[6].negatives[:1])
    pairs[9] = replace(pairs[9], negatives=())
    return tuple(pairs)


def with_known_false_negative(pairs):
    """Return the pairs, the first with a negative of its own section in front."""
    first = pairs[0]
    false = Negative("not wrong at all", first.provenance.section_id)
    return (replace(first, negatives=(false, *first.negatives[1:])), *pairs[1:])


def columns_of(pairs, width=None):
    """Return pairs as columns, nothing reported."""
    return pair_columns(pairs, silent, width)


def quiet_model(folder):
    """Return the tiny model without dropout, its top layers learning."""
    model = load_model(folder).eval()
    freeze(model, 2, None)
    return model


def tokens(model, columns, rows=ROWS):
    """Return the tokens of each column of some rows, and the rows as the trainer gives them."""
    names = [name for name in columns.texts if name != "label"]
    found = [dict(model.preprocess([columns.texts[name][row] for row in rows])) for name in names]
    return found, torch.tensor(rows)


def outcome(model, loss, columns, rows=ROWS, scale=1.0):
    """Return the value of a loss on a batch and the gradients of the weights, by name."""
    model.zero_grad()
    value = loss(*tokens(model, columns, rows))
    (scale * value).backward()
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    return value.item(), gradients


def assert_alike(one, other, tolerance=1e-5):
    """Assert that two outcomes are the same and say something."""
    torch.testing.assert_close(one[0], other[0], rtol=tolerance, atol=tolerance)
    assert one[1].keys() == other[1].keys()
    assert max(float(gradient.abs().max()) for gradient in one[1].values()) > 100 * tolerance
    for name, gradient in one[1].items():
        torch.testing.assert_close(gradient, other[1][name], rtol=tolerance, atol=tolerance)
