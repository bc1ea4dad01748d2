"""The ledger's tables: accounts with their balances, transactions and their entries."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Text, Uuid

from citywide.budgets.ledger import SOURCES, AccountKind
from citywide.db.tables import one_of, reference, tenant_table

_WRITERS = ("agency", "bureau")
_SOURCES = ", ".join(f"'{kind}'" for kind in sorted(SOURCES))

# `balance_fen` repeats the sum of the account's entries; `citywide ledger verify` compares them.
LEDGER_ACCOUNT = tenant_table(
    "ledger_account",
    Column("kind", Text, nullable=False),
    # The row that the account is kept for; its table follows from the kind.
    Column("owner_id", Uuid, nullable=False),
    Column("balance_fen", BigInteger, nullable=False),
    Index(None, "tenant_id", "owner_id", "kind"),
    one_of("kind", *(kind.value for kind in AccountKind)),
    # The last wall of budget control: no code can spend what is not there.
    CheckConstraint(f"balance_fen >= 0 OR kind IN ({_SOURCES})", name="balance_fen"),
    writers=_WRITERS,
)

LEDGER_TRANSACTION = tenant_table(
    "ledger_transaction",
    Column("kind", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("member_id", Uuid, nullable=False),
    # The commitment, voucher, tranche … that it books.
    Column("subject_id", Uuid, nullable=False),
    Column("reason", Text),
    Column("reverses_id", Uuid),
    Index(None, "tenant_id", "subject_id"),
    Index(None, "tenant_id", "booked_on", "id"),
    # A transaction is reversed once at most.
    Index(None, "tenant_id", "reverses_id", unique=True),
    reference("reverses_id", "ledger_transaction"),
    writers=_WRITERS,
    is_append_only=True,
)

LEDGER_ENTRY = tenant_table(
    "ledger_entry",
    Column("transaction_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    # What the account held after it.
    Column("balance_fen", BigInteger, nullable=False),
    Index(None, "tenant_id", "account_id", "id"),
    Index(None, "tenant_id", "transaction_id"),
    reference("transaction_id", "ledger_transaction"),
    reference("account_id", "ledger_account"),
    CheckConstraint("amount_fen <> 0", name="amount_fen"),
    writers=_WRITERS,
    is_append_only=True,
)
