"""The money chain through the API: from a fund to a payment, and everything that is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from budgets.books import DIRECTOR, FINANCE, OFFICER, Books, assert_balanced, done
from evaluation.judging import SCALE, Judging
from walls.house import House


async def test_money_goes_from_the_fund_to_the_payee_and_every_step_is_seen(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00", MATERIALS="1000.00")
    await books.hand_over("20000.00")
    commitment = (await books.commit("ACTIVITIES", "2500.50"))["commitment"]
    assert commitment["left"] == "2500.50"
    expense = (await books.spend(commitment["id"], "2000.00"))["expense"]
    same = {"expenseId": expense["id"], "version": expense["version"]}
    expense = await done(pilot, DIRECTOR, "approveExpense", "expense { id version status }", **same)
    assert expense["status"] == "APPROVED"
    same["version"] = expense["version"]
    expense = await done(
        pilot, FINANCE, "payExpense", "expense { status paidOn }", paidOn="2015-10-25", **same
    )
    assert expense == {"status": "PAID", "paidOn": "2015-10-25"}
    assert await books.line("ACTIVITIES", OFFICER) == {
        "revised": "9000.00",
        "available": "6499.50",
        "committed": "500.50",
        "spent": "0.00",
        "paid": "2000.00",
        "overrun": "0.00",
    }
    closed = await done(
        pilot,
        FINANCE,
        "closeCommitment",
        "commitment { status left }",
        commitmentId=commitment["id"],
        version=1,
    )
    assert closed == {"status": "CLOSED", "left": "0.00"}
    assert (await books.line("ACTIVITIES"))["available"] == "7000.00"
    await assert_balanced(pilot)


async def test_a_hundred_commitments_on_a_line_with_money_for_ten_are_ten(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="1000.00")
    answers = await asyncio.gather(*(books.commit("ACTIVITIES", "100.00") for _ in range(100)))
    kinds = [answer["__typename"] for answer in answers]
    assert kinds.count("CommitMoneySuccess") == 10
    refused = [answer for answer in answers if answer["__typename"] == "BudgetExceeded"]
    assert len(refused) == 90
    for each in refused:
        assert each["code"] == "BUDGET_EXCEEDED"
        assert each["message"].startswith("0.00 yuan are left of the budget line")
    assert (await books.line("ACTIVITIES"))["committed"] == "1000.00"
    await assert_balanced(pilot)


async def test_an_override_needs_a_director_and_a_reason_and_is_seen(pilot: House) -> None:
    books = await Books.opened(pilot, MATERIALS="100.00")
    refused = await books.commit("MATERIALS", "130.00")
    assert (refused["__typename"], refused["path"]) == ("BudgetExceeded", ["amount"])
    silent = await books.commit("MATERIALS", "130.00", reason=" ")
    assert silent["__typename"] == "InputProblem"
    named = await pilot.forbidden(
        FINANCE,
        "mutation($input: CommitBeyondBudgetInput!) { commitBeyondBudget(input: $input) {"
        " __typename } }",
        input={
            "idempotencyKey": "k",
            "budgetLineId": books.lines["MATERIALS"],
            "number": "C-x",
            "payee": "某店",
            "purpose": "某物",
            "committedOn": "2015-10-10",
            "amount": "130.00",
            "reason": "急需",
        },
    )
    assert named == {"Mutation.commitBeyondBudget"}
    allowed = await books.commit("MATERIALS", "130.00", reason="台风后急需防潮物资")
    assert allowed["__typename"] == "CommitBeyondBudgetSuccess"
    line = await books.line("MATERIALS", OFFICER)
    assert (line["available"], line["committed"], line["overrun"]) == ("0.00", "130.00", "30.00")
    seen = await pilot.data(OFFICER, "{ commitments { nodes { override overrideReason payee } } }")
    assert seen["commitments"]["nodes"] == [
        {"override": "30.00", "overrideReason": "台风后急需防潮物资", "payee": "旭**"}
    ]


async def test_with_two_hats_one_is_still_one_person(pilot: House) -> None:
    """The bureau's budget officer, taken on by an agency as its finance, decides nothing there."""
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    commitment = (await books.commit("ACTIVITIES", "8000.00"))["commitment"]
    await done(
        pilot,
        DIRECTOR,
        "inviteMember",
        "member { status }",
        subject=OFFICER,
        name="两顶帽子",
        roles=["finance", "director"],
    )
    await pilot.memberships.look()
    inside, outside = f"{OFFICER} at yijiaqin", f"{OFFICER} at yueqing"
    await done(pilot, inside, "acceptInvitation", "member { status }")
    await pilot.memberships.look()
    voucher = {
        "commitmentId": commitment["id"],
        "payee": "旭阳百货店",
        "spentOn": "2015-10-20",
        "amount": "4000.00",
        "evidence": "发票，存第3册",
    }
    row = "expense { id version }"
    entered = await done(pilot, inside, "enterExpense", row, number="V-1", **voucher)
    own = {"expenseId": entered["id"], "version": entered["version"]}
    for hat in (inside, outside):
        for mutation, more in (("approveExpense", {}), ("returnExpense", {"note": "无"})):
            answer = await pilot.act(hat, mutation, **own, **more)
            assert (hat, answer["__typename"]) == (hat, "AccessProblem")
    # Nor does one person approve twice, as the agency's director and as the bureau's officer.
    large = (await books.spend(commitment["id"], "3000.01"))["expense"]
    approval = {"expenseId": large["id"], "version": large["version"]}
    await done(pilot, inside, "approveExpense", row, **approval)
    twice = await pilot.act(outside, "approveExpense", **approval)
    assert (twice["__typename"], twice["code"]) == ("AccessProblem", "NOT_YOURS")
    # Periods are handed in and decided about in the same way.
    books_of = {"agreementId": books.agreement_id, "validFrom": "2015-09-01"}
    period = await done(
        pilot,
        inside,
        "submitPeriod",
        "accountingPeriod { id version }",
        validUntil="2015-10-01",
        **books_of,
    )
    decision = {"periodId": period["id"], "version": period["version"]}
    locked = await pilot.act(outside, "approvePeriod", **decision)
    assert (locked["__typename"], locked["code"]) == ("AccessProblem", "NOT_YOURS")


async def test_who_entered_a_voucher_does_not_approve_it_and_large_ones_need_two(
    pilot: House,
) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    commitment = (await books.commit("ACTIVITIES", "8000.00"))["commitment"]
    expense = (await books.spend(commitment["id"], "5000.00"))["expense"]
    same = {"expenseId": expense["id"], "version": expense["version"]}
    mine = await pilot.forbidden(
        FINANCE,
        "mutation($input: ApproveExpenseInput!) { approveExpense(input: $input) { __typename } }",
        input={**same, "idempotencyKey": "k"},
    )
    assert mine == {"Mutation.approveExpense"}
    first = await done(pilot, DIRECTOR, "approveExpense", "expense { status }", **same)
    assert first["status"] == "SUBMITTED"
    again = await pilot.act(DIRECTOR, "approveExpense", **same)
    assert (again["__typename"], again["code"]) == ("AccessProblem", "NOT_YOURS")
    second = await done(
        pilot, OFFICER, "approveExpense", "expense { status approvals { role available } }", **same
    )
    assert second["status"] == "APPROVED"
    assert {each["role"] for each in second["approvals"]} == {"director", "budget_officer"}
    assert (await books.line("ACTIVITIES"))["spent"] == "5000.00"
    await assert_balanced(pilot)


async def test_a_stale_version_changes_nothing(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    commitment = (await books.commit("ACTIVITIES", "800.00"))["commitment"]
    expense = (await books.spend(commitment["id"], "500.00"))["expense"]
    stale = await pilot.act(
        DIRECTOR, "approveExpense", expenseId=expense["id"], version=expense["version"] + 1
    )
    assert (stale["__typename"], stale["currentVersion"]) == ("StaleVersionProblem", 1)
    assert (await books.line("ACTIVITIES"))["spent"] == "0.00"


async def test_a_returned_voucher_is_mended_and_a_reversed_one_is_as_if_it_had_not_been(
    pilot: House,
) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    await books.hand_over("9000.00")
    commitment = (await books.commit("ACTIVITIES", "800.00"))["commitment"]
    expense = (await books.spend(commitment["id"], "500.00"))["expense"]
    step = {"expenseId": expense["id"], "version": 1}
    returned = await done(
        pilot, DIRECTOR, "returnExpense", "expense { status note version }", note="缺发票", **step
    )
    assert (returned["status"], returned["note"]) == ("RETURNED", "缺发票")
    mended = await done(
        pilot,
        FINANCE,
        "mendExpense",
        "expense { status version }",
        expenseId=expense["id"],
        version=returned["version"],
        payee="旭阳百货店",
        spentOn="2015-10-21",
        amount="480.00",
        evidence="发票已补",
    )
    step["version"] = mended["version"]
    approved = await done(pilot, DIRECTOR, "approveExpense", "expense { version }", **step)
    step["version"] = approved["version"]
    paid = await done(
        pilot, FINANCE, "payExpense", "expense { version }", paidOn="2015-10-25", **step
    )
    step["version"] = paid["version"]
    reversed_ = await done(
        pilot, DIRECTOR, "reverseExpense", "expense { status }", reason="重复入账", **step
    )
    assert reversed_["status"] == "REVERSED"
    line = await books.line("ACTIVITIES")
    assert (line["committed"], line["spent"], line["paid"]) == ("800.00", "0.00", "0.00")
    await assert_balanced(pilot)


async def test_what_is_reversed_of_a_closed_commitment_is_available_again(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    commitment = (await books.commit("ACTIVITIES", "800.00"))["commitment"]
    expense = (await books.spend(commitment["id"], "300.00"))["expense"]
    step = {"expenseId": expense["id"], "version": expense["version"]}
    approved = await done(pilot, DIRECTOR, "approveExpense", "expense { version }", **step)
    closing = {"commitmentId": commitment["id"], "version": commitment["version"]}
    await done(pilot, FINANCE, "closeCommitment", "commitment { id }", **closing)
    step["version"] = approved["version"]
    await done(pilot, DIRECTOR, "reverseExpense", "expense { id }", reason="重复入账", **step)
    line = await books.line("ACTIVITIES")
    assert (line["available"], line["committed"], line["spent"]) == ("9000.00", "0.00", "0.00")
    await assert_balanced(pilot)


async def test_a_line_gives_nothing_of_what_it_was_allowed_beyond_its_budget(pilot: House) -> None:
    books = await Books.opened(pilot, MATERIALS="100.00", ACTIVITIES="10.00")
    beyond = (await books.commit("MATERIALS", "250.00", reason="台风后急需"))["commitment"]
    closing = {"commitmentId": beyond["id"], "version": beyond["version"]}
    await done(pilot, FINANCE, "closeCommitment", "commitment { id }", **closing)
    lines = {"fromLineId": books.lines["MATERIALS"], "toLineId": books.lines["ACTIVITIES"]}
    refused = await pilot.act(
        FINANCE, "requestBudgetChange", amount="100.01", reason="用不完", **lines
    )
    assert (refused["code"], refused["path"]) == ("BUDGET_EXCEEDED", ["amount"])


async def test_a_period_that_is_not_over_is_not_submitted(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    period = {"agreementId": books.agreement_id, "validFrom": "2015-11-01"}
    early = await pilot.act(FINANCE, "submitPeriod", validUntil="2015-11-12", **period)
    assert [(fault["code"], fault["path"]) for fault in early["faults"]] == [
        ("FUTURE", ["validUntil"])
    ]
    over = await pilot.act(FINANCE, "submitPeriod", validUntil="2015-11-11", **period)
    assert over["__typename"] == "SubmitPeriodSuccess"


async def test_an_approved_period_is_locked(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    commitment = (await books.commit("ACTIVITIES", "800.00"))["commitment"]
    waiting = await books.spend(commitment["id"], "100.00")
    period = {
        "agreementId": books.agreement_id,
        "validFrom": "2015-10-01",
        "validUntil": "2015-11-01",
    }
    undecided = await pilot.act(FINANCE, "submitPeriod", **period)
    assert (undecided["__typename"], undecided["code"]) == ("StateProblem", "WRONG_STATE")
    expense = waiting["expense"]
    await done(
        pilot,
        DIRECTOR,
        "approveExpense",
        "expense { id }",
        expenseId=expense["id"],
        version=expense["version"],
    )
    submitted = await done(
        pilot, FINANCE, "submitPeriod", "accountingPeriod { id version }", **period
    )
    approval = {"periodId": submitted["id"], "version": submitted["version"]}
    # What the bureau approves is what was submitted.
    late = await books.spend(commitment["id"], "20.00")
    assert (late["code"], late["path"]) == ("WRONG_STATE", ["spentOn"])
    await done(pilot, OFFICER, "approvePeriod", "accountingPeriod { status }", **approval)
    for answer in (
        await books.commit("ACTIVITIES", "10.00"),
        await books.spend(commitment["id"], "10.00"),
    ):
        assert (answer["__typename"], answer["code"]) == ("StateProblem", "WRONG_STATE")
        assert "locked" in answer["message"]
    later = await books.spend(commitment["id"], "10.00", spentOn="2015-11-02")
    assert later["__typename"] == "EnterExpenseSuccess"


async def test_a_tranche_waits_for_its_deliverables(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="9000.00")
    tranche = await done(
        pilot,
        OFFICER,
        "planTranche",
        "tranche { id version }",
        agreementId=books.agreement_id,
        number=1,
        amount="5000.00",
        dueOn="2015-06-30",
        condition="上门帮扶五百人次",
        deliverables=[
            {
                "projectId": books.project_id,
                "measure": "HOME_HELP",
                "validFrom": "2014-12-01",
                "validUntil": "2015-12-01",
                "quantity": 500,
            }
        ],
    )
    same = {"trancheId": tranche["id"], "version": tranche["version"]}
    early = await pilot.act(OFFICER, "releaseTranche", **same)
    assert early["__typename"] == "StateProblem"
    short = await pilot.act(OFFICER, "acceptDeliverables", because="看过记录", **same)
    assert (short["__typename"], short["code"]) == ("StateProblem", "NOT_DELIVERED")
    assert "HOME_HELP 50 of 500" in short["message"]


async def test_a_tranche_waits_for_the_scorecard_of_its_period_to_be_frozen_with_its_grade(
    pilot: House,
) -> None:
    """Steps of a card that comes to GOOD, each with what the two tranches that ask for one say."""
    judging = await Judging.of(pilot, "yijiaqin")
    plan = {
        "agreementId": judging.agreement_id,
        "amount": "100.00",
        "dueOn": "2015-12-15",
        "condition": "全年绩效评价",
    }
    selection = "tranche { id version status leastGrade scorecardDay }"
    for given, field in (
        ({"leastGrade": "GOOD"}, "scorecardDay"),
        ({"scorecardDay": "2015-10-31"}, "scorecardDay"),
        ({"leastGrade": "GOOD", "scorecardDay": "2015-12-01"}, "scorecardDay"),
    ):
        refused = await pilot.act(OFFICER, "planTranche", selection, **plan, number=1, **given)
        assert [fault["path"] for fault in refused["faults"]] == [[field]]
    tranches = {}
    asked = ("EXCELLENT", "2015-10-31"), ("GOOD", "2015-10-31"), ("FAIL", "2015-11-01")
    for number, (least, day) in enumerate(asked, start=1):
        waits = {"leastGrade": least, "scorecardDay": day}
        tranche = await done(
            pilot, OFFICER, "planTranche", selection, **plan, number=number, **waits
        )
        assert tranche | waits == tranche
        tranches[least] = tranche

    async def accepted(least: str) -> Any:
        same = {"trancheId": tranches[least]["id"], "version": tranches[least]["version"]}
        answer = await pilot.act(
            OFFICER, "acceptDeliverables", selection, because="看过评价表", **same
        )
        state = await pilot.owner.fetchrow(
            "SELECT count(*) FILTER (WHERE status <> 'PLANNED' OR version > 1) AS moved,"
            " (SELECT count(*) FROM audit_entry WHERE coordinate = 'Mutation.acceptDeliverables')"
            " AS noted FROM tranche"
        )
        return answer.get("code"), answer.get("message", ""), tuple(state)

    async def assert_refused(least: str, said: str) -> None:
        code, message, state = await accepted(least)
        assert (code, state) == ("NOT_DELIVERED", (0, 0))
        assert said in message, message

    card_of = "the scorecard from 2014-12-01 to before 2015-11-01"
    await assert_refused("GOOD", "no scorecard is about 2015-10-31; open one")
    half = {"aspect": "OUTPUTS", "anchors": SCALE}
    assert "indicator" in await judging.define("计划", **half)
    assert "indicator" in await judging.define("档案", **half, weight=10)
    card = (await judging.open())["scorecard"]
    await assert_refused("GOOD", f"{card_of} is OPEN, and counts once it is FROZEN")
    card = (await judging.say(card, "yijiaqin.director"))["scorecard"]
    for figure, points in zip((await judging.card())["figures"], (60, 100), strict=True):
        assert "scorecardRating" in await judging.rate(figure["id"], "THIRD_PARTY", points)
    card = (await judging.step("gradeScorecard", card))["scorecard"]
    assert card["grade"] == "GOOD"
    await assert_refused("GOOD", f"{card_of} is GRADED")
    await judging.step("freezeScorecard", card, consequence="NONE", reason="示例")
    frozen = f"{card_of} is frozen with GOOD, and the tranche asks for EXCELLENT at least"
    await assert_refused("EXCELLENT", frozen)
    await assert_refused("FAIL", "no scorecard is about 2015-11-01")
    assert await accepted("GOOD") == (None, "", (1, 1))


async def test_a_change_of_lines_shows_before_and_after_and_moves_the_money(pilot: House) -> None:
    books = await Books.opened(pilot, ACTIVITIES="900.00", MATERIALS="100.00")
    change = await done(
        pilot,
        FINANCE,
        "requestBudgetChange",
        "budgetChange { id version fromBefore fromAfter toBefore toAfter }",
        fromLineId=books.lines["ACTIVITIES"],
        toLineId=books.lines["MATERIALS"],
        amount="50.00",
        reason="活动改在社区办，省下场地费",
    )
    assert [change[name] for name in ("fromBefore", "fromAfter", "toBefore", "toAfter")] == [
        "900.00",
        "850.00",
        "100.00",
        "150.00",
    ]
    await done(
        pilot,
        OFFICER,
        "approveBudgetChange",
        "budgetChange { status }",
        changeId=change["id"],
        version=change["version"],
    )
    assert (await books.line("MATERIALS"))["available"] == "150.00"
    assert (await books.line("ACTIVITIES"))["revised"] == "850.00"
    await assert_balanced(pilot)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-5.00"}, "amount"),
        ({"committedOn": "2016-01-01"}, "committedOn"),
        ({"committedOn": "2014-01-01"}, "committedOn"),
        ({"payee": " "}, "payee"),
        ({"number": "C\u0007"}, "number"),
        ({"purpose": "x" * 121}, "purpose"),
    ],
)
async def test_bad_input_names_its_field_and_books_nothing(
    pilot: House, changes: dict[str, Any], field: str
) -> None:
    books = await Books.opened(pilot, ACTIVITIES="900.00")
    before = await pilot.owner.fetchval("SELECT count(*) FROM ledger_transaction")
    answer = await books.commit("ACTIVITIES", **{"amount": "10.00", **changes})
    assert answer["__typename"] == "InputProblem"
    assert field in {fault["path"][0] for fault in answer["faults"]}
    assert await pilot.owner.fetchval("SELECT count(*) FROM ledger_transaction") == before
