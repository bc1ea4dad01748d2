"""Where the money is and what it does, against plain SQL and plain arithmetic."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import pytest

from citywide.errors import Code
from citywide.graph.scalars import parse_money
from citywide.settings import CHECKOUT
from walls.house import House

OFFICER = "bureau.budget"
TODAY = date(2015, 11, 11)
FIGURES = "allocated committed spent paid overrun available expected burnRate forecast"
MONEY = [name for name in FIGURES.split() if name != "burnRate"]
OPERATIONS = CHECKOUT / "schema" / "operations"

LINES = """SELECT t.name AS agency, l.id, l.category, l.revised_fen, p.valid_from, p.valid_until
    FROM budget_line l JOIN budget b ON b.tenant_id = l.tenant_id AND b.id = l.budget_id
    JOIN project p ON p.tenant_id = l.tenant_id AND p.id = l.project_id
    JOIN tenant t ON t.tenant_id = l.tenant_id WHERE b.status = 'APPROVED'"""
SPENT = """SELECT budget_line_id AS line, spent_on, status, amount_fen
    FROM expense WHERE status IN ('APPROVED', 'PAID')"""
LEDGER = """SELECT t.name AS agency, a.kind, sum(a.balance_fen)::bigint AS fen
    FROM ledger_account a JOIN tenant t ON t.tenant_id = a.tenant_id GROUP BY 1, 2"""


async def rows(house: House, user: str, arguments: str = "") -> dict[tuple[str, ...], Any]:
    """The rows of `spending`, its sums in fen, by the labels of their keys."""
    document = f"{{ spending{arguments} {{ rows {{ keys {{ label }} {FIGURES} }} }} }}"
    found = (await house.data(user, document))["spending"]["rows"]
    return {
        tuple(key["label"] for key in row["keys"]): {
            name: value if name == "burnRate" else parse_money(value)
            for name, value in row.items()
            if name != "keys"
        }
        for row in found
    }


def summed(cells: dict[tuple[str, ...], Any], *places: int) -> dict[tuple[str, ...], Any]:
    found: dict[tuple[str, ...], Counter[str]] = {}
    for key, cell in cells.items():
        kept = found.setdefault(tuple(key[place] for place in places), Counter())
        for name in MONEY:
            kept[name] += cell[name]
    return {key: dict(each) for key, each in found.items()}


def money(cells: dict[tuple[str, ...], Any]) -> dict[tuple[str, ...], Any]:
    return {key: {name: cell[name] for name in MONEY} for key, cell in cells.items()}


async def test_each_figure_is_that_of_the_ledger_and_the_vouchers(funded: House) -> None:
    found = await rows(funded, OFFICER, "(by: [AGENCY])")
    ledger = {(row["agency"], row["kind"]): row["fen"] for row in await funded.owner.fetch(LEDGER)}
    budgets: Counter[str] = Counter()
    for line in await funded.owner.fetch(LINES):
        budgets[line["agency"]] += line["revised_fen"]
    assert {key[0] for key in found} == set(budgets)
    for (agency,), cell in found.items():
        assert cell["allocated"] == budgets[agency]
        assert cell["committed"] == ledger[agency, "COMMITTED"]
        assert cell["paid"] == ledger[agency, "PAID"]
        assert cell["spent"] == ledger[agency, "SPENT"] + ledger[agency, "PAID"]
        assert cell["overrun"] == -ledger[agency, "OVERRUN"]
        assert cell["available"] == ledger[agency, "AVAILABLE"]


async def test_pace_and_forecast_are_those_of_plain_arithmetic(funded: House) -> None:
    """A line's straight line by days, and August to October once more for each day to come."""
    vouchers = await funded.owner.fetch(SPENT)
    allotted: dict[tuple[str, str], Counter[str]] = {}
    for line in await funded.owner.fetch(LINES):
        start, end, budget = line["valid_from"], line["valid_until"], line["revised_fen"]
        mine = [row for row in vouchers if row["line"] == line["id"]]
        lately = sum(
            row["amount_fen"]
            for row in mine
            if date(2015, 8, 1) <= row["spent_on"] < date(2015, 11, 1)
        )
        for month in range(12):
            first = date(2014 + (11 + month) // 12, (11 + month) % 12 + 1, 1)
            after = (first + timedelta(days=31)).replace(day=1)
            cell = allotted.setdefault((line["agency"], f"{first:%Y-%m}"), Counter())

            def until(day: date, start: date = start, budget: int = budget, end: date = end) -> int:
                return budget * (min(day, end) - start).days // (end - start).days

            def coming(day: date, lately: int = lately, end: date = end) -> int:
                days = (min(day, end) - TODAY - timedelta(days=1)).days
                return lately * max(days, 0) // 92

            spent = sum(row["amount_fen"] for row in mine if first <= row["spent_on"] < after)
            tomorrow = TODAY + timedelta(days=1)
            cell["allocated"] += until(after) - until(first)
            cell["expected"] += until(min(after, tomorrow)) - until(min(first, tomorrow))
            cell["spent"] += spent
            cell["forecast"] += spent + coming(after) - coming(first)
    found = await rows(funded, OFFICER, "(by: [AGENCY, MONTH])")
    assert set(found) == set(allotted)
    for key, cell in found.items():
        assert {name: cell[name] for name in allotted[key]} == dict(allotted[key]), key
        pace = Decimal(cell["spent"]) / cell["expected"]
        assert abs(Decimal(str(cell["burnRate"])) - pace) <= Decimal("0.0005")


async def test_however_it_is_split_it_adds_up_to_the_same(funded: House) -> None:
    total = money(await rows(funded, OFFICER))
    agencies = money(await rows(funded, OFFICER, "(by: [AGENCY])"))
    assert summed(agencies) == total
    for by, places in (
        ("[AGENCY, CATEGORY]", [0]),
        ("[MONTH, AGENCY]", [1]),
        ("[PROJECT, LINE, AGENCY, MONTH]", [2]),
    ):
        cells = await rows(funded, OFFICER, f"(by: {by})")
        assert summed(cells, *places) == agencies, by
    parts = [
        await rows(funded, OFFICER, '(by: [CATEGORY], where: {until: "2015-03-10"})'),
        await rows(funded, OFFICER, '(by: [CATEGORY], where: {from: "2015-03-10"})'),
    ]
    assert (
        summed({(*key, str(n)): cell for n, part in enumerate(parts) for key, cell in part.items()})
        == total
    )


async def test_a_funds_money_is_its_share_of_what_an_agreement_is_funded_with(
    funded: House,
) -> None:
    found = await rows(funded, OFFICER, "(by: [FUND])")
    shares = await funded.owner.fetch(
        "SELECT fu.name, f.agency_id, f.amount_fen, sum(f.amount_fen) OVER (PARTITION BY"
        " f.agreement_id) AS every FROM funding f JOIN appropriation a ON a.id = f.appropriation_id"
        " JOIN fund fu ON fu.id = a.fund_id"
    )
    spent = {
        row["tenant_id"]: row["fen"]
        for row in await funded.owner.fetch(
            "SELECT tenant_id, sum(amount_fen)::bigint AS fen FROM expense"
            " WHERE status IN ('APPROVED', 'PAID') GROUP BY 1"
        )
    }
    wanted: Counter[str] = Counter()
    for share in shares:
        wanted[share["name"]] += spent[share["agency_id"]] * share["amount_fen"] / share["every"]
    assert {key[0]: cell["spent"] for key, cell in found.items()} == {
        name: round(fen) for name, fen in wanted.items()
    }
    # What is funded in full is allocated in full.
    assert sorted(cell["allocated"] for cell in found.values()) == [30_000_00, 238_000_00]


async def test_an_agency_sees_its_own_money_and_no_fund(funded: House) -> None:
    every = await rows(funded, OFFICER, "(by: [AGENCY, LINE])")
    mine = await rows(funded, "yixin.finance", "(by: [AGENCY, LINE])")
    assert mine == {key: cell for key, cell in every.items() if key[0] == "市一心社工服务中心"}
    named = await funded.forbidden("yixin.director", "{ spending(by: [FUND]) { rows { spent } } }")
    assert named == {"SpendingDimension.FUND"}
    costs = "{ unitCosts(per: [PERSON], by: [AGENCY]) { rows { costs { cost median } } } }"
    assert await funded.forbidden("yixin.director", costs) == {"UnitCost.median"}
    for user in ("yixin.worker1", "supervisor.lead", "bureau.analyst", "bureau.officer"):
        refused = await funded.forbidden(user, "{ spending { rows { spent } } }")
        assert "Query.spending" in refused


async def test_a_draft_budget_allocates_nothing(pilot: House) -> None:
    [project] = (await pilot.data("yixin.finance", "{ projects { nodes { id } } }"))["projects"][
        "nodes"
    ]
    answer = await pilot.act(
        "yixin.finance",
        "draftBudgetLine",
        projectId=project["id"],
        category="PERSONNEL",
        amount="5000.00",
    )
    assert answer["__typename"] == "DraftBudgetLineSuccess"
    assert await rows(pilot, OFFICER, "(by: [AGENCY])") == {}
    [total] = (await rows(pilot, OFFICER)).values()
    assert total == {**dict.fromkeys(MONEY, 0), "burnRate": None}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{ spending(where: {from: null}) { rows { spent } } }", "from is null"),
        ('{ spending(where: {agencies: ["x"]}) { rows { spent } } }', "is not the id of a Agency"),
        ("{ unitCosts(per: []) { rows { costs { cost } } } }", "at least one unit"),
    ],
)
async def test_a_question_without_sense_is_refused_in_a_sentence(
    funded: House, document: str, said: str
) -> None:
    refusal = await funded.refusal(OFFICER, document)
    assert refusal.code is Code.BAD_USER_INPUT
    assert said in refusal.message


QUANTITIES = """SELECT t.name AS agency, count(DISTINCT a.beneficiary_id) AS "PERSON",
    count(a.beneficiary_id) AS "PERSON_TIME", count(DISTINCT r.id) AS "SERVICE",
    count(a.beneficiary_id) FILTER (WHERE r.kind = 'HOME_HELP') AS "HOME_HELP",
    count(a.beneficiary_id) FILTER (WHERE r.kind = 'CASE_SESSION') AS "CASE_COUNSELLING",
    count(DISTINCT r.id) FILTER (WHERE r.kind = 'GROUP_SESSION') AS "GROUP_ACTIVITY"
    FROM service_record r JOIN tenant t ON t.tenant_id = r.tenant_id
    LEFT JOIN attendance a ON a.tenant_id = r.tenant_id AND a.service_record_id = r.id
        AND a.role = 'BENEFICIARY'
    WHERE r.status = 'CURRENT' GROUP BY 1"""


async def test_a_category_is_set_beside_all_that_its_project_delivered(funded: House) -> None:
    document = """{ unitCosts(per: [SERVICE], by: [PROJECT, CATEGORY], where: {
        categories: [ACTIVITIES], from: "2015-02-01", until: "2015-07-01" }) { rows {
        keys { value label } costs { spent quantity cost median } } } }"""
    found = (await funded.data(OFFICER, document))["unitCosts"]["rows"]
    wanted = await funded.owner.fetch(
        "SELECT p.name, sum(e.amount_fen)::bigint AS fen, (SELECT count(*) FROM service_record r"
        " WHERE r.tenant_id = p.tenant_id AND r.project_id = p.id AND r.status = 'CURRENT'"
        " AND r.served_on >= '2015-02-01' AND r.served_on < '2015-07-01') AS services"
        " FROM expense e JOIN budget_line l ON l.id = e.budget_line_id"
        " JOIN project p ON p.id = l.project_id WHERE l.category = 'ACTIVITIES'"
        " AND e.status IN ('APPROVED', 'PAID') AND e.spent_on >= '2015-02-01'"
        " AND e.spent_on < '2015-07-01' GROUP BY p.tenant_id, p.id, p.name"
    )
    told = {
        row["keys"][0]["label"]: (parse_money(cost["spent"]), cost["quantity"])
        for row in found
        for cost in row["costs"]
    }
    assert told == {row["name"]: (row["fen"], row["services"]) for row in wanted}
    middle = median(row["fen"] / row["services"] for row in wanted)
    assert {parse_money(row["costs"][0]["median"]) for row in found} == {round(middle)}


async def test_the_operations_tell_what_plain_sql_tells(funded: House) -> None:
    async def ran(name: str) -> Any:
        return await funded.data(OFFICER, (OPERATIONS / f"{name}.graphql").read_text("utf-8"))

    spent = await funded.owner.fetch(
        "SELECT t.name, l.category, to_char(e.spent_on, 'YYYY-MM') AS month, e.amount_fen AS fen"
        " FROM expense e JOIN tenant t ON t.tenant_id = e.tenant_id JOIN budget_line l"
        " ON l.tenant_id = e.tenant_id AND l.id = e.budget_line_id"
        " WHERE e.status IN ('APPROVED', 'PAID')"
    )
    by_category: Counter[tuple[str, str]] = Counter()
    by_month: Counter[tuple[str, str]] = Counter()
    by_agency: Counter[str] = Counter()
    for row in spent:
        by_category[row["name"], row["category"]] += row["fen"]
        by_month[row["name"], row["month"]] += row["fen"]
        by_agency[row["name"]] += row["fen"]
    who = await ran("WhoSpentWhat")
    told = {
        (row["keys"][0]["label"], row["keys"][1]["value"]): parse_money(row["spent"])
        for row in who["spending"]["rows"]
    }
    assert told == by_category
    months = {
        (row["keys"][0]["label"], row["keys"][1]["value"]): parse_money(row["spent"])
        for row in who["months"]["rows"]
    }
    assert {key: fen for key, fen in months.items() if fen} == by_month

    funds = await ran("SpendingByFund")
    for each in funds["appropriations"]["nodes"]:
        left = await funded.owner.fetchval(
            "SELECT a.amount_fen - coalesce(sum(f.amount_fen), 0)::bigint FROM appropriation a"
            " LEFT JOIN funding f ON f.appropriation_id = a.id WHERE a.document = $1"
            " GROUP BY a.id, a.amount_fen",
            each["document"],
        )
        assert parse_money(each["available"]) == left

    quantities = {row["agency"]: dict(row) for row in await funded.owner.fetch(QUANTITIES)}
    costs = (await ran("UnitCosts"))["unitCosts"]["rows"]
    assert {row["keys"][0]["label"] for row in costs} == set(quantities)
    for row in costs:
        agency = row["keys"][0]["label"]
        for cost in row["costs"]:
            quantity = quantities[agency][cost["unit"]]
            every = [
                Decimal(by_agency[name]) / 100 / quantities[name][cost["unit"]]
                for name in quantities
            ]
            assert (parse_money(cost["spent"]), cost["quantity"]) == (by_agency[agency], quantity)
            assert abs(
                Decimal(cost["cost"]) - Decimal(by_agency[agency]) / 100 / quantity
            ) <= Decimal("0.005")
            assert abs(Decimal(cost["median"]) - median(every)) <= Decimal("0.006")
