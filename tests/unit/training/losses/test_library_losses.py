from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import (
    ContrastiveLoss,
    CosineSimilarityLoss,
    MarginMSELoss,
    MatryoshkaLoss,
    OnlineContrastiveLoss,
    TripletLoss,
)
from sentence_transformers.sentence_transformer.losses.triplet import TripletDistanceMetric
from sentence_transformers.util import pairwise_cos_sim

from embedtune.training.engine.lean_forward import LeanForward
from embedtune.training.losses.library import LibraryLoss, PairwiseLoss, given_scores, no_targets
from embedtune.vocabulary.pairs import Negative
from loss_samples import ROWS, assert_alike, columns_of, mixed_pairs, outcome, quiet_model, with_known_false_negative
from training_samples import sample_pairs


def margins(columns):
    """Return numbers that differ from one negative to another."""
    count = len(columns.clusters) * columns.width
    return torch.linspace(-0.5, 0.5, count).reshape(-1, columns.width)


LOSSES = {
    "triplet": (lambda model: TripletLoss(model, TripletDistanceMetric.COSINE, 0.5), no_targets),
    "margin_mse": (lambda model: MarginMSELoss(model, pairwise_cos_sim), margins),
    "contrastive": (ContrastiveLoss, no_targets),
    "online_contrastive": (OnlineContrastiveLoss, no_targets),
    "cosine_similarity": (CosineSimilarityLoss, given_scores),
}
TRIPLETS = ("triplet", "margin_mse")


def cases(columns, targets, *, triplets, rows=ROWS):
    """Return the texts and labels that the library would be given by hand."""
    texts, labels = [], []
    for row in rows:
        asked, right = columns.texts["anchor"][row], columns.texts["positive"][row]
        if not triplets:
            texts.append((asked, right))
            labels.append(1.0)
        for place, name in enumerate(columns.negative_names):
            if columns.texts[name][row] and columns.negative_clusters[row][place] not in columns.answers[row]:
                wrong = columns.texts[name][row]
                texts.append((asked, right, wrong) if triplets else (asked, wrong))
                labels.append(float(targets[row, place]))
    return texts, torch.tensor(labels)


class ByHand(torch.nn.Module):
    """The library's loss on cases written out one by one."""

    def __init__(self, model, loss, texts, labels):
        super().__init__()
        self.given = [dict(model.preprocess(list(column))) for column in zip(*texts, strict=True)]
        self.inner, self.labels = loss, labels

    def forward(self, features, rows):
        return self.inner(self.given, self.labels)


def graded_pairs():
    pairs = with_known_false_negative(mixed_pairs())
    graded = tuple(replace(negative, score=0.3) for negative in pairs[3].negatives)
    return (*pairs[:3], replace(pairs[3], negatives=graded), *pairs[4:])


@pytest.fixture
def model(tiny_model):
    return quiet_model(tiny_model)


@pytest.mark.parametrize("dims", [(), (16, 5)], ids=["full", "cut"])
@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_equals_the_library_on_cases_written_out(model, name, lean, dims):
    make, targets = LOSSES[name]
    columns = columns_of(graded_pairs())
    triplets = name in TRIPLETS
    loss = LibraryLoss(model, PairwiseLoss(model, make(model), columns, targets, triplets=triplets), dims)
    inner = MatryoshkaLoss(model, make(model), list(dims)) if dims else make(model)
    by_hand = ByHand(model, inner, *cases(columns, targets(columns), triplets=triplets))

    with LeanForward(model).installed() if lean else contextlib.nullcontext():
        ours = outcome(model, loss, columns)
    theirs = outcome(model, by_hand, columns)

    assert_alike(ours, theirs, 4e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_negatives_mined_again_take_the_place_of_the_first(model, name):
    make, targets = LOSSES[name]
    first, again = columns_of(sample_pairs(2)), columns_of(graded_pairs(), 2)
    loss = LibraryLoss(model, PairwiseLoss(model, make(model), first, targets, triplets=name in TRIPLETS), ())
    anew = LibraryLoss(model, PairwiseLoss(model, make(model), again, targets, triplets=name in TRIPLETS), ())

    loss.use(again)

    assert_alike(outcome(model, loss, again), outcome(model, anew, again), 1e-9)


@pytest.mark.parametrize("name", TRIPLETS)
def test_a_batch_without_any_triplet_costs_nothing(model, name):
    make, targets = LOSSES[name]
    columns = columns_of([replace(pair, negatives=()) for pair in sample_pairs()], 1)
    loss = LibraryLoss(model, PairwiseLoss(model, make(model), columns, targets, triplets=True), ())

    value, gradients = outcome(model, loss, columns)

    assert value == 0.0
    assert all(not gradient.any() for gradient in gradients.values())


def test_tokens_are_counted_once_however_often_embeddings_are_cut(model):
    columns = columns_of(sample_pairs())
    inner = PairwiseLoss(model, ContrastiveLoss(model), columns, no_targets, triplets=False)
    counted = []
    for dims in ((), (16, 8, 4)):
        loss = LibraryLoss(model, inner, dims)
        outcome(model, loss, columns)
        counted.append(loss.tokens_seen)

    shown = [str(values[row]) for name, values in columns.texts.items() if name != "label" for row in ROWS]
    assert counted == [int(model.preprocess(shown)["attention_mask"].sum())] * 2


def test_scores_that_were_given_are_the_targets_of_the_cosines():
    pairs = [replace(pair, negatives=(Negative("n", score=0.25),)) for pair in sample_pairs()]
    assert given_scores(columns_of(pairs)).unique().tolist() == [0.25]
    assert no_targets(columns_of(pairs)).shape == (36, 1)
