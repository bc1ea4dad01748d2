"""What the tests of services begin with: a good visit, as its worker sends it."""

from __future__ import annotations

from typing import Any

from walls.house import House

WORKER, COLLEAGUE = "shouqianshou.worker1", "shouqianshou.worker2"
DIRECTOR = "shouqianshou.director"
READ = """query($subject: String!) {
  beneficiaries(first: 3, orderBy: {field: FILE_NUMBER}) { nodes { id } }
  volunteers: agencies(first: 1) { nodes { volunteers(first: 2) { nodes { id } } } }
  agencies(first: 1) { nodes {
    projects(first: 1) { nodes { id } }
    members(where: {subject: {eq: $subject}}) { nodes { id } }
    agreements(first: 1) { nodes { sites { area { id } } } }
  } }
}"""
FIGURES = """{ metrics(measures: [SOCIAL_WORKER_TURNOUTS, VOLUNTEER_TURNOUTS, CASE_COUNSELLING,
  GROUP_ACTIVITIES, HOME_HELP]) { rows { values { value } } } }"""


async def a_service(house: House, subject: str = WORKER, **changes: Any) -> dict[str, Any]:
    """The input of a good visit by a worker of 手牵手, without a number."""
    found = await house.data(subject, READ, subject=subject)
    [agency] = found["agencies"]["nodes"]
    given = {
        "projectId": agency["projects"]["nodes"][0]["id"],
        "kind": "VISIT",
        "medium": "IN_PERSON",
        "servedOn": "2015-11-10",
        "durationMinutes": 45,
        "areaId": agency["agreements"]["nodes"][0]["sites"][0]["area"]["id"],
        "title": "上门探访",
        "beneficiaryIds": [found["beneficiaries"]["nodes"][0]["id"]],
        "workerIds": [agency["members"]["nodes"][0]["id"]],
        "volunteerIds": [],
    }
    return given | changes


async def others(house: House) -> tuple[list[str], list[str]]:
    """Ids of the agency's first beneficiaries and volunteers."""
    found = await house.data(WORKER, READ, subject=WORKER)
    [agency] = found["volunteers"]["nodes"]
    return (
        [each["id"] for each in found["beneficiaries"]["nodes"]],
        [each["id"] for each in agency["volunteers"]["nodes"]],
    )


async def recorded(house: House, **changes: Any) -> dict[str, Any]:
    """A service on record: its id, version and number."""
    selection = "serviceRecord { id version number }"
    done = await house.act(WORKER, "recordService", selection, **await a_service(house, **changes))
    found: dict[str, Any] = done["serviceRecord"]
    return found


async def figures(house: House, user: str = DIRECTOR) -> list[int]:
    """The five totals of the pilot, as `user` sees them."""
    [row] = (await house.data(user, FIGURES))["metrics"]["rows"]
    return [each["value"] for each in row["values"]]
