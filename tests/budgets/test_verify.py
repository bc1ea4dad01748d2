"""`citywide ledger verify` finds what does not balance; random bookings always do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.books import DIRECTOR, FINANCE, OFFICER, Books, assert_balanced
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


VERBS = ("commit", "override", "spend", "approve", "pay", "reverse", "close", "change")


async def test_random_bookings_keep_every_balance_equal_to_its_entries(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="300.00", MATERIALS="200.00")
    await books.hand_over("150.00")
    steps = st.lists(
        st.tuples(
            st.sampled_from(VERBS),
            st.sampled_from(["ACTIVITIES", "MATERIALS"]),
            st.integers(1, 12_000),
            st.integers(0, 50),
        ),
        max_size=12,
    )
    runs: list[list[tuple[str, str, int, int]]] = []

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps)
    def collect(run: list[tuple[str, str, int, int]]) -> None:
        runs.append(run)

    # Whatever hypothesis comes up with later, each verb is tried once on what it needs.
    runs.append([(verb, "ACTIVITIES", 1_000, 0) for verb in VERBS])
    collect()
    random = Random(books, [], [])
    for verb, category, fen, place in (step for run in runs for step in run):
        await random.step(verb, category, f"{fen // 100}.{fen % 100:02}", place)
        await assert_balanced(pilot)
    kinds = await pilot.owner.fetch("SELECT DISTINCT kind FROM ledger_transaction")
    assert {row["kind"] for row in kinds} >= {"COMMITMENT", "EXPENSE", "PAYMENT", "REVERSAL"}
    assert [fault async for fault in faults(pilot.url)] == []


@dataclass(slots=True)
class Random:
    """What random steps have led to so far, for later ones to go on with."""

    books: Books
    commitments: list[str]
    expenses: list[str]

    async def step(self, verb: str, category: str, amount: str, place: int) -> None:
        """Try a step, on what is there already; it may well be refused."""
        house, books = self.books.house, self.books
        match verb:
            case "commit":
                self.keep(await books.commit(category, amount))
            case "override":
                self.keep(await books.commit(category, amount, reason="急需"))
            case "change":
                other = "MATERIALS" if category == "ACTIVITIES" else "ACTIVITIES"
                await self.change(category, other, amount)
            case "spend" if self.commitments:
                commitment_id = self.commitments[place % len(self.commitments)]
                self.keep(await books.spend(commitment_id, amount))
            case "close" if self.commitments:
                commitment_id = self.commitments[place % len(self.commitments)]
                await house.act(FINANCE, "closeCommitment", commitmentId=commitment_id, version=1)
            case "approve" | "pay" | "reverse" if self.expenses:
                await self.decide(verb, self.expenses[place % len(self.expenses)])

    def keep(self, answer: Any) -> None:
        for kind, kept in (("commitment", self.commitments), ("expense", self.expenses)):
            if answer.get(kind):
                kept.append(answer[kind]["id"])

    async def decide(self, verb: str, expense_id: str) -> None:
        house = self.books.house
        found = await house.data(
            DIRECTOR,
            "query($id: ID!) { node(id: $id) { ... on Expense { version } } }",
            id=expense_id,
        )
        given = {"expenseId": expense_id, "version": found["node"]["version"]}
        match verb:
            case "approve":
                await house.act(DIRECTOR, "approveExpense", **given)
            case "pay":
                await house.act(FINANCE, "payExpense", paidOn="2015-10-30", **given)
            case "reverse":
                await house.act(DIRECTOR, "reverseExpense", reason="记错了", **given)

    async def change(self, giving: str, getting: str, amount: str) -> None:
        answer = await self.books.house.act(
            FINANCE,
            "requestBudgetChange",
            "budgetChange { id version }",
            fromLineId=self.books.lines[giving],
            toLineId=self.books.lines[getting],
            amount=amount,
            reason="用途调整",
        )
        if answer.get("budgetChange"):
            change = answer["budgetChange"]
            await self.books.house.act(
                OFFICER, "approveBudgetChange", changeId=change["id"], version=change["version"]
            )
