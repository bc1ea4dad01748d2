"""An agency's books as a test keeps them: what people do, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from walls.house import House

NUMBERS = count(1)
OFFICER, FINANCE, DIRECTOR = "bureau.budget", "yijiaqin.finance", "yijiaqin.director"
PLACE = """{ agencies(where: {slug: {eq: "yijiaqin"}}) { nodes { id
  agreements { nodes { id amount projects { nodes { id } } } } } } }"""


async def done(house: House, user: str, mutation: str, selection: str, **given: Any) -> Any:
    """The row that a mutation led to, which must succeed."""
    answer = await house.act(user, mutation, selection, **given)
    assert answer["__typename"].endswith("Success"), answer
    return next(value for name, value in answer.items() if name != "__typename")


@dataclass(slots=True)
class Books:
    """壹家亲's books: its agreement, its project, and the lines of an approved budget."""

    house: House
    agreement_id: str
    project_id: str
    lines: dict[str, str]

    @classmethod
    async def opened(cls, house: House, **lines: str) -> Books:
        """With an approved budget of these lines, in yuan."""
        [agency] = (await house.data("bureau.budget", PLACE))["agencies"]["nodes"]
        [agreement] = agency["agreements"]["nodes"]
        [project] = agreement["projects"]["nodes"]
        found = {}
        for category, amount in lines.items():
            line = await done(
                house,
                FINANCE,
                "draftBudgetLine",
                "budgetLine { id budget { id version } }",
                projectId=project["id"],
                category=category,
                amount=amount,
            )
            found[category] = line["id"]
        budget = line["budget"]
        await done(
            house,
            FINANCE,
            "submitBudget",
            "budget { id }",
            budgetId=budget["id"],
            version=budget["version"],
        )
        await done(
            house,
            OFFICER,
            "approveBudget",
            "budget { status }",
            budgetId=budget["id"],
            version=budget["version"] + 1,
        )
        return cls(house, agreement["id"], project["id"], found)

    async def commit(self, category: str, amount: str, **changes: Any) -> Any:
        """What committing comes to."""
        given = {
            "budgetLineId": self.lines[category],
            "number": f"C-{next(NUMBERS)}",
            "payee": "旭阳百货店",
            "purpose": "慰问品",
            "committedOn": "2015-10-10",
            "amount": amount,
            **changes,
        }
        mutation = "commitBeyondBudget" if "reason" in given else "commitMoney"
        user = DIRECTOR if "reason" in given else FINANCE
        return await self.house.act(user, mutation, "commitment { id version left }", **given)

    async def spend(self, commitment_id: str, amount: str, **changes: Any) -> Any:
        """What entering a voucher comes to."""
        given = {
            "commitmentId": commitment_id,
            "number": f"V-{next(NUMBERS)}",
            "payee": "旭阳百货店",
            "spentOn": "2015-10-20",
            "amount": amount,
            "evidence": "发票，存第3册",
            **changes,
        }
        return await self.house.act(FINANCE, "enterExpense", "expense { id version }", **given)

    async def hand_over(self, amount: str) -> None:
        """Fund the agreement and release one tranche of it."""
        fund = await done(
            self.house, OFFICER, "createFund", "fund { id }", name="优抚补助", source="市级财政"
        )
        appropriation = await done(
            self.house,
            OFFICER,
            "appropriate",
            "appropriation { id }",
            fundId=fund["id"],
            fiscalYear=2015,
            document=f"乐财〔2015〕{next(NUMBERS)}号",
            appropriatedOn="2015-01-05",
            amount=amount,
        )
        await done(
            self.house,
            OFFICER,
            "fundAgreement",
            "funding { id }",
            appropriationId=appropriation["id"],
            agreementId=self.agreement_id,
            amount=amount,
        )
        tranche = await done(
            self.house,
            OFFICER,
            "planTranche",
            "tranche { id version }",
            agreementId=self.agreement_id,
            number=1,
            amount=amount,
            dueOn="2015-06-30",
            condition="上半年服务完成",
            deliverables=[
                {
                    "projectId": self.project_id,
                    "measure": "HOME_HELP",
                    "validFrom": "2014-12-01",
                    "validUntil": "2015-06-01",
                    "quantity": 1,
                }
            ],
        )
        for mutation, more in (
            ("acceptDeliverables", {"because": "抽查服务记录"}),
            ("releaseTranche", {}),
        ):
            tranche = await done(
                self.house,
                OFFICER,
                mutation,
                "tranche { id version status }",
                trancheId=tranche["id"],
                version=tranche["version"],
                **more,
            )
        assert tranche["status"] == "RELEASED"

    async def line(self, category: str, user: str = FINANCE) -> Any:
        """What a line holds."""
        found = await self.house.data(
            user,
            "query($id: ID!) { node(id: $id) { ... on BudgetLine {"
            " revised available committed spent paid overrun } } }",
            id=self.lines[category],
        )
        return found["node"]


async def assert_balanced(house: House) -> None:
    """Every transaction sums to zero, every balance to its entries, and none is below zero."""
    sources = "('FUND', 'GRANTED', 'OVERRUN', 'BUREAU')"
    unbalanced = await house.owner.fetch(
        "SELECT transaction_id FROM ledger_entry GROUP BY tenant_id, transaction_id"
        " HAVING sum(amount_fen) <> 0"
    )
    assert unbalanced == []
    wrong = await house.owner.fetch(
        "SELECT a.id FROM ledger_account a LEFT JOIN ledger_entry e"
        " ON e.tenant_id = a.tenant_id AND e.account_id = a.id GROUP BY a.tenant_id, a.id"
        " HAVING a.balance_fen <> coalesce(sum(e.amount_fen), 0)"
    )
    assert wrong == []
    overdrawn = await house.owner.fetch(
        f"SELECT id FROM ledger_account WHERE balance_fen < 0 AND kind NOT IN {sources}"
    )
    assert overdrawn == []
