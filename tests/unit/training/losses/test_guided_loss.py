from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import GISTEmbedLoss

from embedtune.encoders.sentence_transformer import load_model
from embedtune.training.engine.lean_forward import LeanForward
from embedtune.training.losses.guided import GuidedLoss
from embedtune.training.losses.library import LibraryLoss
from embedtune.vocabulary.pairs import Negative
from loss_samples import assert_alike, columns_of, outcome, quiet_model, tokens
from training_samples import sample_pairs

APART = (0, 3, 6, 9, 12, 15)
SCALE = 20.0


@pytest.fixture
def model(tiny_model):
    return quiet_model(tiny_model)


@pytest.fixture
def guide(tiny_model):
    return load_model(tiny_model)


def guided(model, guide, columns, dims=()):
    return LibraryLoss(model, GuidedLoss(model, guide, columns, SCALE), dims)


@pytest.mark.parametrize("negatives", [0, 1])
@pytest.mark.parametrize("lean", [False, True])
def test_equals_the_library(model, guide, negatives, lean):
    columns = columns_of(sample_pairs(negatives))
    theirs = outcome(model, GISTEmbedLoss(model, guide.eval(), temperature=1 / SCALE, margin=1e-4), columns, APART)

    with LeanForward(model).installed() if lean else contextlib.nullcontext():
        ours = outcome(model, guided(model, guide, columns), columns, APART)

    assert_alike(ours, theirs)


def test_a_pair_without_a_negative_shows_its_positive(model, guide):
    full = columns_of(sample_pairs())
    pairs = list(sample_pairs())
    pairs[3] = replace(pairs[3], negatives=())
    pairs[6] = replace(pairs[6], negatives=(Negative("of its own section", "s2"),))
    lacking = columns_of(pairs, 1)
    pairs[3] = replace(pairs[3], negatives=(Negative(pairs[3].positive),))
    pairs[6] = replace(pairs[6], negatives=(Negative(pairs[6].positive),))
    shown = columns_of(pairs, 1)

    ours = outcome(model, guided(model, guide, lacking), lacking, APART)

    assert_alike(ours, outcome(model, guided(model, guide, shown), shown, APART), 1e-6)
    assert ours[0] != outcome(model, guided(model, guide, full), full, APART)[0]


def test_two_questions_of_one_passage_are_not_each_others_negatives(model, guide):
    """The guide finds the copy as like as the positive, so the loss of two equal rows is that of one alone."""
    columns = columns_of(sample_pairs(0))
    loss = guided(model, guide, columns)
    with torch.no_grad():
        alone, twice = (loss(*tokens(model, columns, rows)).item() for rows in ((0,), (0, 0)))

    assert twice == pytest.approx(alone, abs=1e-6)


def test_negatives_mined_again_take_the_place_of_the_first(model, guide):
    without = columns_of([replace(pair, negatives=()) for pair in sample_pairs()], 1)
    columns = columns_of(sample_pairs())
    loss = guided(model, guide, without)

    loss.use(columns)

    expected = outcome(model, guided(model, guide, columns), columns, APART)
    assert_alike(outcome(model, loss, columns, APART), expected, 1e-9)


def test_the_guide_neither_learns_nor_drops_out(model, guide):
    guide.train()
    loss = guided(model, guide, columns_of(sample_pairs()))

    assert not guide.training
    assert {name for name, weight in loss.named_parameters() if weight.requires_grad} == {
        f"model.{name}" for name, weight in model.named_parameters() if weight.requires_grad
    }


def test_lengths_are_cut_by_the_librarys_wrapper(model, guide):
    columns = columns_of(sample_pairs())
    cut = outcome(model, guided(model, guide, columns, (16, 4)), columns, APART)
    full = outcome(model, guided(model, guide, columns, (16,)), columns, APART)

    assert cut[0] > full[0]
