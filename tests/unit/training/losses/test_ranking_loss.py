from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss
from torch import nn

from embedtune.encoders.sentence_transformer import load_model
from embedtune.training.batching.columns import FILLER, UNKNOWN
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.vocabulary.pairs import Negative
from loss_samples import columns_of
from training_samples import sample_pairs

ROWS, WIDTH = 5, 7


def embeddings(columns, seed=0, rows=ROWS):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, WIDTH, generator=generator, requires_grad=True) for _ in range(columns)]


def distinct(negatives, rows=ROWS, **options):
    """A loss in which every text is of a cluster of its own."""
    others = [[rows * (column + 1) + row for column in range(negatives)] for row in range(rows)]
    return MultipleNegativesRanking(nn.Identity(), range(rows), others, **options)


def ours(loss, columns, rows=range(ROWS)):
    return loss.loss_of(columns[0], columns[1:], torch.tensor(list(rows)))


@pytest.mark.parametrize("negatives", [0, 1, 3])
@pytest.mark.parametrize("scale", [20.0, 1.0])
def test_equals_the_library_where_no_cluster_repeats(negatives, scale):
    mine, theirs = embeddings(2 + negatives), embeddings(2 + negatives)
    loss = distinct(negatives)
    loss.scale = scale
    reference = MultipleNegativesRankingLoss(nn.Identity(), scale=scale)

    value = ours(loss, mine)
    expected = reference.compute_loss_from_embeddings(theirs, None)
    value.backward()
    expected.backward()

    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-7)


def test_value_by_hand():
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    positives = torch.tensor([[2.0, 0.0], [3.0, 4.0]])  # cosines: 1 and 0.6; 0 and 0.8
    loss = MultipleNegativesRanking(nn.Identity(), [0, 1], [[], []], scale=10.0)

    value = loss.loss_of(queries, [positives], torch.tensor([0, 1]))

    first = math.log(1 + math.exp(10 * (0.6 - 1.0)))
    second = math.log(1 + math.exp(10 * (0.0 - 0.8)))
    assert value.item() == pytest.approx((first + second) / 2, rel=1e-5)


def test_a_negative_of_the_querys_own_cluster_is_left_out():
    columns = embeddings(3)
    known = MultipleNegativesRanking(nn.Identity(), range(ROWS), [[0], [UNKNOWN], [UNKNOWN], [UNKNOWN], [UNKNOWN]])

    value = ours(known, columns)

    scores = 20 * torch.nn.functional.cosine_similarity(columns[0][:, None], torch.cat(columns[1:])[None], dim=2)
    scores[0, ROWS] = -torch.inf  # the first row's negative, for the first query alone
    assert value.item() == pytest.approx(nn.functional.cross_entropy(scores, torch.arange(ROWS)).item(), rel=1e-5)


def test_a_positive_of_the_same_cluster_is_left_out_and_the_own_one_stays():
    columns = embeddings(2)
    loss = MultipleNegativesRanking(nn.Identity(), [4, 4, 1, 2, 3], [[]] * ROWS)

    value = ours(loss, columns)

    scores = 20 * torch.nn.functional.cosine_similarity(columns[0][:, None], columns[1][None], dim=2)
    scores[0, 1] = scores[1, 0] = -torch.inf
    assert value.item() == pytest.approx(nn.functional.cross_entropy(scores, torch.arange(ROWS)).item(), rel=1e-5)


def test_a_passage_with_two_questions_counts_once_for_the_others():
    columns = embeddings(2)
    with torch.no_grad():
        columns[1][1] = columns[1][0]
    loss = MultipleNegativesRanking(nn.Identity(), [4, 4, 1, 2, 3], [[]] * ROWS, passages=[0, 0, 1, 2, 3])

    value = ours(loss, columns)

    scores = 20 * torch.nn.functional.cosine_similarity(columns[0][:, None], columns[1][None], dim=2)
    scores[0, 1] = scores[1, 0] = -torch.inf
    scores[2:, 1] = -torch.inf
    assert value.item() == pytest.approx(nn.functional.cross_entropy(scores, torch.arange(ROWS)).item(), rel=1e-5)


def test_left_out_candidates_get_no_gradient():
    columns = embeddings(3)
    negatives = [[FILLER]] * ROWS
    loss = MultipleNegativesRanking(nn.Identity(), [9, 9, 9, 9, 9], negatives)

    value = ours(loss, columns)
    value.backward()

    assert value.item() == 0.0  # nothing but the own positive is left
    assert torch.count_nonzero(columns[2].grad) == 0
    assert torch.isfinite(columns[0].grad).all()


def test_a_filler_counts_for_no_query_and_takes_nothing_from_the_others():
    columns = embeddings(3)
    mixed = MultipleNegativesRanking(nn.Identity(), range(ROWS), [[UNKNOWN], [FILLER], [UNKNOWN], [UNKNOWN], [UNKNOWN]])

    ours(mixed, columns).backward()

    assert torch.count_nonzero(columns[2].grad[1]) == 0
    assert all(torch.count_nonzero(columns[2].grad[row]) for row in (0, 2, 3, 4))


def test_unknown_clusters_stay_candidates_for_everyone():
    first, second = embeddings(3), embeddings(3)
    unknown = MultipleNegativesRanking(nn.Identity(), range(ROWS), [[UNKNOWN]] * ROWS)

    assert ours(unknown, first).item() == ours(distinct(1), second).item()


@given(st.permutations(range(ROWS)))
@settings(max_examples=20, deadline=None)
def test_rows_of_a_batch_are_looked_up_by_label(order):
    """A batch in another order, with its labels, has the same loss: masks follow the row, not the place."""
    columns = embeddings(3)
    loss = MultipleNegativesRanking(nn.Identity(), [0, 0, 1, 2, 3], [[2], [UNKNOWN], [FILLER], [0], [1]])

    mixed = [column[list(order)] for column in columns]

    assert ours(loss, mixed, order).item() == pytest.approx(ours(loss, columns).item(), rel=1e-5)


def test_forward_encodes_the_columns_and_counts_real_tokens(tiny_model):
    model = load_model(tiny_model).eval()
    loss = MultipleNegativesRanking(model, [0, 1], [[], []])
    columns = [model.preprocess(texts) for texts in (["ab", "c"], ["abc", "abcd"])]

    with torch.no_grad():
        value = loss(columns, torch.tensor([0, 1]))

    queries, positives = (model.encode(texts, convert_to_tensor=True) for texts in (["ab", "c"], ["abc", "abcd"]))
    assert value.item() == pytest.approx(loss.loss_of(queries, [positives], torch.tensor([0, 1])).item(), rel=1e-4)
    assert loss.tokens_seen == (2 + 2) + (1 + 2) + (3 + 2) + (4 + 2)  # letters, [CLS] and [SEP]; no padding


def test_the_symmetric_form_equals_the_librarys_where_no_cluster_repeats():
    mine, theirs = embeddings(4), embeddings(4)
    reference = MultipleNegativesRankingLoss(
        nn.Identity(), directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"
    )

    value = ours(distinct(2, symmetric=True), mine)
    expected = reference.compute_loss_from_embeddings(theirs, None)
    value.backward()
    expected.backward()

    assert value.item() == pytest.approx(expected.item(), rel=1e-6)
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-6)


def test_a_question_of_the_same_cluster_is_left_out_of_the_symmetric_form():
    columns = embeddings(2)
    loss = MultipleNegativesRanking(nn.Identity(), [4, 4, 1, 2, 3], [[]] * ROWS, symmetric=True)

    value = ours(loss, columns)

    scores = 20 * torch.nn.functional.cosine_similarity(columns[0][:, None], columns[1][None], dim=2)
    scores[0, 1] = scores[1, 0] = -torch.inf
    right = torch.arange(ROWS)
    both = nn.functional.cross_entropy(scores, right) + nn.functional.cross_entropy(scores.T, right)
    assert value.item() == pytest.approx(both.item() / 2, rel=1e-5)


def test_cut_embeddings_equal_the_librarys_matryoshka_loss(tiny_model):
    dims, model = [16, 8, 3], load_model(tiny_model).eval()
    columns = [dict(model.preprocess(texts)) for texts in (["ab", "c"], ["abc", "abcd"], ["x", "yz"])]
    mine = MultipleNegativesRanking(model, [0, 1], [[2], [3]], dims=dims)
    theirs = MatryoshkaLoss(model, MultipleNegativesRankingLoss(model), dims)

    gradients = []
    for loss in (mine, theirs):
        model.zero_grad()
        value = loss(columns, torch.tensor([0, 1]))
        value.backward()
        gradients.append([value.detach(), *(weight.grad for weight in model.parameters() if weight.grad is not None)])

    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_negatives_mined_again_take_the_place_of_the_first():
    columns = embeddings(3)
    loss = MultipleNegativesRanking(nn.Identity(), range(ROWS), [[FILLER]] * ROWS)
    before = ours(loss, columns).item()

    loss.use(columns_of([replace(pair, negatives=(Negative("n"),)) for pair in sample_pairs()[::3][:ROWS]]))

    assert ours(loss, columns).item() == ours(distinct(1), columns).item() != before


def test_clusters_are_not_saved_with_the_loss():
    assert distinct(2).state_dict() == {}
