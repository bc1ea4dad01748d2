"""The ledger's rules, on generated movements."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.budgets.ledger import (
    SOURCES,
    Account,
    AccountKind,
    Leg,
    OverdrawnError,
    UnbalancedError,
    checked,
    move,
    posted,
    reversal,
)

OWNERS = [UUID(int=number) for number in range(1, 4)]
accounts = st.builds(Account, st.sampled_from(AccountKind), st.sampled_from(OWNERS))
amounts = st.integers(min_value=1, max_value=10**12)
moves = st.builds(move, amounts, accounts, accounts).filter(
    lambda legs: legs[0].account != legs[1].account
)


def sums(legs: list[Leg]) -> dict[Account, int]:
    found: dict[Account, int] = {}
    for leg in legs:
        found[leg.account] = found.get(leg.account, 0) + leg.amount_fen
    return found


@given(st.lists(moves, max_size=60))
def test_every_balance_is_the_sum_of_its_entries_and_only_sources_are_below_zero(
    movements: list[tuple[Leg, Leg]],
) -> None:
    balances: dict[Account, int] = {}
    done: list[Leg] = []
    for legs in movements:
        source, target = legs
        left = balances.get(source.account, 0)
        if source.account.is_source or left + source.amount_fen >= 0:
            balances = posted(balances, legs)
            done += legs
        else:
            with pytest.raises(OverdrawnError) as refused:
                posted(balances, legs)
            assert (refused.value.account, refused.value.left_fen) == (source.account, left)
        assert target.amount_fen == -source.amount_fen
        assert balances == sums(done)
        assert sum(balances.values()) == 0
        assert all(
            balance >= 0 for account, balance in balances.items() if account.kind not in SOURCES
        )


@given(st.lists(moves, min_size=1, max_size=20))
def test_a_reversal_puts_everything_back(movements: list[tuple[Leg, Leg]]) -> None:
    balances: dict[Account, int] = {}
    for legs in movements:
        try:
            after = posted(balances, legs)
        except OverdrawnError:
            continue
        back = {account: held for account, held in posted(after, reversal(legs)).items() if held}
        assert back == {account: held for account, held in balances.items() if held}
        balances = after


@given(st.lists(st.builds(Leg, accounts, st.integers(-5, 5)), max_size=6))
def test_what_does_not_sum_to_zero_or_moves_nothing_is_refused(legs: list[Leg]) -> None:
    moved = {account: total for account, total in sums(legs).items() if total}
    if moved and sum(moved.values()) == 0:
        found = checked(legs)
        assert {leg.account: leg.amount_fen for leg in found} == moved
        assert [leg.account for leg in found] == sorted(moved)
    else:
        with pytest.raises(UnbalancedError):
            checked(legs)


@given(accounts, accounts)
def test_an_accounts_id_follows_from_what_it_is(one: Account, other: Account) -> None:
    assert (one.id == other.id) is (one == other)
