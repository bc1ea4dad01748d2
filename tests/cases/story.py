"""The start of a case in the pilot: worker 1 of 手牵手 and one of the own clients."""

from __future__ import annotations

from typing import Any

from walls.house import House

WORKER, DIRECTOR = "shouqianshou.worker1", "shouqianshou.director"
READ = """query($worker: String!) {
  beneficiaries(first: 1, where: {worker: {subject: {eq: $worker}}}) {
    nodes { id name fileNumber }
  }
  agencies { nodes {
    projects { nodes { id } }
    volunteers(first: 1) { nodes { id name } }
    agreements { nodes { sites { area { id } } } }
    members(first: 100) { nodes { id subject } }
  } }
}"""


class Story:
    """One case, moved on by whoever is due; every step must succeed."""

    def __init__(self, house: House, found: dict[str, Any], agency_slug: str) -> None:
        self.house = house
        self.worker, self.director = f"{agency_slug}.worker1", f"{agency_slug}.director"
        [self.person] = found["beneficiaries"]["nodes"]
        [agency] = found["agencies"]["nodes"]
        self.members = {each["subject"]: each["id"] for each in agency["members"]["nodes"]}
        [self.volunteer] = agency["volunteers"]["nodes"]
        self.project_id = agency["projects"]["nodes"][0]["id"]
        self.area_id = agency["agreements"]["nodes"][0]["sites"][0]["area"]["id"]
        self.case_id = ""
        self.goal_id = ""
        self.action_id = ""

    @classmethod
    async def of(cls, house: House, agency_slug: str = "shouqianshou") -> Story:
        """The story before its case is opened."""
        worker = f"{agency_slug}.worker1"
        return cls(house, await house.data(worker, READ, worker=worker), agency_slug)

    async def version(self) -> int:
        """The case's version now."""
        found = await self.house.data(
            self.director,
            "query($id: ID!) { node(id: $id) { ... on Case { version } } }",
            id=self.case_id,
        )
        return int(found["node"]["version"])

    async def opened(self, **changes: Any) -> Any:
        """Open the case."""
        given = {
            "number": "C-1",
            "beneficiaryId": self.person["id"],
            "openedOn": "2015-03-02",
            "problem": "误读了安置政策，对政府有怨气，不愿与人来往。",
            "risk": "MEDIUM",
            "riskReason": "独居，情绪激动时不吃药。",
            **changes,
        }
        answer = await self.house.act(self.worker, "openCase", "case { id stage risk }", **given)
        if "case" in answer:
            self.case_id = answer["case"]["id"]
        return answer

    async def step(self, user: str, mutation: str, selection: str = "", **given: Any) -> Any:
        """Take a step at the version that is current; the whole answer."""
        given.setdefault("version", await self.version())
        chosen = selection or "case { stage awaiting closedOn outcome version }"
        return await self.house.act(user, mutation, chosen, caseId=self.case_id, **given)

    async def planned(self) -> None:
        """Go on until the plan is ready to be handed in."""
        await self.opened()
        await self.step(self.worker, "completeIntake")
        await self.step(self.worker, "completeCaseAssessment", findings="识字，写得一手好字。")
        goal = await self.goal()
        self.goal_id = goal["caseGoal"]["id"]
        action = await self.house.act(
            self.worker,
            "planAction",
            "caseAction { id }",
            goalId=self.goal_id,
            what="请律师把政策逐条讲清楚",
            dueOn="2015-11-25",
        )
        self.action_id = action["caseAction"]["id"]

    async def goal(self, **changes: Any) -> Any:
        """Set a goal."""
        given = {
            "aim": "弄懂政策，心里不再有疙瘩",
            "startingScore": 2,
            "targetScore": 7,
            "dueOn": "2015-11-30",
            **changes,
        }
        return await self.house.act(
            self.worker, "setGoal", "caseGoal { id score isAttained }", caseId=self.case_id, **given
        )

    async def submitted(self) -> Any:
        """Hand the plan in."""
        return await self.step(
            self.worker, "submitCasePlan", plan="先听他讲，再请律师。", reviewOn="2015-12-31"
        )

    async def approved(self) -> None:
        """Go on until the plan is approved."""
        await self.planned()
        await self.submitted()
        await self.step(self.director, "approveCasePlan")

    async def tables(self) -> dict[str, int]:
        """How many rows the tables of casework and of acts have."""
        names = (
            "case_file case_step case_goal goal_score case_action case_session case_conference "
            "conference_participant case_pairing case_risk audit_entry outbox"
        )
        return {
            name: await self.house.owner.fetchval(f"SELECT count(*) FROM {name}")
            for name in names.split()
        }
