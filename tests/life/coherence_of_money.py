"""What fits together in inputs about money, evaluation and rules."""

from __future__ import annotations

from datetime import date, timedelta

from life.coherence import (
    Recipe,
    Values,
    chosen,
    declaring,
    named,
    rows,
)
from life.drawing import Drawing

RECIPES: dict[str, Recipe] = {}
recipe = declaring(RECIPES)

FOLLOWS = {"EXCELLENT": "PRIORITY", "GOOD": "PRIORITY", "PASS": "RECTIFY", "FAIL": "BARRED"}


@recipe("rateScorecard")
def _anchor(drawing: Drawing, values: Values) -> None:
    figure = named(drawing, "figureId") or {}
    points = [
        row["points"]
        for row in drawing.city.of("indicator_anchor")
        if row["indicator_id"] == figure.get("indicator_id")
    ]
    if points:
        values["points"] = drawing.random.choice(points)


@recipe("defineIndicator")
def _counted_or_rated(drawing: Drawing, values: Values) -> None:
    numbers = ("measure", "direction", "baselineThousandths", "targetThousandths")
    if drawing.random.randrange(2):
        values["anchors"] = [
            {"points": points, "meaning": f"{points} 分"} for points in (0, 60, 100)
        ]
        for name in (*numbers, "projectId", "areaId"):
            values.pop(name, None)
    else:
        values.pop("anchors", None)
        measure = drawing.random.choice(("HOME_HELP", "PERSONS_SERVED", "GROUP_ACTIVITIES"))
        values |= dict(zip(numbers, (measure, "HIGHER_IS_BETTER", 0, 40_000), strict=True))
        values.pop("areaId", None)
    values["name"] = f"指标{drawing.number}"


@recipe("freezeScorecard")
def _consequence(drawing: Drawing, values: Values) -> None:
    card = named(drawing, "scorecardId") or {}
    values["consequence"] = drawing.random.choice(
        (FOLLOWS.get(card.get("grade", ""), "NONE"), "NONE")
    )
    values.pop("rectifyBy", None)
    if values["consequence"] == "RECTIFY":
        values["rectifyBy"] = (drawing.city.today + timedelta(30)).isoformat()


@recipe("openScorecard", "submitPeriod")
def _period(drawing: Drawing, values: Values) -> None:
    """The stretch that follows on those that there are, up to today."""
    agreement = named(drawing, "agreementId")
    if agreement is None:
        return
    table = "scorecard" if drawing.mutation == "openScorecard" else "accounting_period"
    ends = [
        row["valid_until"]
        for row in drawing.city.of(table)
        if row["agreement_id"] == agreement["id"]
    ]
    start = date.fromisoformat(max([agreement["valid_from"], *ends]))
    left = (min(drawing.city.today, date.fromisoformat(agreement["valid_until"])) - start).days
    end = start + timedelta(drawing.random.randint(1, max(1, min(left, 45))))
    values |= {"validFrom": start.isoformat(), "validUntil": end.isoformat()}


@recipe("commitMoney", "commitBeyondBudget", "requestBudgetChange")
def _of_a_line(drawing: Drawing, values: Values) -> None:
    """An amount below or beyond what a line of an approved budget has."""
    approved = {row["id"] for row in rows(drawing, "budget") if row["status"] == "APPROVED"}
    lines = [row for row in rows(drawing, "budget_line") if row["budget_id"] in approved]
    left = {
        row["owner_id"]: row["balance_fen"]
        for row in rows(drawing, "ledger_account")
        if row["kind"] == "AVAILABLE"
    }
    is_change = drawing.mutation == "requestBudgetChange"
    field = "fromLineId" if is_change else "budgetLineId"
    full = [row for row in lines if left.get(row["id"])]
    line = chosen(drawing, values, field, "BudgetLine", full)
    if line is None:
        return
    if is_change:
        others = [row for row in lines if row["budget_id"] == line["budget_id"] and row != line]
        chosen(drawing, values, "toLineId", "BudgetLine", others)
    most = left[line["id"]]
    if drawing.mutation == "commitBeyondBudget":
        values["amount"] = _yuan(most + drawing.random.choice((1, 100, 5_000)))
    else:
        parts = (most, most + 1, most // 2 or 1, most // 10 or 1, most // 10 or 1)
        values["amount"] = _yuan(drawing.random.choice(parts))


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


@recipe("enterExpense", "mendExpense")
def _voucher(drawing: Drawing, values: Values) -> None:
    """Within what is left of a commitment, on a day since."""
    expense = named(drawing, "expenseId") or {}
    commitment = named(drawing, "commitmentId") or drawing.city.row(
        "commitment", expense.get("commitment_id")
    )
    if commitment is None:
        return
    used = sum(
        row["amount_fen"]
        for row in rows(drawing, "expense")
        if row["commitment_id"] == commitment["id"]
        and row["status"] != "REVERSED"
        and row["id"] != expense.get("id")
    )
    left = commitment["amount_fen"] - used
    if left > 0:
        parts = (left, left + 1, left // 2 or 1, left // 4 or 1)
        values["amount"] = _yuan(drawing.random.choice(parts))
    if drawing.random.randrange(3):
        values["spentOn"] = drawing.city.today.isoformat()


@recipe("draftBudgetLine")
def _drafted(drawing: Drawing, values: Values) -> None:
    """Of a project whose budget is not decided."""
    closed = {
        row["project_id"]
        for row in rows(drawing, "budget")
        if row["status"] in {"SUBMITTED", "APPROVED"}
    }
    fit = [row for row in rows(drawing, "project") if row["id"] not in closed]
    chosen(drawing, values, "projectId", "Project", fit)
    values["amount"] = _yuan(drawing.random.choice((0, 100_000, 500_000, 1_500_000)))


@recipe("fundAgreement", "planTranche")
def _share(drawing: Drawing, values: Values) -> None:
    """A part of an agreement, so that others follow."""
    for name in ("leastGrade", "scorecardDay"):
        values.pop(name, None)
    if drawing.random.randrange(3):
        values.pop("deliverables", None)
    if drawing.random.randrange(5):
        values["amount"] = _yuan(drawing.random.choice((100_000, 300_000, 12_345)))


@recipe("defineRole", "changeRole")
def _role(drawing: Drawing, values: Values) -> None:
    """What an agency may give, mostly."""
    possible = (
        {"coordinate": "Mutation.planSalon", "action": "EXECUTE", "scope": "TENANT"},
        {"coordinate": "Salon.*", "action": "READ", "scope": "TENANT"},
        {"coordinate": "Skill.*", "action": "READ", "scope": "TENANT"},
    )
    if drawing.random.randrange(6):
        values["rules"] = drawing.random.sample(possible, drawing.random.randint(0, 1))
        values["blocks"] = drawing.random.sample(("volunteer_manager", "finance"), 1)


@recipe("publishPolicyDocument")
def _document(drawing: Drawing, values: Values) -> None:
    if drawing.random.randrange(4):
        values.pop("replacesId", None)
        values["number"] = f"民发〔2015〕{drawing.number}号"
    for place, each in enumerate(values["clauses"]):
        each["label"] = f"第{place + 1}条"
