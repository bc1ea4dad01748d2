"""Long work in slices, and what is kept of it: one agency's does not hold up another's."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citywide.errors import Code, RefusalError
from citywide.graph.kept import ENTRY_BYTES, Kept
from citywide.graph.slices import WAITING, Slices, give_way


def _busy(seconds: float) -> str:
    """Work that may be interrupted at any time."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        give_way()
    return "made"


async def test_others_go_on_while_long_work_is_done() -> None:
    slices = Slices()
    turns = 0
    with slices.request():
        work = asyncio.create_task(slices.made("a", lambda: _busy(0.1)))
        while not work.done():
            turns += 1
            await asyncio.sleep(0)
    assert work.result() == "made"
    assert turns > 5


async def test_short_work_of_another_tenant_does_not_wait_for_the_end_of_long_work() -> None:
    slices = Slices()
    ended = []

    async def one(tenant: str, seconds: float) -> None:
        with slices.request():
            await slices.made(tenant, lambda: _busy(seconds))
        ended.append(tenant)

    long = [asyncio.create_task(one("flood", 0.2)) for _ in range(3)]
    await asyncio.sleep(0.01)
    await one("quiet", 0.001)
    assert ended == ["quiet"]
    await asyncio.gather(*long)


async def test_an_error_is_raised_where_the_work_is_waited_for() -> None:
    def fail() -> None:
        give_way()
        raise RefusalError(Code.FORBIDDEN, "No.")

    slices = Slices()
    with slices.request(), pytest.raises(RefusalError, match="No"):
        await slices.made("a", fail)
    with slices.request():
        assert await slices.made("a", lambda: 1) == 1


async def test_cancelled_work_is_not_done_to_its_end() -> None:
    slices = Slices()
    reached = []

    def work() -> None:
        _busy(0.05)
        reached.append(True)

    with slices.request():
        task = asyncio.create_task(slices.made("a", work))
        await asyncio.sleep(0.01)
        task.cancel()
        assert await slices.made("a", lambda: 1) == 1
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not reached


async def test_a_tenant_with_too_much_work_that_waits_is_told_so() -> None:
    slices = Slices()
    with slices.request():
        work = [asyncio.create_task(slices.made("flood", lambda: 1)) for _ in range(WAITING + 5)]
        await asyncio.sleep(0)
        assert await slices.made("quiet", lambda: 1) == 1
        found = await asyncio.gather(*work, return_exceptions=True)
    refused = [each for each in found if isinstance(each, RefusalError)]
    assert found.count(1) == WAITING
    assert [each.code for each in refused] == [Code.TIMEOUT] * 5


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4_000)), min_size=1, max_size=80),
)
def test_what_is_kept_never_takes_more_than_it_may(sent: list[tuple[str, int]]) -> None:
    kept: Kept[int] = Kept(20_000)
    for number, (tenant, size) in enumerate(sent):
        kept.put(tenant, number, number, size)
        there = [each for each in range(number + 1) if kept.get(each) is not None]
        assert sum(sent[each][1] + ENTRY_BYTES for each in there) == kept.bytes <= 20_000


def test_a_tenant_that_sends_ever_new_things_forgets_only_its_own() -> None:
    kept: Kept[str] = Kept(100_000)
    for number in range(5):
        kept.put("quiet", ("quiet", number), "known", 5_000)
    for number in range(1_000):
        kept.put("flood", ("flood", number), "new", 3_000)
    assert all(kept.get(("quiet", number)) == "known" for number in range(5))
    assert kept.get(("flood", 999)) == "new"
    assert kept.get(("flood", 0)) is None


def test_what_is_larger_than_a_share_is_not_kept() -> None:
    kept: Kept[str] = Kept(100_000)
    kept.put("quiet", "small", "known", 1_000)
    kept.put("flood", "large", "new", 90_000)
    assert kept.get("large") is None
    assert kept.get("small") == "known"
