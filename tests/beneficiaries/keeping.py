"""What tests on files need of the pilot: ids, good inputs, and the rows that nobody may touch."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from citywide.beneficiaries.id_number import check_character
from walls.house import House

WORKER = "shouqianshou.worker1"
COLLEAGUE = "shouqianshou.worker2"
DIRECTOR = "shouqianshou.director"
_FILES = """query ($where: BeneficiaryFilter) {
  beneficiaries(first: 3, where: $where, orderBy: { field: FILE_NUMBER }) {
    nodes { id fileNumber version closedOn worker { id subject } site { id } }
  } }"""
_PROBLEMS = (
    "... on Problem { __typename code message path } ... on InputProblem { faults { path } }"
)


async def files_of(house: House, worker: str = WORKER) -> list[dict[str, Any]]:
    """The first files of a worker, as the worker sees them."""
    where = {"worker": {"subject": {"eq": worker}}}
    nodes: list[dict[str, Any]] = (await house.data(worker, _FILES, where=where))["beneficiaries"][
        "nodes"
    ]
    return nodes


async def member_id(house: House, subject: str) -> str:
    """A member's outside id."""
    document = """query ($subject: String!) {
      agencies { nodes { members(where: { subject: { eq: $subject } }) { nodes { id } } } } }"""
    [agency] = (await house.data(DIRECTOR, document, subject=subject))["agencies"]["nodes"]
    found: str = agency["members"]["nodes"][0]["id"]
    return found


def id_number(born_on: date, sequence: int = 513) -> str:
    """A correct number from a birthplace that is not in use."""
    digits = f"380382{born_on:%Y%m%d}{sequence:03d}"
    return digits + check_character(digits)


async def a_person(house: House, worker: str = WORKER, **changes: Any) -> dict[str, Any]:
    """The input of a good new file."""
    [file, *_] = await files_of(house, worker)
    born_on = date.fromisoformat(changes.get("bornOn", "1931-02-03"))
    return {
        "fileNumber": "T-001",
        "name": "郑守田",
        "gender": "MALE",
        "bornOn": born_on.isoformat(),
        "idNumber": id_number(born_on),
        "siteId": file["site"]["id"],
        "workerId": file["worker"]["id"],
        "openedOn": "2015-11-10",
        **changes,
    }


async def registered(house: House, **changes: Any) -> dict[str, Any]:
    """A new file of worker 1: its id and version."""
    done = await house.act(
        WORKER,
        "registerBeneficiary",
        "beneficiary { id version }",
        **await a_person(house, **changes),
    )
    found: dict[str, Any] = done["beneficiary"]
    return found


async def act_with(
    house: House, user: str, mutation: str, more: str, **given: Any
) -> dict[str, Any]:
    """A mutation with what to read of problems of its own."""
    kind = f"{mutation[0].upper()}{mutation[1:]}"
    document = (
        f"mutation($input: {kind}Input!) {{ {mutation}(input: $input)"
        f" {{ __typename {_PROBLEMS} {more} }} }}"
    )
    given["idempotencyKey"] = str(uuid4())
    found: dict[str, Any] = (await house.data(user, document, input=given))[mutation]
    return found


async def snapshot(house: House, *tables: str) -> dict[str, list[Any]]:
    """Every row of the tables, to see that nothing changed."""
    return {
        table: [
            tuple(row) for row in await house.owner.fetch(f'SELECT * FROM "{table}" ORDER BY id')
        ]
        for table in (*tables, "audit_entry", "outbox", "idempotency_key")
    }


def paths(problem: dict[str, Any]) -> set[str]:
    """The fields that an InputProblem names."""
    assert problem["__typename"] == "InputProblem", problem
    return {".".join(fault["path"]) for fault in problem["faults"]}
