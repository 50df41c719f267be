from __future__ import annotations

import contextlib

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedtune.events import silent
from embedtune.training.engine.features import joined
from embedtune.training.engine.lean_forward import LeanForward
from embedtune.training.losses.cached import cached_loss
from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.steps.memory import MemoryRelief
from loss_samples import ROWS, assert_alike, columns_of, mixed_pairs, outcome, quiet_model, tokens


@pytest.fixture
def model(tiny_model):
    return quiet_model(tiny_model)


def ranking(model, columns, micro_batch=0, **options):
    loss = MultipleNegativesRanking(model, columns.positive_clusters, columns.negative_clusters, **options)
    loss.micro_batch = micro_batch
    return loss


@pytest.mark.parametrize("options", [{}, {"symmetric": True, "dims": (16, 4)}], ids=["plain", "symmetric, cut"])
@pytest.mark.parametrize("lean", [False, True])
def test_value_and_gradients_are_those_of_the_plain_loss(model, lean, options):
    columns = columns_of(mixed_pairs())
    plain = outcome(model, ranking(model, columns, **options), columns)

    with LeanForward(model).installed() if lean else contextlib.nullcontext():
        cached = outcome(model, ranking(model, columns, micro_batch=5, joined=lean, **options), columns)

    assert_alike(plain, cached)


@given(micro_batch=st.integers(1, 60))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_size_gives_the_same(model, micro_batch):
    columns = columns_of(mixed_pairs())
    assert_alike(
        outcome(model, ranking(model, columns), columns),
        outcome(model, ranking(model, columns, micro_batch), columns),
    )


def test_what_the_trainer_multiplies_the_loss_with_reaches_the_weights(model):
    columns = columns_of(mixed_pairs())
    _, once = outcome(model, ranking(model, columns, 5), columns)
    _, thrice = outcome(model, ranking(model, columns, 5), columns, scale=3.0)

    for name, gradient in once.items():
        torch.testing.assert_close(3 * gradient, thrice[name])


def test_dropout_is_the_same_in_both_passes(model):
    columns = columns_of(mixed_pairs())
    model.train()
    loss = ranking(model, columns, 5)
    seen = []
    model.register_forward_hook(lambda module, given, output: seen.append(output["sentence_embedding"].detach()))

    outcome(model, loss, columns)

    half = len(seen) // 2
    assert half > 1
    for first, second in zip(seen[:half], seen[half:], strict=True):
        assert torch.equal(first, second)
    torch.manual_seed(1)
    loss(*tokens(model, columns))
    after = torch.rand(1)
    torch.manual_seed(1)
    loss(*tokens(model, columns)).backward()
    assert torch.equal(torch.rand(1), after)  # the backward pass leaves the random numbers to come alone


def test_only_few_texts_have_activations_at_a_time(model):
    columns = columns_of(mixed_pairs())
    sizes = []
    model.register_forward_hook(lambda module, given, output: sizes.append(len(output["sentence_embedding"])))

    outcome(model, ranking(model, columns, 5), columns)

    assert max(sizes) == 5
    assert sum(sizes) == 2 * len(ROWS) * (2 + columns.width)


def test_without_gradients_the_model_runs_once(model):
    columns = columns_of(mixed_pairs())
    runs = []
    model.register_forward_hook(lambda *_: runs.append(1))

    with torch.no_grad():
        value = ranking(model, columns, 50)(*tokens(model, columns))

    assert len(runs) == 1
    assert not value.requires_grad


def test_embeddings_keep_the_order_of_the_texts(model):
    features = joined([dict(model.preprocess(["abcd efgh", "a", "abc"]))])
    expected = model.encode(["abcd efgh", "a", "abc"], convert_to_tensor=True)

    with torch.no_grad():
        cached_loss(model, features, 2, lambda found: torch.testing.assert_close(found, expected))


def test_halving_begins_with_the_texts_of_a_batch_and_ends_at_one(model):
    columns = columns_of(mixed_pairs())
    loss = ranking(model, columns)
    plain = outcome(model, loss, columns)
    sizes = []

    def step():
        sizes.append(loss.micro_batch)
        if loss.micro_batch != 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return torch.zeros(())

    relief = MemoryRelief(loss, clear=lambda: None, report=silent)
    relief.run(step, texts=len(ROWS) * (2 + columns.width))

    assert sizes == [0, 22, 11, 5, 2, 1]
    assert_alike(plain, outcome(model, loss, columns))
