"""Book a transaction: move the balances, one account after the other, and write the entries.

Each balance moves in an UPDATE that holds only where enough is left. PostgreSQL locks the row
and looks at it again once it has the lock, so under any concurrency exactly those bookings go
through for which there is money, without a look before and a hope after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import TypeEngine

from citywide.acts.act import Act
from citywide.budgets.ledger import SOURCES, Account, AccountKind, Leg, OverdrawnError, checked
from citywide.budgets.ledger_models import LEDGER_ACCOUNT, LEDGER_ENTRY, LEDGER_TRANSACTION
from citywide.db.compiled import Prepared
from citywide.db.rows import returned
from citywide.db.session import Change


async def open_accounts(act: Act, accounts: Iterable[Account]) -> None:
    """Make the accounts that are not there yet, with nothing on them."""
    wanted = sorted(accounts)
    values = {
        "tenant_id": act.tenant_id,
        "bureau_id": act.bureau_id,
        "ids": [account.id for account in wanted],
        "kinds": [account.kind.value for account in wanted],
        "owner_ids": [account.owner_id for account in wanted],
    }
    for row in await act.transaction.fetch(_opening(), values):
        act.transaction.changes.append(Change(LEDGER_ACCOUNT.name, row["id"]))
        act.transaction.wrote(act.tenant_id, LEDGER_ACCOUNT.name, row)


async def book(
    act: Act,
    kind: str,
    legs: Iterable[Leg],
    *,
    subject_id: UUID,
    reason: str | None = None,
    reverses_id: UUID | None = None,
) -> UUID:
    """Book a transaction on accounts that are open; its id.

    Raises `OverdrawnError` when an account has too little; whoever called says what that means.
    """
    ordered = checked(legs)
    balances = [await _moved(act, leg) for leg in ordered]
    transaction_id = await act.insert(
        LEDGER_TRANSACTION,
        kind=kind,
        booked_on=act.today,
        member_id=act.member_id,
        subject_id=subject_id,
        reason=reason,
        reverses_id=reverses_id,
    )
    entries = [
        {
            "transaction_id": transaction_id,
            "account_id": leg.account.id,
            "amount_fen": leg.amount_fen,
            "balance_fen": balance_fen,
        }
        for leg, balance_fen in zip(ordered, balances, strict=True)
    ]
    await act.insert_all(LEDGER_ENTRY, entries)
    return transaction_id


async def legs_of(act: Act, transaction_id: UUID) -> Sequence[Leg]:
    """What a transaction moved."""
    entries = await act.rows(LEDGER_ENTRY, transaction_id=transaction_id)
    rows = await act.by_id(LEDGER_ACCOUNT, {entry["account_id"] for entry in entries})
    accounts = {
        key: Account(AccountKind[row["kind"]], row["owner_id"]) for key, row in rows.items()
    }
    return [Leg(accounts[entry["account_id"]], entry["amount_fen"]) for entry in entries]


async def balances_of(act: Act, owner_id: UUID) -> dict[AccountKind, int]:
    """What the accounts of one owner hold."""
    rows = await act.rows(LEDGER_ACCOUNT, owner_id=owner_id)
    return {AccountKind[row["kind"]]: row["balance_fen"] for row in rows}


async def _moved(act: Act, leg: Leg) -> int:
    """Move one balance; what the account holds now."""
    values = {
        "tenant_id": act.tenant_id,
        "account_id": leg.account.id,
        "amount": leg.amount_fen,
    }
    moved = await act.transaction.fetch(_moving(), values)
    if moved:
        act.transaction.wrote(act.tenant_id, LEDGER_ACCOUNT.name, moved[0])
        balance: int = moved[0]["balance_fen"]
        return balance
    held = await act.row(LEDGER_ACCOUNT, id=leg.account.id)
    raise OverdrawnError(leg.account, 0 if held is None else held["balance_fen"])


@cache
def _moving() -> Prepared:
    table = LEDGER_ACCOUNT
    after = table.c.balance_fen + bindparam("amount", type_=BigInteger())
    statement = (
        update(table)
        .where(
            table.c.tenant_id == bindparam("tenant_id", type_=Uuid()),
            table.c.id == bindparam("account_id", type_=Uuid()),
            or_(
                after >= 0, table.c.kind == any_(bindparam("sources", sorted(SOURCES), ARRAY(Text)))
            ),
        )
        .values(balance_fen=after)
        .returning(table.c.balance_fen, *returned(table))
    )
    return Prepared.of(statement)


@cache
def _opening() -> Prepared:
    table = LEDGER_ACCOUNT
    arrays = {"id": "ids", "kind": "kinds", "owner_id": "owner_ids"}
    types: dict[str, TypeEngine[Any]] = {"id": Uuid(), "kind": Text(), "owner_id": Uuid()}
    given = (bindparam(name, type_=ARRAY(types[column])) for column, name in arrays.items())
    values = func.unnest(*given).table_valued(*arrays).render_derived()
    columns: dict[str, Any] = {
        "tenant_id": bindparam("tenant_id", type_=Uuid()),
        "bureau_id": bindparam("bureau_id", type_=Uuid()),
        "balance_fen": bindparam("nothing", 0, type_=BigInteger()),
        **{column: values.c[column] for column in arrays},
    }
    made = insert(table).from_select(list(columns), select(*columns.values()))
    return Prepared.of(made.on_conflict_do_nothing().returning(*returned(table)))
