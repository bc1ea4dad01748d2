"""What money can be refused for, as data."""

from __future__ import annotations

import strawberry

from citywide.acts.problems import Problem, ProblemError, schema_path
from citywide.budgets.ledger import AccountKind, OverdrawnError
from citywide.graph.scalars import print_money


@strawberry.type(description="There is not enough money for it; nothing was booked.")
class BudgetExceeded(Problem):
    left: str = strawberry.field(description="What is left, in yuan.")
    account: str = strawberry.field(description="Which account falls short.")


_WHERE = {
    AccountKind.APPROPRIATED: "the appropriation",
    AccountKind.CONTRACTED: "what is funded of the agreement",
    AccountKind.AVAILABLE: "the budget line",
    AccountKind.COMMITTED: "the commitment",
    AccountKind.SPENT: "what is owed on the budget line",
    AccountKind.PAID: "what is paid on the budget line",
    AccountKind.CASH: "the money that was handed over",
}


def exceeded(error: OverdrawnError, *path: str) -> ProblemError:
    """The problem of an account that falls short."""
    left = print_money(error.left_fen)
    where = _WHERE.get(error.account.kind, error.account.kind.lower())
    message = f"{left} yuan are left of {where}; that is not enough."
    return ProblemError(
        BudgetExceeded(
            code="BUDGET_EXCEEDED",
            message=message,
            path=schema_path(path),
            left=left,
            account=error.account.kind.value,
        )
    )
