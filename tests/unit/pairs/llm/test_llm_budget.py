"""Nothing is overspent, and who must wait for the others waits."""

from __future__ import annotations

import threading

import pytest

from embedtune.config.data_settings import LlmSettings
from embedtune.pairs.llm.budget import Budget, Limits, Usage

MOST = Usage(60, 40)


def test_without_limits_everything_is_allowed():
    budget = Budget(Limits(), Usage(10**9, 10**9))
    assert budget.reserve(MOST)
    budget.settle(MOST, Usage(1, 2))
    assert budget.spent == Usage(10**9 + 1, 10**9 + 2)


def test_unused_part_of_a_reservation_is_given_back():
    budget = Budget(Limits(tokens=150), Usage())
    for _ in range(6):
        assert budget.reserve(MOST)
        budget.settle(MOST, Usage(5, 5))
    assert not budget.reserve(MOST)
    assert budget.exhausted
    assert budget.spent.tokens == 60


def test_what_earlier_runs_spent_counts():
    assert not Budget(Limits(tokens=150), Usage(30, 30)).reserve(MOST)


def test_request_that_does_not_fit_waits_for_the_open_ones():
    budget = Budget(Limits(tokens=150), Usage())
    budget.reserve(MOST)
    got = []
    waiting = threading.Thread(target=lambda: got.append(budget.reserve(MOST)))
    waiting.start()
    waiting.join(0.05)
    assert got == []
    budget.settle(MOST, Usage(20, 20))
    waiting.join(10)
    assert got == [True]


def test_closing_frees_who_waits():
    budget = Budget(Limits(tokens=150), Usage())
    budget.reserve(MOST)
    got = []
    waiting = threading.Thread(target=lambda: got.append(budget.reserve(MOST)))
    waiting.start()
    budget.close()
    waiting.join(10)
    assert got == [False]
    assert not budget.exhausted


def test_many_threads_never_overspend():
    budget = Budget(Limits(tokens=1000), Usage())

    def work():
        while budget.reserve(MOST):
            budget.settle(MOST, Usage(30, 30))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 900 < budget.spent.tokens <= 1000


def test_cost_counts_both_prices():
    limits = Limits(cost=1.0, input_price=2.0, output_price=10.0)
    assert limits.cost_of(Usage(250_000, 50_000)) == 1.0
    assert limits.allow(Usage(250_000, 50_000))
    assert not limits.allow(Usage(250_000, 50_001))


@pytest.mark.parametrize(
    ("limits", "text"),
    [(Limits(), "no limit"), (Limits(5, 1.5), "5 tokens and a cost of 1.5"), (Limits(5), "5 tokens")],
)
def test_limits_are_told(limits, text):
    assert str(limits) == text


def test_limits_of_settings():
    settings = LlmSettings(
        max_tokens_budget=7, max_cost=3, price_per_million_input_tokens=1, price_per_million_output_tokens=2
    )
    assert Limits.of(settings) == Limits(7, 3.0, 1.0, 2.0)


def test_cost_limit_without_a_price_is_refused():
    with pytest.raises(ValueError, match="price_per_million"):
        LlmSettings(max_cost=3)
