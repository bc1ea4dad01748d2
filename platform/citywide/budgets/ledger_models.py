"""The ledger's tables: accounts with their balances, transactions and their entries."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from citywide.budgets.ledger import SOURCES, AccountKind
from citywide.db.tables import TenantRow, one_of, reference, tenant_table

_WRITERS = ("agency", "bureau")
_SOURCES = ", ".join(f"'{kind}'" for kind in sorted(SOURCES))


class LedgerAccountRow(TenantRow):
    """An account.

    `balance_fen` repeats the sum of its entries; `citywide ledger verify` compares them.
    """

    # One of `AccountKind`; the schema shows it as a text.
    kind: str
    # The row that the account is kept for; its table follows from the kind.
    owner_id: UUID
    balance_fen: int


LEDGER_ACCOUNT = tenant_table(
    "ledger_account",
    LedgerAccountRow,
    Index(None, "tenant_id", "owner_id", "kind"),
    one_of("kind", AccountKind),
    # The last wall of budget control: no code can spend what is not there.
    CheckConstraint(f"balance_fen >= 0 OR kind IN ({_SOURCES})", name="balance_fen"),
    writers=_WRITERS,
)


class LedgerTransactionRow(TenantRow):
    kind: str
    booked_on: date
    member_id: UUID
    # The commitment, voucher, tranche … that it books.
    subject_id: UUID
    reason: str | None
    reverses_id: UUID | None


LEDGER_TRANSACTION = tenant_table(
    "ledger_transaction",
    LedgerTransactionRow,
    Index(None, "tenant_id", "subject_id"),
    Index(None, "tenant_id", "booked_on", "id"),
    # A transaction is reversed once at most.
    Index(None, "tenant_id", "reverses_id", unique=True),
    reference("reverses_id", "ledger_transaction"),
    writers=_WRITERS,
    is_append_only=True,
)


class LedgerEntryRow(TenantRow):
    transaction_id: UUID
    account_id: UUID
    amount_fen: int
    # What the account held after it.
    balance_fen: int


LEDGER_ENTRY = tenant_table(
    "ledger_entry",
    LedgerEntryRow,
    Index(None, "tenant_id", "account_id", "id"),
    Index(None, "tenant_id", "transaction_id"),
    reference("transaction_id", "ledger_transaction"),
    reference("account_id", "ledger_account"),
    CheckConstraint("amount_fen <> 0", name="amount_fen"),
    writers=_WRITERS,
    is_append_only=True,
)
