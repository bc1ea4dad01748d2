"""Money, needs, a campaign and a group in an agency, so that their tables have rows as well."""

from __future__ import annotations

from cases.story import Story
from evaluation.judging import Judging

OFFICER, BUDGET = "bureau.officer", "bureau.budget"


async def done(story: Story, user: str, mutation: str, selection: str, **given: object) -> str:
    """Do something that must succeed; the id of the row."""
    answer = await story.house.act(user, mutation, f"{selection} {{ id }}", **given)
    assert selection in answer, answer
    return str(answer[selection]["id"])


async def keep_books(story: Story, slug: str) -> None:
    """A budget, a change of it, a commitment with an approved voucher, a tranche, a period."""
    finance, house = f"{slug}.finance", story.house
    found = await house.data(
        BUDGET,
        "query($s: String!) { agencies(where: {slug: {eq: $s}}) { nodes { agreements {"
        " nodes { id } } } } }",
        s=slug,
    )
    agreement_id = found["agencies"]["nodes"][0]["agreements"]["nodes"][0]["id"]
    lines = [
        await done(
            story,
            finance,
            "draftBudgetLine",
            "budgetLine",
            projectId=story.project_id,
            category=category,
            amount="1000.00",
        )
        for category in ("ACTIVITIES", "MATERIALS")
    ]
    [budget] = (await house.data(finance, "{ budgets { nodes { id version } } }"))["budgets"][
        "nodes"
    ]
    same = {"budgetId": budget["id"]}
    await done(story, finance, "submitBudget", "budget", version=budget["version"], **same)
    await done(story, BUDGET, "approveBudget", "budget", version=budget["version"] + 1, **same)
    commitment_id = await done(
        story,
        finance,
        "commitMoney",
        "commitment",
        budgetLineId=lines[0],
        number="C-1",
        payee="示例商店",
        purpose="活动用品",
        committedOn="2015-10-12",
        amount="300.00",
    )
    expense_id = await done(
        story,
        finance,
        "enterExpense",
        "expense",
        commitmentId=commitment_id,
        number="V-1",
        payee="示例商店",
        spentOn="2015-10-13",
        amount="200.00",
        evidence="发票",
    )
    await done(story, story.director, "approveExpense", "expense", expenseId=expense_id, version=1)
    await done(
        story,
        finance,
        "requestBudgetChange",
        "budgetChange",
        fromLineId=lines[0],
        toLineId=lines[1],
        amount="10.00",
        reason="用品涨价",
    )
    await done(
        story,
        BUDGET,
        "planTranche",
        "tranche",
        agreementId=agreement_id,
        number=1,
        amount="100.00",
        dueOn="2015-10-31",
        condition="按计划完成",
        deliverables=[
            {
                "projectId": story.project_id,
                "measure": "HOME_HELP",
                "validFrom": "2014-12-01",
                "validUntil": "2015-12-01",
                "quantity": 1,
            }
        ],
    )
    await done(
        story,
        finance,
        "submitPeriod",
        "accountingPeriod",
        agreementId=agreement_id,
        validFrom="2015-09-01",
        validUntil="2015-10-01",
    )


async def judge(story: Story, slug: str) -> None:
    """Indicators of an agency's agreement, and a scorecard that is rated and graded."""
    judging = await Judging.of(story.house, slug)
    await judging.define_all()
    opened = (await judging.open())["scorecard"]
    [card] = [each for each in (await judging.cards()) if each["id"] == opened["id"]]
    said = (await judging.say(card, user=story.director))["scorecard"]
    [rated] = [each for each in card["figures"] if each["measure"] is None]
    assert "scorecardRating" in await judging.rate(rated["id"], "BUREAU", 60)
    assert "scorecard" in await judging.step("gradeScorecard", said)


async def fund(story: Story) -> None:
    """The bureau's own books."""
    fund_id = await done(story, BUDGET, "createFund", "fund", name="示例资金", source="示例财政")
    await done(
        story,
        BUDGET,
        "appropriate",
        "appropriation",
        fundId=fund_id,
        fiscalYear=2015,
        document="示例1号",
        appropriatedOn="2015-01-05",
        amount="1000.00",
    )


async def inspect(story: Story) -> None:
    """A look through the books, which finds the tranches that are late."""
    await done(story, BUDGET, "inspectSpending", "inspection")


async def ask_and_celebrate(story: Story) -> None:
    """A question of a client, a festival's list of visits, a group with a session to come."""
    kinds = await story.house.data(story.worker, "{ needKinds(first: 1) { nodes { id } } }")
    await done(
        story,
        story.worker,
        "raiseNeed",
        "need",
        beneficiaryId=story.person["id"],
        kindId=kinds["needKinds"]["nodes"][0]["id"],
        question="补助什么时候到账？",
        channel="VISIT",
        raisedOn="2015-10-12",
    )
    await done(story, story.director, "planCampaign", "campaign", festival="重阳", year=2015)
    await done(
        story,
        story.director,
        "createGroupSeries",
        "groupSeries",
        projectId=story.project_id,
        leaderId=story.members[story.worker],
        name="书法小组",
        goal="一起写春联",
        preparedOn="2015-10-12",
    )
