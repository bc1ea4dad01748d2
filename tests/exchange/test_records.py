"""What is said of a bad cell names its column and does not repeat it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from citywide.beneficiaries.words import Gender
from citywide.exchange.records import CellError, Cells
from citywide.tenancy.reading import TableRow

CANARY = "欧阳 139-0731-8264"
READ: dict[str, Callable[[Cells], object]] = {
    "a day": lambda cells: cells.day("born_on"),
    "a number": lambda cells: cells.number("born_on"),
    "a word": lambda cells: cells.word("born_on", Gender),
    "a figure": lambda cells: cells.optional_thousandths("born_on"),
    "an amount": lambda cells: cells.money("born_on"),
}


@pytest.mark.parametrize("kind", READ)
def test_a_bad_cell_is_named_and_not_quoted(kind: str) -> None:
    with pytest.raises(CellError, match=r"^born_on: this ") as caught:
        READ[kind](Cells(TableRow(2, {"born_on": CANARY})))
    assert CANARY not in str(caught.value)
