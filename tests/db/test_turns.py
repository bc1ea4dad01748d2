"""Whose turn it is, and places at the database: fair, never idle while somebody waits."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.db.places import HEAVY_PLACES, PLACES_FOR_OTHERS, RECENT_S, Place, Places
from citywide.db.turns import Turns

SIZE = 4


def test_one_waits_behind_its_own_and_not_in_front_of_another() -> None:
    turns: Turns[int] = Turns()
    for number in range(100):
        turns.put("flood", number)
    found = turns.next()
    assert found == ("flood", 0)
    turns.charge("flood", 1.0)
    turns.put("quiet", 100)
    turns.end("flood")
    assert turns.next() == ("quiet", 100)


def test_nobody_is_given_credit_for_having_been_away() -> None:
    turns: Turns[int] = Turns()
    turns.put("early", 0)
    turns.next()
    turns.charge("early", 1.0)
    turns.put("early", 1)
    turns.end("early")
    turns.next()
    turns.charge("early", 9.0)
    # It comes now: the ten seconds of the other were before its time.
    turns.put("late", 0)
    turns.put("early", 2)
    turns.end("early")
    order = []
    for _ in range(2):
        found = turns.next()
        assert found is not None
        order.append(found[0])
        turns.charge(found[0], 1.0)
        turns.end(found[0])
    assert order == ["late", "early"]


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.floats(0.001, 2.0)), min_size=1, max_size=60)
)
def test_everything_is_served_once_and_two_that_wait_get_about_the_same(
    sent: list[tuple[str, float]],
) -> None:
    turns: Turns[int] = Turns()
    for place, (name, _) in enumerate(sent):
        turns.put(name, place)
    left: Counter[object] = Counter(tenant for tenant, _ in sent)
    given_to: defaultdict[object, float] = defaultdict(float)
    served = []
    while (found := turns.next()) is not None:
        tenant, number = found
        waiting = [each for each in left if left[each]]
        # Nobody is ahead of one that waits by more than one thing of its own.
        assert given_to[tenant] <= min(given_to[each] for each in waiting) + 1e-9
        served.append(number)
        left[tenant] -= 1
        given_to[tenant] += sent[number][1]
        turns.charge(tenant, sent[number][1])
        turns.end(tenant)
    assert sorted(served) == list(range(len(sent)))
    assert len(turns) == 0


@pytest.mark.parametrize("is_heavy", [False, True])
async def test_a_tenant_that_wants_every_place_leaves_some_to_others(*, is_heavy: bool) -> None:
    places = Places(SIZE)
    flood = [asyncio.create_task(places.take("flood", is_heavy=is_heavy)) for _ in range(20)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    most = HEAVY_PLACES if is_heavy else SIZE - PLACES_FOR_OTHERS
    assert sum(each.done() for each in flood) == min(most, SIZE - PLACES_FOR_OTHERS)
    await asyncio.wait_for(places.take("quiet"), 1)
    for each in flood:
        each.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_a_tenant_has_fewer_places_as_long_as_another_one_is_there() -> None:
    now = 100.0
    places = Places(SIZE, beside_others=1, clock=lambda: now)
    await asyncio.wait_for(places.take("quiet"), 1)
    flood = [asyncio.create_task(places.take("flood")) for _ in range(20)]
    for _ in range(3):
        await asyncio.sleep(0)
    first = [each for each in flood if each.done()]
    assert len(first) == 1
    now += RECENT_S
    # The quiet one has gone; the next one that ends lets in all that fit.
    places.give_back(first[0].result())
    for _ in range(3):
        await asyncio.sleep(0)
    assert sum(each.done() for each in flood) == 1 + SIZE - PLACES_FOR_OTHERS
    for each in flood:
        each.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_whoever_is_cancelled_gives_back_what_it_was_just_given() -> None:
    places = Places(1)
    first = await places.take("a")
    second = asyncio.create_task(places.take("b"))
    await asyncio.sleep(0)
    places.give_back(first)
    # It has its place, and does not know it yet.
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.wait_for(places.take("c"), 1)


# What happens, to which tenant or in which place, and whether it is heavy.
_HAPPENING = st.tuples(
    st.sampled_from(["come", "come", "go", "cancel"]), st.integers(0, 11), st.booleans()
)


@given(st.lists(_HAPPENING, min_size=1, max_size=40), st.integers(1, SIZE))
def test_no_place_is_free_while_somebody_waits_who_may_have_it(
    happening: list[tuple[str, int, bool]], beside_others: int
) -> None:
    asyncio.run(_happens(happening, beside_others))


async def _happens(happening: list[tuple[str, int, bool]], beside_others: int) -> None:
    places = Places(SIZE, beside_others=beside_others, clock=lambda: 0.0)
    come = set()
    waiting: list[tuple[str, bool, asyncio.Task[Place]]] = []
    taken: list[Place] = []
    for what, number, is_heavy in happening:
        match what:
            case "come":
                tenant = "abc"[number % 3]
                come.add(tenant)
                task = asyncio.create_task(places.take(tenant, is_heavy=is_heavy))
                waiting.append((tenant, is_heavy, task))
            case "go" if taken:
                places.give_back(taken.pop(number % len(taken)))
            case "cancel" if waiting:
                waiting[number % len(waiting)][2].cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        taken += [task.result() for _, _, task in waiting if task.done() and not task.cancelled()]
        waiting = [each for each in waiting if not each[2].done()]
        most = SIZE - PLACES_FOR_OTHERS
        if len(come) > 1:
            most = min(most, beside_others)
        _check(taken, [(tenant, is_heavy) for tenant, is_heavy, _ in waiting], most)
    # Everybody who waits is served in the end.
    while waiting:
        places.give_back(taken.pop())
        for _ in range(3):
            await asyncio.sleep(0)
        taken += [task.result() for _, _, task in waiting if task.done()]
        waiting = [each for each in waiting if not each[2].done()]


def _check(taken: list[Place], waiting: list[tuple[str, bool]], most: int) -> None:
    of_each = Counter(place.tenant for place in taken)
    heavy = sum(place.is_heavy for place in taken)
    assert len(taken) <= SIZE
    assert heavy <= HEAVY_PLACES
    assert all(number <= SIZE - PLACES_FOR_OTHERS for number in of_each.values())
    for tenant, is_heavy in waiting:
        assert len(taken) == SIZE or of_each[tenant] >= most or (is_heavy and heavy == HEAVY_PLACES)
