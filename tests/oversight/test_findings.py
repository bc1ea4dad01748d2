"""Findings: each kind where it is planted and nowhere else; and their course to the closing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from statistics import median
from typing import Any

import pytest

from citywide.graph.scalars import parse_money
from citywide.settings import CHECKOUT
from walls.house import House

OFFICER = "bureau.budget"
SQS, YJQ, YIXIN = "“手牵手”社会工作室", "“壹家亲”社会工作室", "市一心社工服务中心"
DOCUMENT = (CHECKOUT / "schema" / "operations" / "Findings.graphql").read_text("utf-8")
EVERY = """{ findings(first: 100) { nodes { id version kind month amount status round explanation
    agency { name } answer closingReason reopenedOn settledOn evidence { expense { number }
    commitment { number } tranche { number } line { category } project { name } } } } }"""
INSPECTION = "inspection { found opened reopened settled }"
Key = tuple[str, str, str, tuple[str, ...]]


def named(finding: Any) -> Key:
    """What a finding is and rests on: kind, agency, month, and the rows by their names."""
    rows = (row for each in finding["evidence"] for row in each.values() if row is not None)
    names = sorted(str(name) for row in rows for name in row.values())
    return finding["kind"], finding["agency"]["name"], finding["month"], tuple(names)


async def findings(house: House, user: str = OFFICER) -> dict[Key, Any]:
    nodes = (await house.data(user, EVERY))["findings"]["nodes"]
    return {named(node): node for node in nodes if node["status"] != "SETTLED"}


async def inspect(house: House) -> Any:
    answer = await house.act(OFFICER, "inspectSpending", INSPECTION)
    assert answer["__typename"] == "InspectSpendingSuccess", answer
    return answer["inspection"]


PLANTED = [
    (
        "SPENDING_WITHOUT_SERVICES",
        "UPDATE expense SET spent_on = '2014-12-20' WHERE number = 'YX-V005'",
        "2014-12",
        ["YX-V005", "ACTIVITIES"],
    ),
    (
        "OUTSIDE_AGREEMENT",
        "UPDATE agreement SET valid_until = '2015-10-26' WHERE number = '优抚社工(2014)3号'",
        "",
        ["YX-V036"],
    ),
    (
        "LIKELY_DUPLICATE",
        "UPDATE expense SET amount_fen = 78000, spent_on = '2015-02-08' WHERE number = 'YX-V006'",
        "",
        ["YX-V005", "YX-V006"],
    ),
    (
        "APPROVED_BY_MAKER",
        (
            "UPDATE expense SET entered_by = (SELECT member_id FROM expense_approval WHERE"
            " expense_id = expense.id AND role = 'director') WHERE number = 'YX-V006'"
        ),
        "",
        ["YX-V006", "YX-C05"],
    ),
    (
        "TRANCHE_OVERDUE",
        (
            "UPDATE tranche SET due_on = '2015-11-10' WHERE number = 4 AND tenant_id ="
            " (SELECT tenant_id FROM agreement WHERE number = '优抚社工(2014)3号')"
        ),
        "",
        ["4"],
    ),
]
"""A kind, what makes one of it at 一心, the month it is about, and the rows that it rests on."""
HARMLESS = [
    "UPDATE expense SET amount_fen = 78000, spent_on = '2015-02-09' WHERE number = 'YX-V006'",
    "UPDATE tranche SET due_on = '2015-11-11' WHERE number = 4",
    "UPDATE agreement SET valid_until = '2015-11-12'",
    "UPDATE expense SET status = 'RETURNED' WHERE number = 'YX-V037'",
]


@pytest.mark.parametrize(("kind", "planting", "month", "rows"), PLANTED)
async def test_what_is_planted_is_found_with_its_evidence_and_nothing_else(
    funded: House, kind: str, planting: str, month: str, rows: Sequence[str]
) -> None:
    before = set(await findings(funded))
    assert (await inspect(funded))["opened"] == 0
    await funded.owner.execute(planting)
    await inspect(funded)
    planted = {key for key in set(await findings(funded)) - before if key[0] == kind}
    assert planted == {(kind, YIXIN, month, tuple(sorted(rows)))}


async def test_a_cost_that_is_far_out_and_a_line_that_will_not_last_are_found(
    funded: House,
) -> None:
    before = set(await findings(funded))
    await funded.owner.execute(
        "UPDATE expense SET amount_fen = amount_fen * 100 WHERE number = 'YX-V011'"
    )
    await funded.owner.execute(
        "UPDATE budget_line SET revised_fen = 800000 WHERE category = 'VOLUNTEER_SUBSIDIES'"
        " AND tenant_id = (SELECT tenant_id FROM agreement WHERE number = '优抚社工(2014)3号')"
    )
    await inspect(funded)
    new = set(await findings(funded)) - before
    when = await funded.owner.fetchval(
        "SELECT to_char(spent_on, 'YYYY-MM') FROM expense WHERE number = 'YX-V011'"
    )
    [far_out] = [key for key in new if key[0] == "UNIT_COST_FAR_OUT"]
    assert far_out[1:3] == (YIXIN, when)
    assert "YX-V011" in far_out[3]
    # The line of that voucher is overspent as well.
    short = {key[3][0] for key in new if key[:2] == ("MONEY_RUNS_OUT", YIXIN)}
    assert short == {"SUPERVISION", "VOLUNTEER_SUBSIDIES"}


async def test_what_is_near_but_in_order_is_not_found(funded: House) -> None:
    before = set(await findings(funded))
    for change in HARMLESS:
        await funded.owner.execute(change)
    await inspect(funded)
    assert set(await findings(funded)) <= before


async def test_the_demo_year_has_the_findings_that_plain_sql_and_arithmetic_have(
    funded: House,
) -> None:
    found = await findings(funded)
    vouchers = await funded.owner.fetch(
        "SELECT e.*, t.name AS agency, l.category, l.project_id, to_char(e.spent_on, 'YYYY-MM')"
        " AS month FROM expense e JOIN tenant t ON t.tenant_id = e.tenant_id"
        " JOIN budget_line l ON l.id = e.budget_line_id ORDER BY e.spent_on, e.id"
    )
    alike = {
        (one["agency"], tuple(sorted((one["number"], two["number"]))))
        for one, two in combinations(vouchers, 2)
        if (one["agency"], one["payee"], one["amount_fen"])
        == (two["agency"], two["payee"], two["amount_fen"])
        and two["spent_on"] - one["spent_on"] <= timedelta(days=10)
        and {one["status"], two["status"]} <= {"SUBMITTED", "APPROVED", "PAID"}
    }
    assert {(key[1], key[3]) for key in found if key[0] == "LIKELY_DUPLICATE"} == alike

    late = await funded.owner.fetch(
        "SELECT t.name, r.number FROM tranche r JOIN tenant t ON t.tenant_id = r.tenant_id"
        " WHERE r.due_on < '2015-11-11' AND r.released_on IS NULL"
    )
    assert {(key[1], key[3]) for key in found if key[0] == "TRANCHE_OVERDUE"} == {
        (row["name"], (str(row["number"]),)) for row in late
    }

    lines = (
        "{ spending(by: [AGENCY, LINE]) { rows { keys { label } allocated overrun forecast } } }"
    )
    short = {
        row["keys"][0]["label"]: parse_money(row["forecast"]) - budget
        for row in (await funded.data(OFFICER, lines))["spending"]["rows"]
        if (budget := parse_money(row["allocated"]) + parse_money(row["overrun"]))
        < parse_money(row["forecast"])
    }
    assert {
        key[1]: parse_money(each["amount"])
        for key, each in found.items()
        if key[0] == "MONEY_RUNS_OUT"
    } == short

    served = await funded.owner.fetch(
        "SELECT t.name, to_char(r.served_on, 'YYYY-MM') AS month, count(*) AS quantity"
        " FROM service_record r JOIN attendance a ON a.service_record_id = r.id"
        " JOIN tenant t ON t.tenant_id = r.tenant_id"
        " WHERE r.status = 'CURRENT' AND a.role = 'BENEFICIARY' GROUP BY 1, 2"
    )
    costs = {}
    for row in served:
        spent = sum(
            each["amount_fen"]
            for each in vouchers
            if (each["agency"], each["month"]) == (row["name"], row["month"])
            and each["status"] in {"APPROVED", "PAID"}
        )
        if spent and row["month"] < "2015-11":
            costs[row["name"], row["month"]] = spent / row["quantity"]
    middle = median(costs.values())
    spread = median(abs(cost - middle) for cost in costs.values())
    assert {key[1:3] for key in found if key[0] == "UNIT_COST_FAR_OUT"} == {
        key for key, cost in costs.items() if 0.6745 * abs(cost - middle) / spread > 3.5
    }


async def test_the_operation_shows_each_side_what_waits_for_it(funded: House) -> None:
    everything = (await funded.data(OFFICER, DOCUMENT))["findings"]
    waiting = await funded.owner.fetch(
        "SELECT t.name, f.kind, f.amount_fen FROM finding f JOIN tenant t"
        " ON t.tenant_id = f.tenant_id WHERE f.status IN ('OPEN', 'ANSWERED')"
    )
    told = sorted(
        (n["agency"]["name"], n["kind"], parse_money(n["amount"])) for n in everything["nodes"]
    )
    assert told == sorted((row["name"], row["kind"], row["amount_fen"]) for row in waiting)
    assert everything["totalCount"] == len(waiting)
    mine = (await funded.data("yixin.director", DOCUMENT))["findings"]["nodes"]
    assert {node["agency"]["name"] for node in mine} == {YIXIN}
    assert len(mine) == sum(row["name"] == YIXIN for row in waiting)


async def the_duplicate(house: House) -> Any:
    [found] = [
        each for key, each in (await findings(house)).items() if key[0] == "LIKELY_DUPLICATE"
    ]
    return found


async def test_a_finding_is_answered_closed_and_opened_again_by_other_evidence(
    funded: House,
) -> None:
    finding = await the_duplicate(funded)
    given = {"findingId": finding["id"], "version": finding["version"]}
    answered = await funded.act(
        "yijiaqin.finance",
        "answerFinding",
        "finding { status answer version }",
        answer="两张发票，两次采购",
        key="once",
        **given,
    )
    again = await funded.act(
        "yijiaqin.finance",
        "answerFinding",
        "finding { status answer version }",
        answer="两张发票，两次采购",
        key="once",
        **given,
    )
    assert again == answered
    assert answered["finding"]["status"] == "ANSWERED"
    assert (await inspect(funded))["reopened"] == 0
    stale = await funded.act(OFFICER, "closeFinding", reason="已核对", **given)
    assert stale["__typename"] == "StaleVersionProblem"
    given["version"] = stale["currentVersion"]
    closed = await funded.act(
        OFFICER,
        "closeFinding",
        "finding { status closingReason }",
        reason="已核对发票原件",
        **given,
    )
    assert closed["finding"] == {"status": "CLOSED", "closingReason": "已核对发票原件"}
    assert await inspect(funded) == {"found": 9, "opened": 0, "reopened": 0, "settled": 0}
    assert (await the_duplicate(funded))["status"] == "CLOSED"
    late = await funded.act(
        "yijiaqin.director", "answerFinding", answer="补充", findingId=finding["id"], version=3
    )
    assert (late["__typename"], late["code"]) == ("StateProblem", "WRONG_STATE")

    await funded.owner.execute(
        "UPDATE expense SET spent_on = '2015-06-11' WHERE number = 'YJQ-V020'"
    )
    assert (await inspect(funded))["reopened"] == 1
    opened = await the_duplicate(funded)
    assert (opened["id"], opened["status"], opened["round"]) == (finding["id"], "OPEN", 2)
    assert (opened["reopenedOn"], opened["closingReason"]) == ("2015-11-11", None)
    assert opened["answer"] == "两张发票，两次采购"
    assert named(opened) == named(finding)


async def test_what_is_found_no_longer_is_settled_and_found_again_is_open(funded: House) -> None:
    finding = await the_duplicate(funded)
    moved = "UPDATE expense SET spent_on = '{}' WHERE number = 'YJQ-V020'"
    await funded.owner.execute(moved.format("2015-07-12"))
    assert await inspect(funded) == {"found": 8, "opened": 0, "reopened": 0, "settled": 1}
    status = "SELECT status FROM finding WHERE kind = 'LIKELY_DUPLICATE'"
    assert await funded.owner.fetchval(status) == "SETTLED"
    await funded.owner.execute(moved.format("2015-06-12"))
    assert await inspect(funded) == {"found": 9, "opened": 0, "reopened": 1, "settled": 0}
    assert (await the_duplicate(funded))["id"] == finding["id"]


async def test_nobody_answers_for_others_and_nobody_closes_their_own(funded: House) -> None:
    finding = await the_duplicate(funded)
    given = {"findingId": finding["id"], "version": finding["version"]}
    stranger = await funded.act("yixin.director", "answerFinding", answer="不是我们的", **given)
    assert stranger["__typename"] == "InputProblem"
    assert [fault["path"] for fault in stranger["faults"]] == [["findingId"]]
    blank = await funded.act("yijiaqin.director", "answerFinding", answer=" ", **given)
    assert blank["__typename"] == "InputProblem"
    for user, mutation, more in (
        (OFFICER, "answerFinding", {"answer": "x"}),
        ("yijiaqin.worker1", "answerFinding", {"answer": "x"}),
        ("yijiaqin.director", "closeFinding", {"reason": "x"}),
        ("bureau.auditor", "closeFinding", {"reason": "x"}),
    ):
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}"
        content = {**given, **more, "idempotencyKey": "k"}
        assert await funded.forbidden(user, document, input=content) == {f"Mutation.{mutation}"}
    assert (await the_duplicate(funded))["status"] == "OPEN"


async def test_two_inspections_at_once_find_each_thing_once(pilot: House, funded: House) -> None:
    await funded.owner.execute("DELETE FROM finding_evidence")
    await funded.owner.execute("DELETE FROM finding")
    both = await asyncio.gather(inspect(funded), inspect(funded))
    assert sorted(each["opened"] for each in both) == [0, 9]
    assert await funded.owner.fetchval("SELECT count(*) FROM finding") == 9
    assert await inspect(pilot) == {"found": 0, "opened": 0, "reopened": 0, "settled": 0}
