"""What spending, unit costs and findings share: which vouchers count, how cells are labelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, case, func, literal_column
from sqlalchemy.sql import ColumnElement

from citywide.budgets.words import ExpenseStatus
from citywide.oversight.graph import CATEGORY_LABELS

_OWED: ColumnElement[Any] = literal_column(
    f"ARRAY['{ExpenseStatus.APPROVED}', '{ExpenseStatus.PAID}']"
)
_OF_A_CATEGORY = frozenset({"CATEGORY", "LINE"})


def is_owed(voucher: FromClause) -> ColumnElement[bool]:
    """Approved, and not undone."""
    return voucher.c.status == func.any(_OWED)


def labelled(
    cells: FromClause, by: Sequence[str]
) -> dict[str, tuple[ColumnElement[Any], ColumnElement[Any]]]:
    """Value and label of each dimension, from a cell's columns `k0 …` and `l0 …`."""
    found: dict[str, tuple[ColumnElement[Any], ColumnElement[Any]]] = {}
    for number, name in enumerate(by):
        label: ColumnElement[Any] = cells.c[f"l{number}"]
        if name in _OF_A_CATEGORY:
            label = case(CATEGORY_LABELS, value=label)
        found[name] = cells.c[f"k{number}"], label
    return found
