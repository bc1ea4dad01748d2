"""`citywide ledger verify` finds what does not balance; random bookings always do."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.books import Books, assert_balanced
from citywide.budgets.verify import faults, size
from walls.house import House


async def found(house: House) -> list[str]:
    return [fault async for fault in faults(house.url)]


async def test_sound_books_have_no_fault(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="500.00")
    await books.commit("ACTIVITIES", "120.00")
    assert await found(pilot) == []
    accounts, entries = await size(pilot.url)
    assert accounts > 0
    assert entries == await pilot.owner.fetchval("SELECT count(*) FROM ledger_entry")


@pytest.mark.parametrize(
    ("tampering", "sentence"),
    [
        (
            "UPDATE ledger_account SET balance_fen = balance_fen + 1 WHERE kind = 'AVAILABLE'",
            "hold",
        ),
        ("UPDATE ledger_entry SET amount_fen = amount_fen + 1 WHERE amount_fen > 0", "off by"),
        ("DELETE FROM ledger_entry", "no entries"),
    ],
)
async def test_tampered_books_are_found(pilot: House, tampering: str, sentence: str) -> None:
    books = await Books.opened(pilot, ACTIVITIES="500.00")
    await books.commit("ACTIVITIES", "120.00")
    await pilot.owner.execute(tampering)
    assert any(sentence in fault for fault in await found(pilot))


async def test_the_application_cannot_change_what_was_booked(pilot: House) -> None:
    await Books.opened(pilot, ACTIVITIES="500.00")
    rights = await pilot.owner.fetch(
        "SELECT r.rolname, c.relname, p.name FROM pg_roles r, pg_class c,"
        " unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS p(name)"
        " WHERE r.rolname LIKE 'citywide_%'"
        " AND c.relname IN ('ledger_entry', 'ledger_transaction')"
        " AND has_table_privilege(r.oid, c.oid, p.name)"
    )
    assert rights == []


async def test_random_bookings_keep_every_balance_equal_to_its_entries(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="300.00", MATERIALS="200.00")
    commitments: list[str] = []
    steps = st.lists(
        st.tuples(
            st.sampled_from(["commit", "spend", "override", "close"]),
            st.sampled_from(["ACTIVITIES", "MATERIALS"]),
            st.integers(1, 12_000),
            st.integers(0, 50),
        ),
        max_size=6,
    )
    runs: list[list[tuple[str, str, int, int]]] = []

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps)
    def collect(run: list[tuple[str, str, int, int]]) -> None:
        runs.append(run)

    collect()
    for verb, category, fen, place in (step for run in runs for step in run):
        amount = f"{fen // 100}.{fen % 100:02}"
        if verb == "commit":
            answer = await books.commit(category, amount)
        elif verb == "override":
            answer = await books.commit(category, amount, reason="急需")
        elif not commitments:
            continue
        elif verb == "spend":
            answer = await books.spend(commitments[place % len(commitments)], amount)
        else:
            given_id = commitments[place % len(commitments)]
            answer = await pilot.act(
                "yijiaqin.finance", "closeCommitment", commitmentId=given_id, version=1
            )
        if answer.get("commitment"):
            commitments.append(answer["commitment"]["id"])
        await assert_balanced(pilot)
    assert await found(pilot) == []
