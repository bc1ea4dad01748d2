"""Seats are bounded for everybody, kept for those who are signed in, and always given back."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.web.budgets import Budgets
from citywide.web.callers import Caller, FullError
from citywide.web.seats import (
    REQUEST_CAPS,
    SOCKET_CAPS,
    STREAM_CAPS,
    Caps,
    Seat,
    Seats,
)

CAPS = Caps(what="requests", total=12, tenant=6, account=3, unknown=4, address=2, kept=1)
TENANTS = [UUID(int=number) for number in range(4)]
ADDRESSES = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
NOBODY = Caller(ADDRESSES[0])


def account(number: int, tenant: int | None = None) -> Caller:
    found = None if tenant is None else TENANTS[tenant]
    return Caller(ADDRESSES[0], f"account {number}", found)


@pytest.mark.parametrize("caps", [REQUEST_CAPS, STREAM_CAPS, SOCKET_CAPS])
def test_whoever_takes_all_they_can_leaves_places_for_others(caps: Caps) -> None:
    assert 0 < caps.kept < caps.account < caps.tenant < caps.total
    assert 0 < caps.address < caps.unknown < caps.total - caps.tenant


def test_nobody_takes_a_seat_from_an_account() -> None:
    seats = Seats(CAPS, Budgets(1_000_000))
    with ExitStack() as stack:
        for address in ADDRESSES[:2]:
            for _ in range(CAPS.address):
                stack.enter_context(seats.taken(Caller(address)))
        for address in ADDRESSES:
            with pytest.raises(FullError) as refused:
                stack.enter_context(seats.taken(Caller(address)))
            assert refused.value.status == 429
        # The same address, signed in.
        stack.enter_context(seats.taken(account(1))).sign_in("account 1", TENANTS[0])
    assert seats.is_empty


def test_an_account_has_fewer_than_its_tenant_and_a_tenant_fewer_than_all() -> None:
    seats = Seats(CAPS, Budgets(1_000_000))
    with ExitStack() as stack:

        def take(number: int, tenant: int) -> None:
            caller = account(number, tenant)
            seat = stack.enter_context(seats.taken(account(number)))
            assert caller.subject is not None
            try:
                seat.sign_in(caller.subject, caller.tenant_id)
            except FullError:
                seat.leave()
                raise

        for _ in range(CAPS.account):
            take(1, 0)
        with pytest.raises(FullError, match="Your account has 3 requests"):
            take(1, 0)
        for _ in range(CAPS.account):
            take(2, 0)
        with pytest.raises(FullError, match="Your agency has 6 requests"):
            take(3, 0)
        for number in (4, 5):
            for _ in range(CAPS.account):
                take(number, 1)
        # All are taken: a tenant that has some waits, one that has none is let in.
        take(6, 2)
        with pytest.raises(FullError, match="Too many requests") as refused:
            take(7, 2)
        assert refused.value.status == 503
        take(8, 3)
    assert seats.is_empty


def test_who_has_not_signed_in_gives_way_to_the_next_one_of_the_same_address() -> None:
    seats = Seats(CAPS, Budgets(1_000_000))
    gone = []
    with ExitStack() as stack:
        waiting = [stack.enter_context(seats.taken(NOBODY)) for _ in range(CAPS.address)]
        for number, seat in enumerate(waiting):
            seat.give_way = lambda number=number: gone.append(number)  # type: ignore[misc]
        newest = stack.enter_context(seats.taken(NOBODY))
        assert gone == [0]
        newest.sign_in("account 1", TENANTS[0])
        with pytest.raises(FullError, match="given to somebody else"):
            waiting[0].sign_in("account 2")
    assert seats.is_empty


def test_the_address_with_the_most_gives_way_to_another_one() -> None:
    seats = Seats(CAPS, Budgets(1_000_000))
    gone = []
    with ExitStack() as stack:
        for address in (ADDRESSES[1], ADDRESSES[0], ADDRESSES[0], ADDRESSES[2]):
            seat = stack.enter_context(seats.taken(Caller(address)))
            seat.give_way = lambda address=address: gone.append(address)  # type: ignore[misc]
        stack.enter_context(seats.taken(Caller("192.0.2.4")))
        assert gone == [ADDRESSES[0]]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.sampled_from(ADDRESSES), st.none()),
        st.tuples(st.just("come"), st.sampled_from(ADDRESSES), st.integers(0, 7)),
        st.tuples(st.just("sign in"), st.integers(0, 99), st.integers(0, 7)),
        st.tuples(st.just("wait"), st.integers(0, 99), st.none()),
        st.tuples(st.just("leave"), st.integers(0, 99), st.booleans()),
    ),
    max_size=120,
)


@given(STEPS)
def test_no_bound_is_passed_and_after_any_storm_nobody_is_counted(
    steps: list[tuple[str, Any, Any]],
) -> None:
    seats = Seats(CAPS, Budgets(1_000_000))
    held: list[tuple[Any, Seat]] = []
    put_out: list[Seat] = []
    for step, which, more in steps:
        if step == "come":
            subject = None if more is None else f"account {more}"
            taking = seats.taken(Caller(which, subject))
            with suppress(FullError):
                held.append((taking, taking.__enter__()))
        elif held:
            taking, seat = held[which % len(held)]
            if step == "sign in":
                with suppress(FullError):
                    seat.sign_in(f"account {more}", TENANTS[more % len(TENANTS)])
            elif step == "wait":
                seat.give_way = lambda seat=seat: put_out.append(seat)  # type: ignore[misc]
            else:
                held.remove((taking, seat))
                _leave(taking, is_broken=more)
        sitting = [seat.caller for _, seat in held if seat not in put_out]
        assert seats.taken_in_all == len(sitting)
        for counted, cap in (
            ([each.subject for each in sitting], CAPS.account),
            ([each.tenant_id for each in sitting], CAPS.tenant),
            ([each.address for each in sitting if each.subject is None], CAPS.address),
        ):
            assert all(counted.count(each) <= cap for each in counted if each is not None)
        assert sum(each.subject is None for each in sitting) <= CAPS.unknown
    for taking, _ in held:
        _leave(taking, is_broken=False)
    assert seats.is_empty


def _leave(taking: Any, *, is_broken: bool) -> None:
    """End a seat's block as a request ends: by itself, or with whatever breaks it."""
    if not is_broken:
        taking.__exit__(None, None, None)
        return
    broken = ConnectionResetError()
    with suppress(ConnectionResetError):
        taking.__exit__(type(broken), broken, None)
