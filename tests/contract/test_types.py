"""The type checks refuse a column, a word, a step and a field of an input that are none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from citywide.settings import CHECKOUT

# Each line that is marked must be refused, and no other one.
SNIPPET = """
from uuid import UUID

from citywide.acts.act import Act
from citywide.budgets.courses import BudgetCourse
from citywide.budgets.models import BUDGET, BudgetRow
from citywide.budgets.planning import BudgetDecision
from citywide.budgets.words import BudgetStatus
from citywide.ids import NodeId


def right(row: BudgetRow) -> BudgetStatus:
    return row["status"]


def a_column(row: BudgetRow) -> object:
    return row["statsu"]  # refused


def a_type(row: BudgetRow) -> int:
    return row["note"]  # refused


def a_word() -> BudgetStatus:
    return BudgetStatus.APROVED  # refused


async def a_step(act: Act, decision: BudgetDecision) -> UUID:
    budget = await act.find(BUDGET, decision.budget_id, "budget_id")
    await act.take(BudgetCourse.approve, budget, decision, "budget_id")
    await act.take(BudgetCourse.aprove, budget, decision, "budget_id")  # refused
    for line in await act.rows(BUDGET, project_id=budget["project_id"]):
        line["statsu"]  # refused
    return budget["id"]


def an_input(node: NodeId) -> list[BudgetDecision]:
    return [
        BudgetDecision(budget_id=node, version=1),
        BudgetDecision(budget_id=node),  # refused
        BudgetDecision(budget_id="B-1", version=1),  # refused
    ]
"""


def test_what_is_misspelt_or_of_another_type_fails_the_type_checks(tmp_path: Path) -> None:
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(CHECKOUT / "pyproject.toml")]
    checked = subprocess.run(
        [*command, str(file)], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    places = {line.split(":")[1] for line in checked.stdout.splitlines() if ": error:" in line}
    marked = {
        str(number)
        for number, line in enumerate(SNIPPET.splitlines(), start=1)
        if line.endswith("# refused")
    }
    assert places == marked, checked.stdout
