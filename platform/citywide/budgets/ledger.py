"""The rules of the double-entry ledger, pure: accounts, postings, and what a reversal is.

Every transaction moves money between accounts of one tenant and sums to zero. An account of a
*source* kind stands for the world outside the tenant's books: it goes below zero by what came in.
Every other account holds money and is never negative, so that what is not there cannot be
promised or spent: that is the whole of budget control. All amounts are in fen.

Source: double entry as in any bookkeeping; accounts for commitments beside those for spending are
commitment accounting (IPSAS 24 compares budget and actual amounts on such a basis).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from citywide.ids import named_id
from citywide.rules.words import Words, auto


class AccountKind(Words):
    """What the money on an account is; its owner is the row it is kept for."""

    # The bureau's books.
    FUND = auto(), "Fund", "资金来源", "a source: what a fund has put in."
    APPROPRIATED = (
        auto(),
        "Appropriated",
        "已下达",
        "of an appropriation: not promised to an agreement yet.",
    )
    CONTRACTED = auto(), "Contracted", "已签约", "of an agreement: promised, not released yet."
    RELEASED = auto(), "Released", "已拨付", "of an agreement: handed over in tranches."
    # An agency's books.
    GRANTED = auto(), "Granted", "预算来源", "a source, of an agreement: what lines were made of."
    OVERRUN = (
        auto(),
        "Overrun",
        "超预算额度",
        "a source, of a line: what an approver let it exceed its budget by.",
    )
    AVAILABLE = auto(), "Available", "可用", "of a line: neither committed nor spent."
    COMMITTED = auto(), "Committed", "已承诺", "of a line: promised to somebody."
    SPENT = auto(), "Spent", "已支出", "of a line: owed on approved vouchers."
    PAID = auto(), "Paid", "已支付", "of a line: paid out."
    BUREAU = (
        auto(),
        "Bureau",
        "主管局拨款",
        "a source, of an agreement: what the bureau has handed over.",
    )
    CASH = auto(), "Cash", "结存资金", "of an agreement: handed over and not paid out."
    PAYEES = auto(), "Payees", "收款人", "of an agreement: paid out to others."


SOURCES = frozenset(
    {AccountKind.FUND, AccountKind.GRANTED, AccountKind.OVERRUN, AccountKind.BUREAU}
)


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """One account of a tenant: its kind, and the row that it is kept for."""

    kind: AccountKind
    owner_id: UUID

    @property
    def id(self) -> UUID:
        """The account's own id, which follows from what it is."""
        return named_id("account", self.kind, str(self.owner_id))

    @property
    def is_source(self) -> bool:
        """Whether it may be below zero."""
        return self.kind in SOURCES


@dataclass(frozen=True, slots=True)
class Leg:
    """A movement on one account: what comes in is positive."""

    account: Account
    amount_fen: int


class UnbalancedError(Exception):
    """Legs that do not sum to zero, or move nothing: a mistake of ours, never of a caller."""


class OverdrawnError(Exception):
    """An account has less than is to be taken from it."""

    def __init__(self, account: Account, left_fen: int) -> None:
        super().__init__(f"{account.kind} has {left_fen} fen left")
        self.account = account
        self.left_fen = left_fen


def move(amount_fen: int, source: Account, target: Account) -> tuple[Leg, Leg]:
    """Take an amount from one account and put it on another."""
    return Leg(source, -amount_fen), Leg(target, amount_fen)


def checked(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs in the order of their accounts, one for each; raises `UnbalancedError`.

    The order is the same for every transaction, so that two of them never wait for each other.
    """
    sums: dict[Account, int] = {}
    for leg in legs:
        sums[leg.account] = sums.get(leg.account, 0) + leg.amount_fen
    merged = tuple(Leg(account, sums[account]) for account in sorted(sums) if sums[account])
    if not merged or sum(leg.amount_fen for leg in merged) != 0:
        raise UnbalancedError(f"These legs do not balance: {merged}")
    return merged


def posted(balances: Mapping[Account, int], legs: Iterable[Leg]) -> dict[Account, int]:
    """The balances afterwards; raises `OverdrawnError` for the first account that falls short."""
    after = dict(balances)
    for leg in checked(legs):
        balance = after.get(leg.account, 0) + leg.amount_fen
        if balance < 0 and not leg.account.is_source:
            raise OverdrawnError(leg.account, after.get(leg.account, 0))
        after[leg.account] = balance
    return after


def reversal(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs that undo a transaction: a mistake is reversed, never edited."""
    return tuple(Leg(leg.account, -leg.amount_fen) for leg in legs)
