from __future__ import annotations

from dataclasses import replace

import pytest

from embedtune.config.training_settings import LOSS_NAMES
from embedtune.encoders.sentence_transformer import load_model
from embedtune.errors import ConfigError, InputError, ModelError
from embedtune.training.losses.requirements import (
    REQUIREMENTS,
    check_options,
    check_pairs,
    kept_apart,
    negative_columns,
)
from embedtune.vocabulary.pairs import Negative
from loss_samples import columns_of
from training_samples import sample_pairs, sample_settings

IN_BATCH = ("multiple_negatives_ranking", "cached_multiple_negatives_ranking", "gist")
EVERY = ("triplet", "margin_mse")
SOME = ("contrastive", "online_contrastive", "cosine_similarity")


def check(loss, pairs, width=None):
    check_pairs(sample_settings(loss=loss), columns_of(pairs, width))


def test_the_needs_of_every_loss_are_known():
    assert set(REQUIREMENTS) == set(LOSS_NAMES) == {*IN_BATCH, *EVERY, *SOME}


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_pairs_with_a_negative_each_suit_every_loss(loss):
    check(loss, sample_pairs())


@pytest.mark.parametrize("loss", IN_BATCH)
def test_in_batch_losses_need_no_negative_but_two_sections(loss):
    check(loss, sample_pairs(0))
    with pytest.raises(InputError, match=r"3 training pairs from 1 section") as caught:
        check(loss, sample_pairs()[:3])
    assert "two different sections" in caught.value.remedy


@pytest.mark.parametrize("loss", [*EVERY, *SOME])
def test_the_others_can_learn_from_one_section(loss):
    check(loss, sample_pairs()[:3])


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_no_pairs_suit_no_loss(loss):
    with pytest.raises(InputError, match="0 training pairs"):
        check(loss, [])


@pytest.mark.parametrize("loss", EVERY)
def test_a_pair_without_a_negative_is_counted_and_shown(loss):
    pairs = list(sample_pairs())
    pairs[4] = replace(pairs[4], negatives=())
    pairs[7] = replace(pairs[7], negatives=(Negative("an answer, perhaps", "s2"),))
    with pytest.raises(InputError) as caught:
        check(loss, pairs)
    assert f"The loss {loss} needs the columns anchor, positive and negative_1 …" in caught.value.message
    assert "a hard negative for every pair; 2 of 36 pairs have none" in caught.value.message
    assert repr(pairs[4].query.text) in caught.value.message
    assert "embedtune mine" in caught.value.remedy


@pytest.mark.parametrize("loss", SOME)
def test_one_negative_among_all_pairs_is_enough_for_scored_cases(loss):
    without = list(sample_pairs(0))
    check(loss, [*without[:-1], sample_pairs()[-1]])
    with pytest.raises(InputError, match="for at least one of the pairs; 36 of 36 pairs have none"):
        check(loss, without)


@pytest.mark.parametrize("score", [1.5, -1.5, 12.0, float("nan")])
def test_a_given_score_that_is_no_cosine_is_refused_where_it_counts(score):
    pairs = [replace(sample_pairs()[0], negatives=(Negative("n", score=score),)), *sample_pairs()[1:]]
    check("contrastive", pairs)
    with pytest.raises(InputError, match=f"hold {score}, which is no cosine"):
        check("cosine_similarity", pairs)


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_room_for_negatives(loss):
    most = 1 if loss == "gist" else 3
    assert negative_columns(loss, sample_pairs(2), 3) == most
    assert negative_columns(loss, sample_pairs(3), 0) == most
    assert negative_columns(loss, sample_pairs(0), 0) == 0


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_only_in_batch_losses_keep_the_pairs_of_a_cluster_apart(loss):
    columns = columns_of(sample_pairs())
    groups = kept_apart(loss, columns)
    assert len(set(groups)) == (12 if loss in IN_BATCH else 36)
    assert len(groups) == 36


@pytest.fixture(scope="module")
def model(tiny_model):
    return load_model(tiny_model)


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_an_option_without_meaning_is_refused(loss, model, tiny_model):
    symmetric = sample_settings(loss=loss, symmetric=True)
    taught = sample_settings(loss=loss, teacher=str(tiny_model))
    for settings, key, heeding in (
        (symmetric, "symmetric", IN_BATCH[:2]),
        (taught, "teacher", ("gist", "margin_mse")),
    ):
        if loss in heeding:
            check_options(settings, model)
        else:
            with pytest.raises(ConfigError, match=rf"training\.{key} has no meaning for the loss {loss}"):
                check_options(settings, model)


def test_embeddings_cannot_be_cut_to_more_than_they_have(model):
    check_options(sample_settings(matryoshka_dims=(16, 8)), model)
    with pytest.raises(ConfigError, match="holds 17, and the model's embeddings have 16 dimensions"):
        check_options(sample_settings(matryoshka_dims=(17, 8)), model)


def test_a_teacher_that_is_not_here_is_refused(model):
    with pytest.raises(ModelError, match="no-such-teacher"):
        check_options(sample_settings(loss="gist", teacher="no-such-teacher"), model)
