from __future__ import annotations

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import GISTEmbedLoss, MarginMSELoss

from embedtune.config.training_settings import LOSS_NAMES
from embedtune.encoders.sentence_transformer import SentenceTransformerEncoder, load_model
from embedtune.events import Alert, silent
from embedtune.training.losses.factory import training_loss
from embedtune.training.losses.library import LibraryLoss, PairwiseLoss
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.losses.requirements import negative_columns
from embedtune.training.losses.teacher import TeacherMargins
from loss_samples import columns_of, outcome, quiet_model
from tiny_models import write_tiny_bert
from training_samples import sample_pairs, sample_settings

APART = (0, 3, 6, 9, 12, 15)


def made(model, base, loss, *, pairs=None, report=silent, **changes):
    columns = columns_of(sample_pairs() if pairs is None else pairs)
    settings = sample_settings(loss=loss, **changes)
    return training_loss(model, columns, settings, base, joined=True, report=report), columns


@pytest.fixture
def model(tiny_model):
    return quiet_model(tiny_model)


def alerts(model, base, loss, **changes):
    events = []
    made(model, base, loss, report=events.append, **changes)
    return [event.message for event in events if isinstance(event, Alert)]


@pytest.mark.parametrize("dims", [(), (16, 8)])
@pytest.mark.parametrize("name", LOSS_NAMES)
def test_every_loss_teaches_the_model_and_counts_tokens(model, tiny_model, name, dims):
    pairs = sample_pairs(2)
    width = negative_columns(name, pairs, 0)
    columns = columns_of(pairs, width)
    model.train()
    settings = sample_settings(loss=name, matryoshka_dims=dims)
    loss = training_loss(model, columns, settings, tiny_model, joined=True, report=silent)

    value, gradients = outcome(model, loss, columns, APART)

    assert value > 0
    assert any(gradient.any() for gradient in gradients.values())
    assert loss.tokens_seen > 0
    loss.use(columns)
    assert {id(weight) for weight in loss.parameters() if weight.requires_grad} == {
        id(weight) for weight in model.parameters() if weight.requires_grad
    }


def test_only_the_cached_loss_runs_a_few_texts_at_a_time(model, tiny_model):
    plain, _ = made(model, tiny_model, "multiple_negatives_ranking", micro_batch=7)
    cached, _ = made(model, tiny_model, "cached_multiple_negatives_ranking", micro_batch=7)
    assert isinstance(plain, MultipleNegativesRanking)
    assert (plain.micro_batch, cached.micro_batch) == (0, 7)


@pytest.mark.parametrize(("least", "filled"), [(None, True), (0, False), (3, False)])
def test_a_batch_of_few_passages_is_filled_up_to_its_pairs(model, tiny_model, least, filled):
    given = made(model, tiny_model, "multiple_negatives_ranking", least_passages=least, batch_size=6)
    loss, columns = given
    plain, _ = outcome(model, *given, rows=APART[3:])
    outcome(model, loss, columns, rows=APART[:3])

    again, _ = outcome(model, loss, columns, rows=APART[3:])

    assert (again > plain + 1e-4) is filled


def test_options_reach_the_ranking_loss(model, tiny_model):
    values = {
        name: outcome(model, *made(model, tiny_model, "multiple_negatives_ranking", **changes))[0]
        for name, changes in {
            "plain": {},
            "scale": {"scale": 5.0},
            "symmetric": {"symmetric": True},
            "cut": {"matryoshka_dims": (16, 4)},
        }.items()
    }
    assert len(set(values.values())) == 4


@pytest.mark.parametrize("name", ["triplet", "contrastive"])
def test_the_margin_reaches_the_loss(model, tiny_model, name):
    near, far = (outcome(model, *made(model, tiny_model, name, margin=margin))[0] for margin in (0.3, 0.9))
    assert far > near


def test_guide_and_teacher_are_the_base_model_unless_another_is_named(model, tiny_model, tmp_path):
    other = write_tiny_bert(tmp_path / "other")
    with torch.no_grad():
        twin = load_model(other)
        for weight in twin.parameters():
            weight.mul_(1.5)
    twin.save_pretrained(str(other), create_model_card=False)

    for named, folder in ((None, tiny_model), (str(other), other)):
        gist, columns = made(model, tiny_model, "gist", teacher=named)
        guide = next(module for module in gist.modules() if isinstance(module, GISTEmbedLoss)).guide
        expected = load_model(folder)
        assert all(a.equal(b) for a, b in zip(guide.parameters(), expected.parameters(), strict=True))
        distilled, columns = made(model, tiny_model, "margin_mse", teacher=named)
        margins = TeacherMargins(SentenceTransformerEncoder(expected, "", ""), silent)(columns)
        assert isinstance(distilled, LibraryLoss)
        assert isinstance(distilled.inner, PairwiseLoss)
        assert isinstance(distilled.inner.of_cases, MarginMSELoss)
        assert distilled.inner.targets.equal(margins)


def test_alerts_say_what_a_loss_may_do(model, tiny_model):
    (collapse,) = alerts(model, tiny_model, "cosine_similarity")
    assert "collapse the space" in collapse
    (teacher,) = alerts(model, tiny_model, "margin_mse")
    assert "training.teacher" in teacher
    assert alerts(model, tiny_model, "margin_mse", teacher=str(tiny_model)) == []
    (full,) = alerts(model, tiny_model, "triplet", matryoshka_dims=(8, 4))
    assert "has no 16" in full
    assert alerts(model, tiny_model, "multiple_negatives_ranking", matryoshka_dims=(16, 4)) == []
