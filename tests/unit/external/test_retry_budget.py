"""How many repetitions a host gets."""

import pytest

from app.shared.infrastructure.external.retry_budget import RetryBudget

HOST, OTHER = "a.example.com", "b.example.com"


def spent(budget: RetryBudget, host: str) -> int:
    """Spend all that is left; return how much it was."""
    count = 0
    while budget.spend(host):
        count += 1
    return count


def test_at_first_a_host_has_some_repetitions_and_others_do_not_take_them() -> None:
    budget = RetryBudget()
    assert spent(budget, HOST) == RetryBudget.FIRST
    assert spent(budget, OTHER) == RetryBudget.FIRST


def test_so_many_requests_earn_another_repetition() -> None:
    budget = RetryBudget()
    spent(budget, HOST)
    for _ in range(3 * RetryBudget.REQUESTS_FOR_ONE - 1):
        budget.earn(HOST)
    assert spent(budget, HOST) == 2


def test_a_host_without_failures_saves_up_no_more_than_it_had_at_first() -> None:
    budget = RetryBudget()
    budget.spend(HOST)
    for _ in range(1000):
        budget.earn(HOST)
    assert spent(budget, HOST) == RetryBudget.FIRST


def test_of_too_many_hosts_the_one_whose_last_repetition_is_the_oldest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(RetryBudget, "MOST_REMEMBERED", 2)
    budget = RetryBudget()
    budget.spend(HOST)
    spent(budget, OTHER)
    budget.spend(HOST)
    budget.spend("c.example.com")

    assert len(budget._spent) == 2
    assert spent(budget, HOST) == RetryBudget.FIRST - 2
    assert spent(budget, OTHER) == RetryBudget.FIRST
