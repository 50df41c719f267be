from __future__ import annotations

import torch
from torch import nn

from embedtune.training.losses.known_answers import KnownAnswers
from embedtune.training.losses.ranking import MultipleNegativesRanking

ROWS, WIDTH = 4, 7
OWN = [0, 1, 2, 3]
ANSWERS = [(0, 2), (1,), (2,), (3,)]  # the first question is answered by the passage of the third row, too


def among(answers, candidates, rows, own):
    return KnownAnswers(answers).among(torch.tensor(candidates), torch.tensor(rows), torch.tensor(own)).tolist()


def embeddings():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(ROWS, WIDTH, generator=generator) for _ in range(2)]


def cosines(columns):
    return 20 * torch.nn.functional.cosine_similarity(columns[0][:, None], columns[1][None], dim=2)


def test_a_question_is_answered_by_its_own_cluster_and_by_the_others_that_are_known():
    assert among([(0, 5), (1,)], [0, 1, 5, 7], [0, 1], [0, 1]) == [
        [True, False, True, False],
        [False, True, False, False],
    ]


def test_rows_are_looked_up_by_their_number_in_the_data_set():
    assert among([(0,), (1,), (2, 9)], [9, 2], [2, 0], [2, 0]) == [[True, True], [False, False]]


def test_nothing_need_be_known():
    assert among([], [3, 4], [0, 1], [4, 3]) == [[False, True], [True, False]]


def test_another_answer_of_a_question_is_no_negative_of_it():
    columns = embeddings()
    loss = MultipleNegativesRanking(nn.Identity(), OWN, [[]] * ROWS, answers=ANSWERS)

    value = loss.loss_of(columns[0], columns[1:], torch.arange(ROWS))

    scores = cosines(columns)
    scores[0, 2] = -torch.inf
    torch.testing.assert_close(value, nn.functional.cross_entropy(scores, torch.arange(ROWS)))


def test_nor_is_the_question_one_of_that_answer_in_the_symmetric_form():
    columns = embeddings()
    loss = MultipleNegativesRanking(nn.Identity(), OWN, [[]] * ROWS, answers=ANSWERS, symmetric=True)

    value = loss.loss_of(columns[0], columns[1:], torch.arange(ROWS))

    scores = cosines(columns)
    scores[0, 2] = -torch.inf
    right = torch.arange(ROWS)
    both = nn.functional.cross_entropy(scores, right) + nn.functional.cross_entropy(scores.T, right)
    torch.testing.assert_close(value, both / 2)


def test_nor_is_a_passage_of_the_batches_before():
    columns = embeddings()
    loss = MultipleNegativesRanking(nn.Identity(), OWN, [[]] * ROWS, answers=ANSWERS, least_passages=4)
    loss.loss_of(columns[0][2:], [columns[1][2:]], torch.tensor([2, 3]))

    value = loss.loss_of(columns[0][:2], [columns[1][:2]], torch.tensor([0, 1]))

    scores = cosines(columns)[:2]
    scores[0, 2] = -torch.inf
    torch.testing.assert_close(value, nn.functional.cross_entropy(scores, torch.arange(2)))
